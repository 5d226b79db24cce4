import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bf16, e8m0, fp16 } from '../../src/dtype/index.js'
import {
  decodeCodes,
  dequantize,
  type QuantizableTypeName,
  quantizeMatrix,
  tensorType,
} from '../../src/format/index.js'
import { encodeQuantized, randomNormal, seededRandom } from '../helpers/quants.js'

type BlockTypeName = 'Q8_0' | 'Q4_0' | 'MXFP4'
const BLOCK_TYPES: readonly BlockTypeName[] = ['Q8_0', 'Q4_0', 'MXFP4']
/** Sums of 32 squares in another order differ by this factor at most. */
const SUMS = 1 + 32 * Number.EPSILON
const MAX = { Q8_0: 127 * 65504, Q4_0: 8 * 65504, MXFP4: (2 - 2 ** -23) * 2 ** 127 } as const

/** Σ (weight − stored)² of each block of 32. */
function errors(values: Float32Array, type: BlockTypeName, bytes: Uint8Array): number[] {
  const stored = dequantize(type, bytes, 1, values.length)
  return Array.from({ length: values.length / 32 }, (_, block) => {
    let sum = 0
    for (let i = 32 * block; i < 32 * block + 32; i++) sum += (values[i]! - stored[i]!) ** 2
    return sum
  })
}

const blocks = (values: Float32Array) =>
  Array.from({ length: values.length / 32 }, (_, b) => values.subarray(32 * b, 32 * b + 32))
const largest = (block: Float32Array) => block.reduce((max, x) => Math.max(max, Math.abs(x)), 0)
const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0)
const quantized = (values: Float32Array, type: QuantizableTypeName) =>
  quantizeMatrix(values, 1, values.length, type)

/** The usual method: the largest weight takes the largest code (ggml's reference; OCP MX 1.0, section 6.3). */
function plainErrors(values: Float32Array, type: BlockTypeName): number[] {
  if (type !== 'MXFP4') return errors(values, type, encodeQuantized(type, values, 1, values.length))
  return blocks(values).map((block) => {
    const max = largest(block)
    return max === 0 ? 0 : exponentError(block, Math.max(e8m0.encode(max, 'down'), 2) - 2)
  })
}

const E2M1 = [0, 0.5, 1, 1.5, 2, 3, 4, 6]
const toNearest = (x: number, grid: readonly number[]) =>
  Math.min(...grid.map((g) => Math.abs(Math.abs(x) - g)))
function exponentError(block: Float32Array, code: number): number {
  const grid = E2M1.map((g) => g * e8m0.decode(code))
  return sum(Array.from(block, (x) => toNearest(x, grid) ** 2))
}

const HALVES = Float64Array.from({ length: 0x7c00 }, (_, code) => fp16.decode(code))
/** The least error over all fp16 scales that can have it: others clip the largest weight to an eighth or are above it. */
function leastError(block: Float32Array, low: number, high: number): number {
  const max = largest(block)
  let least = sum(Array.from(block, (x) => x * x))
  for (const half of HALVES) {
    if (half === 0 || half < max / (8 * high) || half > 2 * max) continue
    for (const scale of [half, -half]) {
      let error = 0
      for (const x of block) {
        const code = Math.max(low, Math.min(high, Math.round(x / scale)))
        error += (x - code * scale) ** 2
      }
      if (error < least) least = error
    }
  }
  return least
}

const random = seededRandom(11)
const normals = randomNormal(64 * 32, 3)
const SHAPES: Record<string, Float32Array> = {
  normal: normals,
  'two-sided exponential': normals.map((x) => -Math.sign(x) * Math.log(1 - random())),
  uniform: normals.map(() => 2 * random() - 1),
  'normal cubed': normals.map((x) => x ** 3),
  positive: normals.map(Math.abs),
}

describe('the error of a block', () => {
  test.each(
    BLOCK_TYPES.flatMap((type) => Object.entries(SHAPES).map(([shape, x]) => [type, shape, x] as const)),
  )('%s: %s weights are never worse off than by the plain method, and better on average', (type, _, x) => {
    const saved: number[] = []
    for (const scale of [1, 0.02, 1e-4]) {
      const values = x.map((value) => scale * value)
      const ours = errors(values, type, quantized(values, type))
      const plain = plainErrors(values, type)
      ours.forEach((error, block) => {
        expect(error, `block ${block}`).toBeLessThanOrEqual(plain[block]! * SUMS)
      })
      saved.push(1 - sum(ours) / sum(plain))
    }
    // The exponents of MXFP4 are what the plain method takes if all blocks' largest weights are alike.
    expect(sum(saved)).toBeGreaterThan(0)
  })

  test.each(Object.keys(SHAPES))('Q4_0: within 2 %% of the best of all scales, %s weights', (shape) => {
    const x = SHAPES[shape]!
    for (const scale of [0.02, 3e-6, 2e-7]) {
      const values = x.map((value) => scale * value)
      const ours = errors(values, 'Q4_0', quantized(values, 'Q4_0'))
      blocks(values).forEach((block, b) => {
        expect(ours[b]!, `block ${b} at ${scale}`).toBeLessThanOrEqual(1.02 * leastError(block, -8, 7))
      })
    }
  })

  test('Q8_0: most of what the best of all scales would save, on normal weights', () => {
    const values = normals.subarray(0, 32 * 32)
    const best = sum(blocks(values).map((block) => leastError(block, -127, 127)))
    const plain = sum(plainErrors(values, 'Q8_0'))
    const ours = sum(errors(values, 'Q8_0', quantized(values, 'Q8_0')))
    expect(plain - ours).toBeGreaterThan((plain - best) / 2)
  })

  const anyFloat = fc.float({ noNaN: true, noDefaultInfinity: true })
  test.each<[string, fc.Arbitrary<number>]>([
    ['any', anyFloat],
    ['near', fc.float({ noNaN: true, min: -9, max: 9 })],
    [
      'in a few places',
      fc.constantFrom(0, 1, -1, 6.5, 7, 7.5, 8.5, 8.9, 9, 9.5, 0.25, 0.5, 0.75, 1.5, 10, 14),
    ],
  ])('MXFP4: that of the best of all exponents, %s', (_, weight) => {
    fc.assert(
      fc.property(fc.array(weight, { minLength: 32, maxLength: 32 }), (numbers) => {
        const block = Float32Array.from(numbers)
        const [ours] = errors(block, 'MXFP4', quantized(block, 'MXFP4'))
        // 252 is the last with which all codes are float32.
        const all = Array.from({ length: 253 }, (_, code) => exponentError(block, code))
        expect(ours).toBeLessThanOrEqual(Math.min(...all) * SUMS)
      }),
    )
  })

  const magnitude = fc.integer({ min: -150, max: 30 }).map((exponent) => 2 ** exponent)
  const hostile = fc.oneof(
    fc.tuple(magnitude, fc.double({ min: -1, max: 1, noNaN: true })).map(([size, x]) => size * x),
    fc.constantFrom(0, -0, 2 ** -149, -(2 ** -24), 2 ** -25, 65504, -65504, 8 * 65504, -7 * 65504),
  )
  test.each(BLOCK_TYPES)('%s: weights of very different sizes', (type) => {
    fc.assert(
      fc.property(fc.array(hostile, { minLength: 64, maxLength: 64 }), (numbers) => {
        const values = Float32Array.from(numbers, (x) => Math.max(-MAX[type], Math.min(MAX[type], x)))
        const bytes = quantized(values, type)
        const { codes } = decodeCodes(type, bytes, 1, 64)
        if (type === 'Q8_0') expect(codes).not.toContain(-128)
        const plain = blocks(values).map((block) => {
          // The plain scale can be infinite where ours is not.
          const half = fp16.round(largest(block) / (type === 'Q8_0' ? 127 : 8))
          return type === 'MXFP4' || half < Infinity ? plainErrors(block, type)[0]! : Infinity
        })
        errors(values, type, bytes).forEach((error, block) => {
          expect(error).toBeLessThanOrEqual(plain[block]! * SUMS)
        })
      }),
      { numRuns: 500 },
    )
  })
})

describe('weights that the type holds come back as they are', () => {
  const half = fc.integer({ min: 1, max: 0x7bff })
  const sign = fc.constantFrom(0, 0x8000)
  const code = (least: number, most: number) =>
    fc.oneof(
      fc.array(fc.integer({ min: least, max: most }), { minLength: 32, maxLength: 32 }),
      // Few codes, so that the largest weight does not have the largest code.
      fc.array(fc.integer({ min: Math.max(least, -3), max: 3 }), { minLength: 32, maxLength: 32 }),
    )
  const sameNumbers = (stored: Float64Array, values: Float32Array) =>
    values.every((value, i) => value === stored[i])

  test.each<[BlockTypeName, fc.Arbitrary<number>, fc.Arbitrary<number[]>]>([
    ['Q8_0', fc.tuple(half, sign).map(([h, s]) => fp16.decode(h | s)), code(-127, 127)],
    ['Q4_0', fc.tuple(half, sign).map(([h, s]) => fp16.decode(h | s)), code(-8, 7)],
    [
      'MXFP4',
      fc.integer({ min: 0, max: 252 }).map((e) => e8m0.decode(e)),
      code(-7, 7).map((codes) => codes.map((c) => Math.sign(c) * E2M1[Math.abs(c)]!)),
    ],
  ])('%s', (type, scale, codes) => {
    fc.assert(
      fc.property(scale, codes, (d, q) => {
        const values = Float32Array.from(q, (c) => d * c)
        expect(sameNumbers(dequantize(type, quantized(values, type), 1, 32), values)).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })

  test.each<[QuantizableTypeName, (x: number) => number]>([
    ['F32', (x) => x],
    ['F16', (x) => fp16.round(x)],
    ['BF16', (x) => bf16.round(x)],
  ])('%s rounds each number once', (type, round) => {
    const values = Float32Array.from([...normals.subarray(0, 60), 0, 65519, -1e-8, 6e-5])
    const bytes = quantizeMatrix(values, 8, 8, type)
    expect(dequantize(type, bytes, 8, 8)).toEqual(Float64Array.from(values, round))
  })

  test.each(BLOCK_TYPES)('%s: zeros', (type) => {
    const bytes = quantized(
      Float32Array.from({ length: 32 }, (_, i) => (i % 2 ? -0 : 0)),
      type,
    )
    expect(decodeCodes(type, bytes, 1, 32).codes).toEqual(new Int8Array(32))
  })

  test.each(BLOCK_TYPES)('%s: the largest weights', (type) => {
    const values = Float32Array.from({ length: 32 }, (_, i) => [MAX[type], 0][i % 2]!)
    const stored = dequantize(type, quantized(values, type), 1, 32)
    // MXFP4's largest float32 is 6 · 2^125.
    expect(stored[0]).toBe(type === 'MXFP4' ? 6 * 2 ** 125 : MAX[type])
    expect(Number.isFinite(Math.fround(stored[0]!))).toBe(true)
  })
})

describe('the bytes', () => {
  const TYPES = ['F32', 'F16', 'BF16', ...BLOCK_TYPES] as const

  test.each(TYPES)('%s are written where they are asked for', (type) => {
    const values = normals.subarray(0, 4 * 64)
    const expected = quantizeMatrix(values, 4, 64, type)
    expect(expected.length).toBe((values.length / tensorType(type).blockSize) * tensorType(type).blockBytes)
    const buffer = new Uint8Array(expected.length + 9).fill(0xaa)
    const result = quantizeMatrix(values, 4, 64, type, buffer.subarray(3))
    expect(result.byteOffset).toBe(3)
    expect(result).toEqual(expected)
    expect([...buffer.subarray(0, 3), ...buffer.subarray(3 + expected.length)]).toEqual(Array(9).fill(0xaa))
  })

  test.each(TYPES)('%s: what does not fit is refused by row and column', (type) => {
    const beyond = { F32: Infinity, F16: 65520, BF16: 2 ** 127 * (2 - 2 ** -23), MXFP4: Infinity }
    const limit = type === 'Q8_0' || type === 'Q4_0' ? MAX[type] * (1 + 2 ** -20) : beyond[type]
    for (const value of [Number.NaN, Infinity, -Infinity, limit, -limit]) {
      const values = new Float32Array(6 * 64)
      values[3 * 64 + 37] = value
      expect(() => quantizeMatrix(values, 6, 64, type)).toThrow(RangeError)
      expect(() => quantizeMatrix(values, 6, 64, type)).toThrow(/^row 3, column 37 is -?(NaN|Infinity|\d)/)
    }
  })

  test.each<[string, () => unknown, string]>([
    [
      'a length',
      () => quantizeMatrix(new Float32Array(63), 1, 64, 'F32'),
      '63 values are not a matrix of 1 × 64',
    ],
    ['a shape', () => quantizeMatrix(new Float32Array(0), 0, 64, 'F32'), '0 × 64 is impossible'],
    [
      'cut blocks',
      () => quantizeMatrix(new Float32Array(96), 2, 48, 'Q4_0'),
      'rows of 48 weights are not whole Q4_0',
    ],
    [
      'a short buffer',
      () => quantizeMatrix(new Float32Array(64), 2, 32, 'Q8_0', new Uint8Array(67)),
      '68 bytes of Q8_0 do not fit a buffer of 67',
    ],
  ])('%s that does not fit is refused', (_, quantize, message) => {
    expect(quantize).toThrow(message)
  })
})
