import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Backend, DigitOptions, Weight } from '../../src/backend/index.js'
import type { MatrixTypeName } from '../../src/format/index.js'
import { attend, attentionCase, filledCache } from '../helpers/attention.js'
import { columnsOf, expectBits, expectVaried, product, tensorOf, weightOf } from '../helpers/contract.js'
import { CODE_TYPES } from '../helpers/integer-product.js'
import { randomBlocks, randomNormal } from '../helpers/quants.js'
import { KERNELS, SUBJECTS } from './backends.js'

/** A row's result depends on nothing but the row: not on its batch, nor on the number of threads. */

const TOKENS = 13
/** Enough for panels; the tokens of tiles and those of panels must get the same. */
const MANY_TOKENS = 27
const TYPES: readonly MatrixTypeName[] = [...CODE_TYPES, 'F32', 'F16']

interface Data {
  readonly type: MatrixTypeName
  readonly rows: number
  readonly cols: number
  readonly bytes: Uint8Array
  readonly x: Float32Array
  /** Null for a float product. */
  readonly options: readonly (DigitOptions | null)[]
}

function dataOf(type: MatrixTypeName, rows: number, tokens: number, seed: number): Data {
  const cols = columnsOf(type, 160, 2)
  const x = randomNormal(tokens * cols, seed).map((v, i) => (i % 31 === 4 ? 30 * v : v))
  if (type === 'F32' || type === 'F16') {
    const count = (rows * cols * (type === 'F32' ? 4 : 2)) / 4
    const bytes = new Uint8Array(randomNormal(count, seed + 1).buffer)
    if (type === 'F16') for (let i = 1; i < bytes.length; i += 2) bytes[i] &= 0xbb // nothing infinite
    return { type, rows, cols, bytes, x, options: [null] }
  }
  const options = ([1, 2, 3] as const).flatMap((passes) =>
    (['row', 'group'] as const).map((granularity) => ({ passes, granularity })),
  )
  const bytes = randomBlocks(type as (typeof CODE_TYPES)[number], rows, cols, seed + 1)
  return { type, rows, cols, bytes, x, options }
}

function rowsOf(x: Float32Array, cols: number, begin: number, end: number): Float32Array {
  return x.subarray(begin * cols, end * cols)
}

describe.each(SUBJECTS)('$label: rows one at a time or together', ({ create }) => {
  let backend: Backend
  beforeAll(() => {
    backend = create()
  })
  afterAll(() => backend.close())

  test.each(TYPES)('linear, %s, seed 800', async (type) => {
    const { rows, cols, bytes, x, options } = dataOf(type, 23, MANY_TOKENS, 800)
    const weight: Weight = await weightOf(backend, type, rows, cols, bytes)
    for (const option of options) {
      const alone: Float32Array[] = []
      for (let t = 0; t < MANY_TOKENS; t++)
        alone.push(await product(backend, rowsOf(x, cols, t, t + 1), weight, option))
      for (const tokens of [TOKENS, MANY_TOKENS]) {
        const together = await product(backend, rowsOf(x, cols, 0, tokens), weight, option)
        expectVaried(together, type)
        for (let t = 0; t < tokens; t++) {
          const where = `token ${t} of ${tokens}, ${JSON.stringify(option)}`
          expectBits(rowsOf(together, rows, t, t + 1), alone[t], rows, where)
        }
      }
    }
  })

  test('rmsNorm, seed 810', async () => {
    for (const cols of [33, 100]) {
      const x = randomNormal(TOKENS * cols, 810)
      const gain = tensorOf(backend, 1, cols, randomNormal(cols, 811))
      const together = backend.tensor(TOKENS, cols)
      backend.rmsNorm(tensorOf(backend, TOKENS, cols, x), gain, 1e-5, together)
      const all = await backend.read(together)
      for (let t = 0; t < TOKENS; t++) {
        const alone = backend.tensor(1, cols)
        backend.rmsNorm(tensorOf(backend, 1, cols, rowsOf(x, cols, t, t + 1)), gain, 1e-5, alone)
        expectBits(await backend.read(alone), rowsOf(all, cols, t, t + 1), cols, `row ${t}`)
      }
    }
  })

  test.each([
    { type: 'f32', headSize: 64, kvHeads: 2, ratio: 1 },
    { type: 'f16', headSize: 20, kvHeads: 2, ratio: 3 },
    { type: 'f16', headSize: 40, kvHeads: 1, ratio: 20 },
  ] as const)(
    'attention, $type, heads of $headSize, $ratio for each of $kvHeads, seed 820',
    async (shape) => {
      const { type, headSize, kvHeads, ratio } = shape
      const c = attentionCase(type, headSize, kvHeads, ratio, 37, 820)
      const cache = filledCache(backend, c)
      const width = c.heads * headSize
      const together = await attend(backend, cache, c, c.context - TOKENS)
      expectVaried(together, 'seed 820')
      for (let t = 0; t < TOKENS; t++) {
        const position = c.context - TOKENS + t
        const alone = await attend(backend, cache, c, position, position + 1)
        expectBits(alone, rowsOf(together, width, t, t + 1), width, `position ${position}`)
      }
    },
  )

  test('attention: a token that is not finite spoils no earlier one, seed 825', async () => {
    for (const headSize of [8, 16, 24])
      for (const value of [Number.NaN, Number.POSITIVE_INFINITY])
        for (const bad of [1, 2, 3, 4]) {
          const c = attentionCase('f32', headSize, 1, 1, 9, 825)
          const clean = await attend(backend, filledCache(backend, c), c, 0)
          c.keys[bad * headSize + 1] = value
          c.values[bad * headSize + 2] = value
          const spoilt = await attend(backend, filledCache(backend, c), c, 0)
          const where = `${value} in token ${bad}, heads of ${headSize}`
          expectBits(rowsOf(spoilt, headSize, 0, bad), rowsOf(clean, headSize, 0, bad), headSize, where)
          expect(rowsOf(spoilt, headSize, bad, 9).every(Number.isFinite), where).toBe(false)
        }
  })
})

test.each(KERNELS.filter(({ pooled }) => pooled))(
  '$label: 1, 2 and 5 threads give the same bits, seed 830',
  async ({ create }) => {
    const results: Float32Array[][] = []
    for (const threads of [1, 2, 5]) {
      const backend = create(threads)
      expect(backend.threads).toBe(threads)
      const found: Float32Array[] = []
      for (const type of TYPES) {
        const { rows, cols, bytes, x, options } = dataOf(type, 117, MANY_TOKENS, 830)
        const weight = await weightOf(backend, type, rows, cols, bytes)
        for (const option of options) found.push(await product(backend, x, weight, option))
      }
      const c = attentionCase('f16', 64, 3, 5, 60, 831)
      found.push(await attend(backend, filledCache(backend, c), c, 20))
      const rms = backend.tensor(40, 100)
      const input = tensorOf(backend, 40, 100, randomNormal(4000, 832))
      backend.rmsNorm(input, tensorOf(backend, 1, 100, randomNormal(100, 833)), 1e-5, rms)
      found.push(await backend.read(rms))
      // Larger than a task of the pool, by a tail.
      const long = 3 * 16_384 + 7
      const gate = tensorOf(backend, 1, long, randomNormal(long, 834))
      backend.gatedActivation(gate, tensorOf(backend, 1, long, randomNormal(long, 835)), gate)
      found.push(await backend.read(gate))
      backend.close()
      results.push(found)
    }
    const [first, ...others] = results
    for (const [i, other] of others.entries())
      for (const [k, values] of first.entries())
        expectBits(other[k], values, 1, `result ${k}, ${[2, 5][i]} threads`)
  },
)

// More threads than cores: workers lose their core in the middle of a task and wake late for the next.
test.each(KERNELS)('$label: 2000 small jobs on 5 threads stay right, seed 840', async ({ create }) => {
  const length = 2 * 16_384 + 5 // three tasks
  // Two pools at once disturb each other's workers.
  const pools = [create(5), create(5)]
  const { rows, cols, bytes, x } = dataOf('Q4_0', 117, 1, 840)
  const jobs = await Promise.all(
    pools.map(async (backend) => {
      const digits = backend.digits(1, cols, { passes: 2, granularity: 'group' })
      backend.decompose(tensorOf(backend, 1, cols, x), digits)
      return {
        backend,
        digits,
        weight: await weightOf(backend, 'Q4_0', rows, cols, bytes),
        out: backend.tensor(1, rows),
        sum: backend.tensor(1, length),
        one: tensorOf(backend, 1, length, new Float32Array(length).fill(1)),
      }
    }),
  )
  const { backend: first, digits: firstDigits, weight: firstWeight, out: firstOut } = jobs[0]
  first.linear(firstDigits, firstWeight, firstOut)
  const expected = await first.read(firstOut)
  expectVaried(expected, 'seed 840')
  for (let i = 1; i <= 1000; i++) {
    for (const { backend, digits, weight, out, sum, one } of jobs) {
      backend.add(sum, one)
      backend.upload(out, new Float32Array(rows))
      backend.linear(digits, weight, out)
      if (i % 50 === 0) {
        expectBits(await backend.read(out), expected, rows, `product ${i}`)
        expectBits(await backend.read(sum), new Float32Array(length).fill(i), length, `sum ${i}`)
      }
    }
  }
  for (const backend of pools) backend.close()
})
