import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Backend, Weight } from '../../src/backend/index.js'
import { type CodeTypeName, tensorType } from '../../src/format/index.js'
import { expectBits, expectVaried, product, weightOf } from '../helpers/contract.js'
import {
  CODE_TYPES,
  type Expected,
  expectedProduct,
  type Granularity,
  integerActivations,
  integerBlocks,
  type Passes,
} from '../helpers/integer-product.js'
import { SUBJECTS } from './backends.js'

/**
 * The integer core, through the production path, bit for bit (kernels/gemm/contract.h): every tile of tokens,
 * few and many (from 10, 12 or 24 tokens on weights are unpacked to panels), partial blocks of weight rows, odd numbers of
 * groups.
 */

const TOKENS = [1, 2, 3, 4, 5, 7, 8, 9, 13, 16, 24, 25, 29]
const ROWS = [1, 15, 16, 17, 40]
const colsOf = (type: CodeTypeName) => {
  const { blockSize } = tensorType(type)
  return (blockSize === 256 ? [1, 2, 3] : [1, 2, 3, 5]).map((blocks) => blocks * blockSize)
}
const MOST = { tokens: 29, rows: 40 }

interface Case extends Expected {
  readonly x: Float32Array
  readonly bytes: Uint8Array
}

const cases = new Map<string, Case>()

/** The largest product; smaller ones are its corners. Shared by all backends. */
function caseOf(
  type: CodeTypeName,
  passes: Passes,
  granularity: Granularity,
  cols: number,
  seed: number,
): Case {
  const key = [type, passes, granularity, cols, seed].join()
  const known = cases.get(key)
  if (known) return known
  const bytes = integerBlocks(type, MOST.rows, cols, seed)
  const x = integerActivations(MOST.tokens, cols, passes, granularity, seed + 1)
  const expected = expectedProduct(x, type, bytes, MOST.rows, cols, passes, granularity)
  expectVaried(expected.native, `${type} seed ${seed}`)
  const made = { x, bytes, ...expected }
  cases.set(key, made)
  return made
}

function corner(full: Float32Array, tokens: number, rows: number): Float32Array {
  return Float32Array.from({ length: tokens * rows }, (_, i) => {
    return full[Math.floor(i / rows) * MOST.rows + (i % rows)]
  })
}

const VARIATIONS = CODE_TYPES.flatMap((type, index) =>
  ([1, 2, 3] as const).flatMap((passes) =>
    (['row', 'group'] as const).map((granularity) => ({
      type,
      passes,
      granularity,
      seed: 1000 + 10 * index + passes,
    })),
  ),
)

describe.each(SUBJECTS)('$label multiplies exactly', ({ create, kind }) => {
  let backend: Backend
  beforeAll(() => {
    backend = create()
  })
  afterAll(() => backend.close())

  test.each(VARIATIONS)('$type, $passes passes, scale per $granularity, seed $seed', async (variation) => {
    const { type, passes, granularity, seed } = variation
    for (const cols of colsOf(type)) {
      const { x, bytes, [kind]: full } = caseOf(type, passes, granularity, cols, seed)
      for (const rows of ROWS) {
        const part = bytes.subarray(0, (bytes.length / MOST.rows) * rows)
        const weight = await weightOf(backend, type, rows, cols, part)
        for (const tokens of TOKENS) {
          const y = await product(backend, x.subarray(0, tokens * cols), weight, { passes, granularity })
          const where = `${tokens} tokens × ${rows} rows × ${cols} columns`
          expectBits(y, corner(full, tokens, rows), rows, where)
        }
        backend.free(weight)
      }
    }
  })

  test('digits made for more rows than they get, and used again', async () => {
    const [type, cols, seed] = ['Q4_1', 96, 77] as const
    const { x, bytes, [kind]: full } = caseOf(type, 2, 'group', cols, seed)
    const weight = await weightOf(backend, type, MOST.rows, cols, bytes)
    const digits = backend.digits(MOST.tokens, cols, { passes: 2, granularity: 'group' })
    for (const tokens of [16, 3, 29, 1]) {
      const input = backend.tensor(tokens, cols)
      backend.upload(input, x.subarray(0, tokens * cols))
      backend.decompose(input, digits)
      const out = backend.tensor(tokens, MOST.rows)
      // Shared by several products, as by q, k and v.
      for (let i = 0; i < 2; i++) backend.linear(digits, weight, out)
      expectBits(await backend.read(out), corner(full, tokens, MOST.rows), MOST.rows, `${tokens} tokens`)
    }
  })

  test('a bias is added last: one more rounding in a kernel, none of its own in the reference', async () => {
    const [type, cols, seed] = ['Q5_1', 64, 78] as const
    const { x, bytes, [kind]: full, reference } = caseOf(type, 1, 'row', cols, seed)
    const bias = Float32Array.from({ length: MOST.rows }, (_, n) => 2 ** (n % 24) - 3 * n)
    // These sums are below 2^24, so that both descriptions give the same.
    expect(reference.every((value) => Math.abs(value) < 2 ** 24 - 2 ** 23)).toBe(true)
    const weight = await weightOf(backend, type, MOST.rows, cols, bytes)
    const y = await product(backend, x, weight, { passes: 1, granularity: 'row' }, bias)
    expectBits(
      y,
      full.map((value, i) => value + bias[i % MOST.rows]),
      MOST.rows,
      `seed ${seed}`,
    )
  })
})

/** Code bytes and sub-scale bytes: every code at its largest or smallest, every sub-scale too. */
const FILLS = [
  { codes: 0xff, subScales: 0xff },
  { codes: 0xff, subScales: 0x7f },
  { codes: 0x00, subScales: 0xff },
  { codes: 0x00, subScales: 0x80 },
  { codes: 0x7f, subScales: 0x7f },
  { codes: 0x80, subScales: 0x80 },
]

describe.each(SUBJECTS)('$label multiplies extremes exactly', ({ create, kind }) => {
  let backend: Backend
  beforeAll(() => {
    backend = create()
  })
  afterAll(() => backend.close())

  test.each(CODE_TYPES)('%s, seed 500', async (type) => {
    const cols = colsOf(type)[1]
    const [tokens, rows] = [3, 17]
    for (const fill of FILLS) {
      const bytes = integerBlocks(type, rows, cols, 500, fill)
      const weight: Weight = await weightOf(backend, type, rows, cols, bytes)
      for (const passes of [1, 2, 3] as const)
        for (const pattern of ['top', 'bottom', 'low', 'low-negative'] as const) {
          const x = integerActivations(tokens, cols, passes, 'row', 500, pattern)
          const expected = expectedProduct(x, type, bytes, rows, cols, passes, 'row')
          const y = await product(backend, x, weight, { passes, granularity: 'row' })
          const codes = `codes 0x${fill.codes.toString(16)}, sub-scales 0x${fill.subScales.toString(16)}`
          expectBits(y, expected[kind], rows, `${codes}, ${passes} passes, ${pattern}`)
        }
      backend.free(weight)
    }
  })
})
