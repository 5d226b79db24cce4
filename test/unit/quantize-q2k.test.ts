import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fp16 } from '../../src/dtype/index.js'
import { decodeCodes, dequantize, quantizeMatrix } from '../../src/format/index.js'
import { randomNormal, seededRandom } from '../helpers/quants.js'

const MAX = 15 * 65504
/** Sums of 256 squares in another order differ by this factor at most. */
const SUMS = 1 + 256 * Number.EPSILON
const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0)
const blocks = (values: Float32Array) =>
  Array.from({ length: values.length / 256 }, (_, b) => values.subarray(256 * b, 256 * b + 256))

function error(block: Float32Array): number {
  const stored = dequantize('Q2_K', quantizeMatrix(block, 1, 256, 'Q2_K'), 1, 256)
  return sum(Array.from(block, (x, i) => (x - stored[i]!) ** 2))
}

/** Each group's range in three steps; the largest step and minimum of the 16 groups are fifteen of d and dmin. */
function plainError(block: Float32Array): number {
  const groups = Array.from({ length: 16 }, (_, g) => Array.from(block.subarray(16 * g, 16 * g + 16)))
  const least = groups.map((group) => Math.min(0, ...group))
  const steps = groups.map((group, g) => (Math.max(0, ...group) - least[g]!) / 3)
  const superScale = (most: number) => (most === 0 ? 0 : Math.max(2 ** -24, fp16.round(most / 15)))
  const d = superScale(Math.max(...steps))
  const dmin = superScale(-Math.min(...least))
  const sub = (wanted: number, scale: number) =>
    scale === 0 ? 0 : scale * Math.min(15, Math.round(wanted / scale))
  return sum(
    groups.flatMap((group, g) => {
      const scale = sub(steps[g]!, d)
      const minimum = sub(-least[g]!, dmin)
      const codes = [0, 1, 2, 3].map((q) => q * scale - minimum)
      return group.map((x) => Math.min(...codes.map((stored) => (x - stored) ** 2)))
    }),
  )
}

describe('Q2_K', () => {
  const random = seededRandom(4)
  const normals = randomNormal(40 * 256, 8, 0.02)
  test.each<[string, Float32Array]>([
    ['normal', normals],
    ['uniform', normals.map(() => random() - 0.5)],
    ['positive', normals.map(Math.abs)],
    ['negative', normals.map((x) => -Math.abs(x))],
    ['cubed', normals.map((x) => x ** 3)],
    ['tiny', normals.map((x) => 1e-5 * x)],
  ])('%s: no block is worse off than by the plain method, and together they are better', (_, values) => {
    const ours = blocks(values).map(error)
    const plain = blocks(values).map(plainError)
    ours.forEach((error, block) => {
      expect(error, `block ${block}`).toBeLessThanOrEqual(plain[block]! * SUMS)
    })
    expect(sum(ours)).toBeLessThan(sum(plain))
  })

  test('weights of very different sizes', () => {
    const magnitude = fc.integer({ min: -150, max: 20 }).map((exponent) => 2 ** exponent)
    const weight = fc.oneof(
      fc.tuple(magnitude, fc.double({ min: -1, max: 1, noNaN: true })).map(([size, x]) => size * x),
      fc.constantFrom(0, -0, 2 ** -149, 2 ** -24, -(2 ** -26), MAX, -MAX),
    )
    fc.assert(
      fc.property(fc.array(weight, { minLength: 256, maxLength: 256 }), (numbers) => {
        const block = Float32Array.from(numbers, (x) => Math.max(-MAX, Math.min(MAX, x)))
        expect(error(block)).toBeLessThanOrEqual(plainError(block) * SUMS)
      }),
      { numRuns: 200 },
    )
  })

  test('zeros, and one sign only, lose nothing to the minimums', () => {
    const zeros = decodeCodes('Q2_K', quantizeMatrix(new Float32Array(256), 1, 256, 'Q2_K'), 1, 256)
    expect(zeros.codes).toEqual(new Int8Array(256))
    const thirds = Float32Array.from({ length: 256 }, (_, i) => (i % 4) * 15 * 2 ** -7)
    expect(error(thirds)).toBe(0)
    expect(error(thirds.map((x) => x - 45 * 2 ** -7))).toBe(0)
  })

  test('what does not fit is refused by row and column', () => {
    const values = new Float32Array(3 * 512)
    values[512 + 300] = -MAX * (1 + 2 ** -20)
    expect(() => quantizeMatrix(values, 3, 512, 'Q2_K')).toThrow(/^row 1, column 300 is -98256/)
    expect(() => quantizeMatrix(new Float32Array(96), 1, 96, 'Q2_K')).toThrow('blocks of 256')
  })

  test('rows and groups keep their places', () => {
    const values = randomNormal(4 * 512, 6)
    const bytes = quantizeMatrix(values, 4, 512, 'Q2_K')
    expect(bytes.length).toBe(8 * 84)
    const stored = dequantize('Q2_K', bytes, 4, 512)
    const [row, column] = [2, 300]
    const apart = quantizeMatrix(values.subarray(512 * row + 256, 512 * row + 512), 1, 256, 'Q2_K')
    expect(stored[512 * row + column]).toBe(dequantize('Q2_K', apart, 1, 256)[column - 256])
    // A group moved by one place would correlate with nothing.
    expect(sum(Array.from(values, (x, i) => x * stored[i]!))).toBeGreaterThan(
      0.8 * sum(Array.from(values, (x) => x * x)),
    )
  })
})
