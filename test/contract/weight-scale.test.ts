import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Backend } from '../../src/backend/index.js'
import { dequantize, type MatrixTypeName } from '../../src/format/index.js'
import {
  columnsOf,
  expectBits,
  expectVaried,
  expectWithin,
  product,
  roundings,
  tensorOf,
  weightOf,
} from '../helpers/contract.js'
import { CODE_TYPES, expectedProduct, integerActivations, integerBlocks } from '../helpers/integer-product.js'
import { randomBlocks, randomNormal } from '../helpers/quants.js'
import { SUBJECTS } from './backends.js'

/** A factor of a whole matrix, as NVFP4 files have it. */

const ROWS = 40
/** Tiles of every size, and panels. */
const TOKENS = [1, 3, 8, 29]
const THIRD = Math.fround(1 / 3)
const DIGITS = ([1, 2, 3] as const).flatMap((passes) =>
  (['row', 'group'] as const).map((granularity) => ({ passes, granularity })),
)

describe.each(SUBJECTS)('$label: a scale of the matrix', ({ create, kind }) => {
  let backend: Backend
  beforeAll(() => {
    backend = create()
  })
  afterAll(() => backend.close())

  test.each(['row', 'group'] as const)(
    'multiplies the sum with one rounding, before the bias is added; scale per %s, seed 600',
    async (granularity) => {
      const [type, cols, options] = ['NVFP4', 128, { passes: 1, granularity }] as const
      const bytes = integerBlocks(type, ROWS, cols, 600)
      const [third, eighth] = [
        await weightOf(backend, type, ROWS, cols, bytes, { scale: THIRD }),
        await weightOf(backend, type, ROWS, cols, bytes, { scale: 1 / 8 }),
      ]
      for (const tokens of TOKENS) {
        const x = integerActivations(tokens, cols, 1, granularity, 601)
        const { native, reference } = expectedProduct(x, type, bytes, ROWS, cols, 1, granularity)
        // Integers that float32 holds, and their eighths plus the bias too.
        expectBits(native, reference, ROWS, 'exact sums')
        expect(native.every((value) => Math.abs(value) < 2 ** 23)).toBe(true)
        expectBits(
          await product(backend, x, third, options),
          native.map((value) => value * THIRD),
          ROWS,
          `a third, ${tokens} tokens`,
        )
        const bias = Float32Array.from({ length: ROWS }, (_, n) => 3 * n - 2 ** (n % 16))
        expectBits(
          await product(backend, x, eighth, options, bias),
          native.map((value, i) => value / 8 + bias[i % ROWS]),
          ROWS,
          `an eighth and a bias, ${tokens} tokens`,
        )
      }
    },
  )

  test.each(CODE_TYPES)('%s: a power of two changes nothing but the exponent, seed 610', async (type) => {
    const cols = columnsOf(type, 160, 2)
    const bytes = randomBlocks(type, ROWS, cols, 610)
    const plain = await weightOf(backend, type, ROWS, cols, bytes)
    const scaled = await weightOf(backend, type, ROWS, cols, bytes, { scale: 2 ** -12 })
    for (const tokens of TOKENS)
      for (const options of DIGITS) {
        const x = randomNormal(tokens * cols, 611)
        const y = await product(backend, x, plain, options)
        expectVaried(y, 'seed 610')
        expectBits(
          await product(backend, x, scaled, options),
          y.map((value) => value / 4096),
          ROWS,
          `${tokens} tokens, ${JSON.stringify(options)}`,
        )
      }
  })

  test('any scale: within four roundings, the same for a token alone and among others, seed 620', async () => {
    const [type, cols, tokens] = ['NVFP4', 320, 29] as const
    const bytes = randomBlocks(type, ROWS, cols, 620)
    const plain = await weightOf(backend, type, ROWS, cols, bytes)
    const x = randomNormal(tokens * cols, 621)
    for (const scale of [THIRD, 2.7e-5, 1234.5]) {
      const scaled = await weightOf(backend, type, ROWS, cols, bytes, { scale })
      for (const options of DIGITS) {
        const where = `${scale}, ${JSON.stringify(options)}`
        const exact = Float64Array.from(await product(backend, x, plain, options), (v) => v * scale)
        const y = await product(backend, x, scaled, options)
        // Of the scale, of the token's factor times it, of their product, and of what is compared with.
        expectWithin(y, exact, (i) => roundings(4) * Math.abs(exact[i]), where)
        for (const t of [0, 7, 28]) {
          const alone = await product(backend, x.subarray(t * cols, (t + 1) * cols), scaled, options)
          expectBits(alone, y.subarray(t * ROWS, (t + 1) * ROWS), ROWS, `${where}, token ${t}`)
        }
      }
    }
  })

  test('products of one activation keep their own scales, seed 625', async () => {
    const [type, cols] = ['NVFP4', 320] as const
    const bytes = randomBlocks(type, ROWS, cols, 625)
    const scales = [1, 2 ** -3, 2 ** 5]
    const weights = await Promise.all(
      scales.map((scale) => weightOf(backend, type, ROWS, cols, bytes, { scale })),
    )
    for (const tokens of TOKENS) {
      const x = randomNormal(tokens * cols, 626)
      const digits = backend.digits(tokens, cols, { passes: 2, granularity: 'row' })
      backend.decompose(tensorOf(backend, tokens, cols, x), digits)
      const outs = weights.map((weight) => {
        const out = backend.tensor(tokens, ROWS)
        backend.linear(digits, weight, out)
        return out
      })
      const [first, ...others] = await Promise.all(outs.map((out) => backend.read(out)))
      for (const [i, other] of others.entries()) {
        const expected = first.map((value) => value * scales[i + 1])
        expectBits(other, expected, ROWS, `scale ${scales[i + 1]}, ${tokens} tokens`)
      }
    }
  })

  test.each(['F32', 'F16', 'BF16'] as const)('%s, seed 630', async (type) => {
    const [cols, tokens] = [33, 7]
    const bytes = floatBytes(type, ROWS * cols, 630)
    const plain = await weightOf(backend, type, ROWS, cols, bytes)
    const scaled = await weightOf(backend, type, ROWS, cols, bytes, { scale: THIRD })
    const x = randomNormal(tokens * cols, 631)
    const bias = randomNormal(ROWS, 632)
    const exact = Float64Array.from(await product(backend, x, plain, null), (value) => value * THIRD)
    const y = await product(backend, x, scaled, null)
    expectWithin(y, exact, (i) => roundings(2) * Math.abs(exact[i]), type)
    const sum = (i: number) => exact[i] + bias[i % ROWS]
    const bound = (i: number) => roundings(3) * (Math.abs(exact[i]) + Math.abs(bias[i % ROWS]))
    const biased = await product(backend, x, scaled, null, bias)
    expectWithin(
      biased,
      exact.map((_, i) => sum(i)),
      bound,
      `${type} and a bias`,
    )
  })

  test.each(['NVFP4', 'MXFP4', 'Q8_0', 'F32', 'F16'] as const)('embed takes it along: %s', async (type) => {
    const [rows, cols] = [20, 64]
    const bytes =
      type === 'F32' || type === 'F16'
        ? floatBytes(type, rows * cols, 640)
        : randomBlocks(type, rows, cols, 640)
    const weight = await weightOf(backend, type, rows, cols, bytes, { scale: THIRD })
    const out = backend.tensor(rows, cols)
    backend.embed(weight, [...Array(rows).keys()], out)
    // These weights are exact in float32, so that nothing but the scale rounds.
    const expected = Float32Array.from(dequantize(type, bytes, rows, cols), (value) => value * THIRD)
    expectVaried(expected.subarray(0, 64), type)
    expectBits(await backend.read(out), expected, cols, `${kind}, ${type}`)
  })

  test('a scale is rounded to float32 first', async () => {
    const bytes = randomBlocks('NVFP4', 16, 64, 650)
    const x = randomNormal(64, 651)
    const options = { passes: 2, granularity: 'group' } as const
    const [rounded, given] = await Promise.all(
      [THIRD, 1 / 3].map((scale) => weightOf(backend, 'NVFP4', 16, 64, bytes, { scale })),
    )
    const expected = await product(backend, x, rounded, options)
    expectBits(await product(backend, x, given, options), expected, 16, 'a third')
  })

  test.each([0, -0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e39, 1e-46])(
    '%f is refused',
    async (scale) => {
      const attempt = weightOf(backend, 'NVFP4', 16, 64, randomBlocks('NVFP4', 16, 64, 660), { scale })
      const error = await attempt.then(
        () => expect.fail('it was accepted'),
        (reason) => reason,
      )
      expect(error).toBeInstanceOf(RangeError)
      expect(error.message).toBe(
        `the scale of weights is ${scale}; it must be positive and finite as a float32`,
      )
    },
  )
})

/** Normal numbers of any float type. */
function floatBytes(type: MatrixTypeName, count: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(Float32Array.from(randomNormal(count, seed)).buffer)
  if (type === 'F32') return bytes
  // The upper half of a float32 is a bfloat16; as a half it is a number of some other size.
  const halves = new Uint16Array(bytes.buffer).filter((_, i) => i % 2 === 1)
  return new Uint8Array(halves.buffer)
}
