import { afterAll, beforeAll, describe, test } from 'vitest'
import type { Backend } from '../../src/backend/index.js'
import { bf16, fp16 } from '../../src/dtype/index.js'
import { dequantize, type FloatTypeName } from '../../src/format/index.js'
import { expectBits, expectVaried, expectWithin, product, UNIT, weightOf } from '../helpers/contract.js'
import { randomNormal, seededRandom } from '../helpers/quants.js'
import { SUBJECTS } from './backends.js'

/** Weights that are no codes: F32, F16, BF16 times activations as they are. */

const TYPES: readonly FloatTypeName[] = ['F32', 'F16', 'BF16']
const TOKENS = [1, 2, 3, 4, 5, 7, 13]
const ROWS = [1, 15, 16, 17, 40]
const COLS = [1, 2, 3, 31, 32, 33, 100]

function encode(type: FloatTypeName, values: ArrayLike<number>): Uint8Array {
  if (type === 'F32') return new Uint8Array(Float32Array.from(values).buffer)
  const format = type === 'F16' ? fp16 : bf16
  return new Uint8Array(Uint16Array.from(Array.from(values, (v) => format.encode(v))).buffer)
}

describe.each(SUBJECTS)('$label multiplies float weights', ({ create }) => {
  let backend: Backend
  beforeAll(() => {
    backend = create()
  })
  afterAll(() => backend.close())

  async function check(
    type: FloatTypeName,
    bytes: Uint8Array,
    rows: number,
    cols: number,
    x: Float32Array,
    seed: number,
    exact: boolean,
  ) {
    const weight = await weightOf(backend, type, rows, cols, bytes)
    const w = dequantize(type, bytes, rows, cols)
    const y = await product(backend, x, weight, null)
    backend.free(weight)
    const sum = new Float64Array(y.length)
    const magnitude = new Float64Array(y.length)
    for (let i = 0; i < y.length; i++)
      for (let k = 0; k < cols; k++) {
        const term = x[Math.floor(i / rows) * cols + k] * w[(i % rows) * cols + k]
        sum[i] += term
        magnitude[i] += Math.abs(term)
      }
    const where = `${type} ${y.length / rows} × ${rows} × ${cols}, seed ${seed}`
    // A rounding for each product and each addition, one for the result.
    if (exact) expectBits(y, Float32Array.from(sum), rows, where)
    else expectWithin(y, sum, (i) => (cols + 2) * UNIT * magnitude[i], where)
    return y
  }

  test.each(TYPES)('%s within (K + 2) · 2^-24 · Σ|x · w|', async (type) => {
    for (const rows of ROWS)
      for (const cols of COLS)
        for (const tokens of TOKENS) {
          const seed = 10_000 * rows + 100 * cols + tokens
          const bytes = encode(type, randomNormal(rows * cols, seed))
          await check(type, bytes, rows, cols, randomNormal(tokens * cols, seed + 7), seed, false)
        }
  })

  test.each(TYPES)('%s exactly, when all sums are small integers', async (type) => {
    for (const rows of ROWS)
      for (const cols of COLS) {
        const seed = 1000 * rows + cols
        const random = seededRandom(seed)
        const integers = (count: number) =>
          Float32Array.from({ length: count }, () => Math.floor(17 * random()) - 8)
        const bytes = encode(type, integers(rows * cols))
        // + 0: a sum that begins at 0 is never −0.
        const y = await check(type, bytes, rows, cols, integers(13 * cols), seed, true)
        if (cols > 30) expectVaried(y.subarray(0, 64), `seed ${seed}`)
      }
  })

  test('every number of tokens, and more columns than are taken at a time', async () => {
    const integers = (count: number, seed: number) => {
      const random = seededRandom(seed)
      return Float32Array.from({ length: count }, () => Math.floor(17 * random()) - 8)
    }
    for (const type of TYPES) {
      for (let tokens = 1; tokens <= 29; tokens++) {
        const bytes = encode(type, integers(40 * 33, tokens))
        await check(type, bytes, 40, 33, integers(tokens * 33, 100 + tokens), tokens, true)
      }
      for (const cols of [1024, 1025, 2100]) {
        const bytes = encode(type, integers(23 * cols, cols))
        await check(type, bytes, 23, cols, integers(14 * cols, 1 + cols), cols, true)
      }
    }
  })

  test('every finite half and bfloat16, subnormals included, is the number it stands for', async () => {
    // One column, one token of 1: y = w. 65536 rows less those of infinity and NaN.
    for (const [type, exponent] of [
      ['F16', 0x7c00],
      ['BF16', 0x7f80],
    ] as const) {
      const codes = Uint16Array.from({ length: 65536 }, (_, i) => i).filter(
        (c) => (c & exponent) !== exponent,
      )
      const bytes = new Uint8Array(codes.buffer)
      const weight = await weightOf(backend, type, codes.length, 1, bytes)
      const y = await product(backend, Float32Array.of(1), weight, null)
      const expected = Float32Array.from(dequantize(type, bytes, codes.length, 1), (v) => v + 0)
      expectBits(y, expected, codes.length, type)
    }
  })

  test('a bias is added last', async () => {
    const x = Float32Array.from({ length: 5 * 33 }, (_, i) => (i % 7) - 3)
    const w = Float32Array.from({ length: 17 * 33 }, (_, i) => (i % 5) - 2)
    const bias = Float32Array.from({ length: 17 }, (_, n) => 100 * n - 3)
    const weight = await weightOf(backend, 'F32', 17, 33, encode('F32', w))
    const plain = await product(backend, x, weight, null)
    const y = await product(backend, x, weight, null, bias)
    expectBits(
      y,
      plain.map((value, i) => value + bias[i % 17]),
      17,
      'bias',
    )
  })
})
