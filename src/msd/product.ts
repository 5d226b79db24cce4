import { checkSameCols } from './check.js'
import { type CodeMatrix, checkCodeMatrix } from './code-matrix.js'
import { type Int8Digits, type Int8Passes, int8Top } from './int8.js'

const INT32_MAX = 2 ** 31 - 1

/** Σ_k digit · code of every token, weight row, segment and digit: exact integers. */
export interface Int8Accumulators {
  /** Tokens, M. */
  readonly tokens: number
  /** Weight rows, N. */
  readonly rows: number
  /** Length of a segment: the shorter of the activations' and the weights' groups. A row's last may be shorter. */
  readonly segment: number
  /** Segments of a row, S = ⌈K / segment⌉. */
  readonly segments: number
  /** One array a digit, most significant first, each [M · N · S]. */
  readonly values: readonly Int32Array[]
}

/**
 * Longest group of which the two digits' accumulators combine exactly in int32, as 256·acc_h + acc_l. That sum
 * is Σ q·code, and so are its terms bounded: it fits while length · top · maxCode ≤ 2^31 − 1. For two passes:
 * |codes| ≤ 8 (u4 − 8): 8256; ≤ 15 (u4): 4403; ≤ 128 (s8): 516; ≤ 255 (u8): 259.
 *
 * (|acc_h| < 2^23 alone is not enough at the very edge: 256 · (2^23 − 1) leaves room for 255 only.)
 *
 * @param maxCode largest |code|
 */
export function int32GroupLimit(maxCode: number, passes: Int8Passes = 2): number {
  return Math.floor(INT32_MAX / (int8Top(passes, 256) * maxCode))
}

/**
 * The exact integer products that every backend must reproduce bit for bit (msd.md §1 and §3).
 *
 * @throws RangeError if the matrix is malformed, its cols are not the digits', one group size is not a multiple
 *   of the other, or a segment is too long for int32
 */
export function accumulateInt8(digits: Int8Digits, matrix: CodeMatrix): Int8Accumulators {
  const { segment, segments } = segmentation('accumulateInt8', digits, matrix)
  const size = matrix.rows * segments
  const values = digits.digits.map(() => new Int32Array(digits.rows * size))
  for (let m = 0; m < digits.rows; m++) {
    const token = values.map((array) => array.subarray(m * size, (m + 1) * size))
    accumulateToken(digits, m, matrix, segment, token)
  }
  return { tokens: digits.rows, rows: matrix.rows, segment, segments, values }
}

/**
 * The product of decomposed activations and a weight matrix, y = x̂ · wᵀ, row-major [M · N]:
 *
 *   y[m][n] = Σ_s s_x · ( s_w · Σ_d radix^(passes−1−d) · acc_d  −  min · Σ_k q )
 *
 * Integers are exact; segments are added in ascending order in float64. (Zheng et al., arXiv 2605.13915, for
 * one scale per row; msd.md §3 for groups and minimums.)
 *
 * @throws RangeError as accumulateInt8
 */
export function productInt8(digits: Int8Digits, matrix: CodeMatrix): Float64Array {
  const { segment, segments } = segmentation('productInt8', digits, matrix)
  const { cols, groupSize, groups, radix } = digits
  const weightGroups = Math.ceil(cols / matrix.group)
  const y = new Float64Array(digits.rows * matrix.rows)
  // One token's accumulators at a time: those of all tokens would dwarf the matrix.
  const token = digits.digits.map(() => new Int32Array(matrix.rows * segments))
  const sums = new Float64Array(segments)
  for (let m = 0; m < digits.rows; m++) {
    accumulateToken(digits, m, matrix, segment, token)
    segmentSums(digits, m, segment, sums)
    for (let n = 0; n < matrix.rows; n++) {
      let sum = 0
      for (let s = 0; s < segments; s++) {
        let units = 0
        for (const accumulators of token) units = units * radix + accumulators[n * segments + s]!
        const g = n * weightGroups + Math.floor((s * segment) / matrix.group)
        const scale = digits.scales[m * groups + Math.floor((s * segment) / groupSize)]!
        sum += scale * (matrix.scales[g]! * units - (matrix.minimums?.[g] ?? 0) * sums[s]!)
      }
      y[m * matrix.rows + n] = sum
    }
  }
  return y
}

/** Checks the operands and finds the longest runs of k within which both scales are constant. */
function segmentation(
  where: string,
  digits: Int8Digits,
  matrix: CodeMatrix,
): { segment: number; segments: number } {
  checkCodeMatrix(matrix)
  checkSameCols(where, digits, matrix)
  const { cols, groupSize } = digits
  const weightGroup = Math.min(matrix.group, cols)
  const segment = Math.min(groupSize, weightGroup)
  const longer = Math.max(groupSize, weightGroup)
  if (longer < cols && longer % segment !== 0) {
    throw new RangeError(
      `${where}: activation groups of ${groupSize} and weight groups of ${matrix.group} do not nest; ` +
        'make one a multiple of the other',
    )
  }
  if (segment * 128 * 128 > INT32_MAX) {
    throw new RangeError(`${where}: groups of ${segment} may overflow int32; use groups of at most 131071`)
  }
  return { segment, segments: Math.ceil(cols / segment) }
}

/** out[d][n · segments + s] = Σ_k digit_d · code of token m. */
function accumulateToken(
  digits: Int8Digits,
  m: number,
  matrix: CodeMatrix,
  segment: number,
  out: readonly Int32Array[],
): void {
  const { cols } = digits
  for (let d = 0; d < out.length; d++) {
    const digit = digits.digits[d]!.subarray(m * cols, (m + 1) * cols)
    const accumulators = out[d]!
    for (let n = 0, i = 0; n < matrix.rows; n++) {
      const offset = n * cols
      for (let start = 0; start < cols; start += segment, i++) {
        const end = Math.min(start + segment, cols)
        let sum = 0
        for (let k = start; k < end; k++) sum = (sum + digit[k]! * matrix.codes[offset + k]!) | 0
        accumulators[i] = sum
      }
    }
  }
}

/** out[s] = Σ_k q over the segment: the digits' sums at the segment's own length. */
function segmentSums(
  { cols, digits, radix }: Int8Digits,
  m: number,
  segment: number,
  out: Float64Array,
): void {
  for (let s = 0; s < out.length; s++) {
    let sum = 0
    for (const digit of digits) {
      sum *= radix
      for (let k = s * segment; k < Math.min((s + 1) * segment, cols); k++) sum += digit[m * cols + k]!
    }
    out[s] = sum
  }
}
