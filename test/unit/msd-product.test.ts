import { describe, expect, test } from 'vitest'
import {
  accumulateInt8,
  accumulateMxfp4,
  type CodeMatrix,
  checkCodeMatrix,
  decomposeInt8,
  decomposeMxfp4,
  type Int8Options,
  type Int8Passes,
  int8Top,
  int32GroupLimit,
  MXFP4_BLOCK_DOT_MAX,
  productErrorBound,
  productInt8,
  productMxfp4,
  recompose,
} from '../../src/msd/index.js'
import { Random } from './msd-random.js'

const EPSILON = 2 ** -52

function randomMatrix(
  random: Random,
  rows: number,
  cols: number,
  group: number,
  minimums: boolean,
): CodeMatrix {
  const count = rows * Math.ceil(cols / group)
  return {
    rows,
    cols,
    group,
    codes: Int8Array.from({ length: rows * cols }, () => random.integer(-128, 127)),
    scales: Float32Array.from({ length: count }, () => random.next() * 2 ** random.integer(-9, 2)),
    ...(minimums && { minimums: random.normal(count) }),
  }
}

function weights({ cols, group, codes, scales, minimums }: CodeMatrix): Float64Array {
  return Float64Array.from(codes, (code, i) => {
    const g = Math.floor(i / cols) * Math.ceil(cols / group) + Math.floor((i % cols) / group)
    return scales[g]! * code - (minimums?.[g] ?? 0)
  })
}

/** scale·|code| + |minimum|: what the rounding of a product that sums codes and minimums apart grows with. */
function magnitudes(matrix: CodeMatrix): Float64Array {
  const minimums = matrix.minimums?.map((minimum) => -Math.abs(minimum))
  const scaled = weights({ ...matrix, codes: new Int8Array(matrix.codes.length), minimums: minimums! })
  return weights({ ...matrix, minimums: undefined as never }).map((value, i) => Math.abs(value) + scaled[i]!)
}

/** x · wᵀ, row-major [M · N]. */
function floatProduct(x: ArrayLike<number>, w: Float64Array, cols: number): number[] {
  const y: number[] = []
  for (let m = 0; m < x.length / cols; m++) {
    for (let n = 0; n < w.length / cols; n++) {
      let sum = 0
      for (let k = 0; k < cols; k++) sum += x[m * cols + k]! * w[n * cols + k]!
      y.push(sum)
    }
  }
  return y
}

/**
 * What two float64 evaluations of a product of length K may differ by: each adds at most K terms, of at most four
 * roundings, so by (K + 4)·u of Σ|x||w| each, u = EPSILON / 2.
 */
function rounding(x: Float32Array | Float64Array, matrix: CodeMatrix): number[] {
  const total = floatProduct(x.map(Math.abs), magnitudes(matrix), matrix.cols)
  return total.map((value) => (matrix.cols + 4) * EPSILON * value)
}

const shapes: {
  cols: number
  granularity: Int8Options['granularity'] & {}
  group: number
  segment: number
}[] = [
  { cols: 96, granularity: 'row', group: 32, segment: 32 },
  { cols: 96, granularity: 'row', group: 96, segment: 96 },
  { cols: 96, granularity: 32, group: 32, segment: 32 },
  { cols: 96, granularity: 32, group: 16, segment: 16 },
  { cols: 128, granularity: 16, group: 64, segment: 16 },
  { cols: 96, granularity: 32, group: 200, segment: 32 },
  { cols: 75, granularity: 32, group: 32, segment: 32 },
  { cols: 75, granularity: 'row', group: 32, segment: 32 },
  { cols: 75, granularity: 32, group: 75, segment: 32 },
]
const variants: Pick<Int8Options, 'passes' | 'radix' | 'arithmetic'>[] = [
  { passes: 1 },
  { passes: 2 },
  { passes: 3 },
  { passes: 2, radix: 254 },
  { passes: 3, radix: 254 },
  { passes: 2, arithmetic: 'float32' },
]

describe.each(shapes)('cols $cols, activation group $granularity, weight group $group', (shape) => {
  const { cols, granularity, group, segment } = shape
  const random = new Random(cols * 1000 + group)
  const rows = 3
  const x = random.normal(rows * cols)
  const matrix = randomMatrix(random, 5, cols, group, true)

  test('accumulators are the exact integer sums', () => {
    const digits = decomposeInt8(x, { rows, cols, granularity })
    const result = accumulateInt8(digits, matrix)
    expect([result.segment, result.segments]).toEqual([segment, Math.ceil(cols / segment)])
    for (let d = 0; d < 2; d++) {
      let i = 0
      for (let m = 0; m < rows; m++) {
        for (let n = 0; n < matrix.rows; n++) {
          for (let start = 0; start < cols; start += segment, i++) {
            let sum = 0n
            for (let k = start; k < Math.min(start + segment, cols); k++) {
              sum += BigInt(digits.digits[d]![m * cols + k]!) * BigInt(matrix.codes[n * cols + k]!)
            }
            expect(BigInt(result.values[d]![i]!)).toBe(sum)
          }
        }
      }
      expect(i).toBe(result.values[d]!.length)
    }
  })

  test.each(variants)('$passes passes, radix $radix, $arithmetic: equals x̂ · wᵀ', (variant) => {
    for (const used of [matrix, { ...matrix, minimums: undefined as never }]) {
      const digits = decomposeInt8(x, { rows, cols, granularity, ...variant })
      const approximation = recompose(digits)
      const y = floatProduct(approximation, weights(used), cols)
      const tolerance = rounding(approximation, used)
      productInt8(digits, used).forEach((value, i) => {
        expect(Math.abs(value - y[i]!)).toBeLessThanOrEqual(tolerance[i]!)
      })
    }
  })

  test.each(variants)(
    '$passes passes, radix $radix, $arithmetic: within productErrorBound of x · wᵀ',
    (variant) => {
      const digits = decomposeInt8(x, { rows, cols, granularity, ...variant })
      const bound = productErrorBound(digits, matrix)
      const y = floatProduct(x, weights(matrix), cols)
      // x̂ may be a little larger than x: twice x's rounding covers it.
      const tolerance = rounding(x, matrix)
      let largest = 0
      productInt8(digits, matrix).forEach((value, i) => {
        const error = Math.abs(value - y[i]!)
        expect(error).toBeLessThanOrEqual(bound[i]! + 2 * tolerance[i]!)
        largest = Math.max(largest, error / bound[i]!)
      })
      // Random roundings add up to about 1/√K of the bound: it is not vacuous.
      expect(largest).toBeGreaterThan(0.1 / Math.sqrt(cols))
    },
  )
})

test('productErrorBound is reached when every rounding has its weight’s sign', () => {
  const random = new Random(41)
  const cols = 64
  const scales = new Float32Array(4).fill(0.01)
  const matrix: CodeMatrix = {
    ...randomMatrix(random, 1, cols, 16, false),
    scales,
    minimums: Float64Array.from(scales, (scale) => 5 * scale),
  }
  // The maximum of a group has no error, so its weight is made zero.
  for (const k of [0, 32]) matrix.codes[k] = 5
  const w = weights(matrix)
  // Unit 1 in each group; 2j + 1/2 rounds down, 2j − 1/2 rounds up: x − x̂ = ±1/2, with the sign of w.
  const x = Float32Array.from(w, (value) => 2 * random.integer(-8000, 8000) + (value > 0 ? 0.5 : -0.5))
  for (const k of [0, 32]) x[k] = 32512
  const digits = decomposeInt8(x, { rows: 1, cols, granularity: 32 })
  const error = Math.abs(productInt8(digits, matrix)[0]! - floatProduct(x, w, cols)[0]!)
  const bound = productErrorBound(digits, matrix)[0]!
  expect(error).toBeLessThanOrEqual(bound + 2 * rounding(x, matrix)[0]!)
  expect(error).toBeGreaterThan(0.999 * bound)
})

describe('int32GroupLimit', () => {
  test.each([
    [8, 2, 8256],
    [15, 2, 4403],
    [128, 2, 516],
    [255, 2, 259],
    [128, 1, 132104],
    [255, 3, 1],
  ] as [number, Int8Passes, number][])('|codes| ≤ %d, %d passes: %d', (maxCode, passes, limit) => {
    expect(int32GroupLimit(maxCode, passes)).toBe(limit)
    // The extreme group, combined as the kernels do; one element more wraps.
    const combined = (length: number) => {
      let total = 0
      for (const [d, digit] of [127, 0, 0].slice(0, passes).entries()) {
        total = (total + Math.imul(digit * length * maxCode, 256 ** (passes - 1 - d))) | 0
      }
      return total
    }
    expect(combined(limit)).toBe(limit * int8Top(passes, 256) * maxCode)
    expect(combined(limit + 1)).not.toBe((limit + 1) * int8Top(passes, 256) * maxCode)
  })

  test('256·acc_h + acc_l is exact up to |acc_h| = 2^23 − 1 and acc_l = 255, and not beyond', () => {
    expect((Math.imul(256, 2 ** 23 - 1) + 255) | 0).toBe(2 ** 31 - 1)
    expect((Math.imul(256, 2 ** 23 - 1) + 256) | 0).toBe(-(2 ** 31))
  })
})

test('extreme digits and codes accumulate exactly up to the documented segment length', () => {
  const cols = 131071
  const x = new Float32Array(cols).fill(128.0)
  x[0] = 32512
  // q = 128 everywhere: the low digit is −128.
  const digits = decomposeInt8(x, { rows: 1, cols })
  const matrix: CodeMatrix = {
    rows: 1,
    cols,
    group: cols,
    codes: new Int8Array(cols).fill(-128),
    scales: Float32Array.of(1),
  }
  const low = accumulateInt8(digits, matrix).values[1]![0]
  expect(low).toBe((cols - 1) * 128 * 128)
  const long = { ...matrix, cols: cols + 1, group: cols + 1, codes: new Int8Array(cols + 1) }
  expect(() =>
    accumulateInt8(decomposeInt8(new Float32Array(cols + 1), { rows: 1, cols: cols + 1 }), long),
  ).toThrow('groups of 131072 may overflow int32; use groups of at most 131071')
})

describe('bad operands', () => {
  const random = new Random(43)
  const matrix = randomMatrix(random, 4, 96, 32, true)
  const digits = (cols: number, granularity: number) =>
    decomposeInt8(random.normal(cols), { rows: 1, cols, granularity })

  test('shapes that do not fit', () => {
    expect(() => productInt8(digits(64, 32), matrix)).toThrow(
      'productInt8: 64 activations for 96 weights a row',
    )
    expect(() => productErrorBound(digits(64, 32), matrix)).toThrow(
      'productErrorBound: 64 activations for 96',
    )
    expect(() => accumulateInt8(digits(96, 24), matrix)).toThrow(
      'accumulateInt8: activation groups of 24 and weight groups of 32 do not nest; make one a multiple of the other',
    )
  })

  test('a malformed matrix', () => {
    expect(() => checkCodeMatrix(matrix)).not.toThrow()
    const wrong = (change: Partial<CodeMatrix>) => () =>
      checkCodeMatrix({ ...matrix, ...change }, 'blk.0.ffn_up')
    expect(wrong({ group: 0 })).toThrow('blk.0.ffn_up: group is 0; it must be a positive integer')
    expect(wrong({ codes: new Int8Array(5) })).toThrow('blk.0.ffn_up: 5 codes for 4 × 96; there must be 384')
    expect(wrong({ scales: new Float32Array(11) })).toThrow(
      '11 scales for 4 rows of 3 groups; there must be 12',
    )
    expect(wrong({ minimums: new Float32Array(13) })).toThrow(
      '13 minimums for 4 rows of 3 groups; there must be 12',
    )
    const scales = new Float32Array(12)
    scales[7] = Number.NaN
    expect(wrong({ scales })).toThrow('blk.0.ffn_up: scales of row 2, group 1 is NaN; it must be finite')
  })
})

describe('MXFP4 × MXFP4', () => {
  const random = new Random(47)
  const cols = 75
  const x = random.normal(3 * cols)
  const w = random.normal(4 * cols)
  const digits = decomposeMxfp4(x, { rows: 3, cols, passes: 3 })
  const matrix = decomposeMxfp4(w, { rows: 4, cols, passes: 1, scaleRule: 'ocp' })
  const value = (code: number) => [0, 0.5, 1, 1.5, 2, 3, 4, 6][code & 7]! * (code & 8 ? -1 : 1)

  test('block products are four times the products of the values', () => {
    const dots = accumulateMxfp4(digits, matrix)
    dots.forEach((array, d) => {
      for (let i = 0; i < array.length; i++) {
        const [m, n, b] = [Math.floor(i / 12), Math.floor(i / 3) % 4, i % 3]
        let sum = 0
        for (let k = b * 32; k < Math.min(b * 32 + 32, cols); k++) {
          sum += value(digits.digits[d]![m * cols + k]!) * value(matrix.digits[0]![n * cols + k]!)
        }
        expect(array[i]).toBe(4 * sum)
      }
    })
  })

  test('the largest is 4608, and it is reached in both signs', () => {
    const six = decomposeMxfp4(new Float32Array(64).fill(6).fill(-6, 32), {
      rows: 1,
      cols: 64,
      passes: 1,
      scaleRule: 'ocp',
    })
    const plus = decomposeMxfp4(new Float32Array(64).fill(6), {
      rows: 1,
      cols: 64,
      passes: 1,
      scaleRule: 'ocp',
    })
    expect([...accumulateMxfp4(six, plus)[0]!]).toEqual([4608, -4608])
    expect(MXFP4_BLOCK_DOT_MAX).toBe(4608)
  })

  test('the product equals x̂ · ŵᵀ', () => {
    const [xHat, wHat] = [recompose(digits), recompose(matrix)]
    const y = floatProduct(xHat, wHat, cols)
    // Digits may have both signs: just above s1/4 they are 1/2 and −1/4, three times |x̂| together.
    const magnitude = floatProduct(xHat.map(Math.abs), wHat.map(Math.abs), cols)
    productMxfp4(digits, matrix).forEach((result, i) => {
      expect(Math.abs(result - y[i]!)).toBeLessThanOrEqual(3 * (cols + 4) * EPSILON * magnitude[i]!)
    })
  })

  test('MXFP4 weights times two INT8 digits, as a CodeMatrix of doubled values', () => {
    const codes = Int8Array.from(matrix.digits[0]!, (code) => 2 * value(code))
    const scales = Float64Array.from(matrix.scales[0]!, (code) => 2 ** (code - 128))
    const int8 = decomposeInt8(x, { rows: 3, cols, granularity: 32 })
    const doubled: CodeMatrix = { rows: 4, cols, group: 32, codes, scales }
    const y = floatProduct(recompose(int8), recompose(matrix), cols)
    const tolerance = rounding(recompose(int8), doubled)
    productInt8(int8, doubled).forEach((result, i) => {
      expect(Math.abs(result - y[i]!)).toBeLessThanOrEqual(tolerance[i]!)
    })
  })

  test('bad operands', () => {
    expect(() => productMxfp4(digits, decomposeMxfp4(w, { rows: 5, cols: 60, passes: 1 }))).toThrow(
      '75 activations for 60',
    )
    expect(() => productMxfp4(digits, digits)).toThrow('the weights have 3 passes; MXFP4 weights have one')
    const scales = [matrix.scales[0]!.slice()]
    scales[0]![7] = 0xff
    expect(() => productMxfp4(digits, { ...matrix, scales })).toThrow(
      'the weight scale of row 2, block 1 is NaN (0xff)',
    )
  })
})
