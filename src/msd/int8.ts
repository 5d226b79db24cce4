import { powerOfTwo, roundHalfEven } from '../dtype/index.js'
import { checkChoice, checkCount, checkShape, maximumMagnitude } from './check.js'

/** Number of digits. */
export type Int8Passes = 1 | 2 | 3
/** Ratio of a digit's unit to the next one's: 254 is the paper's, 256 the engine's. */
export type Int8Radix = 254 | 256
/**
 * `float64` divides in binary64: the form the bounds are proved for. `float32` rounds every step to binary32
 * and is, bit for bit, what the kernels compute; it takes a Float32Array and radix 256.
 */
export type Int8Arithmetic = 'float64' | 'float32'

export interface Int8Options {
  /** Tokens, M. */
  readonly rows: number
  /** Features, K. */
  readonly cols: number
  /** Default 2. */
  readonly passes?: Int8Passes
  /** What shares a scale: a whole row (the paper's, default), or so many consecutive activations of a row. */
  readonly granularity?: 'row' | number
  /** Default 256. */
  readonly radix?: Int8Radix
  /** Default 'float64'. */
  readonly arithmetic?: Int8Arithmetic
}

/**
 * Activations as signed 8-bit digits:
 *
 *   x[m][k] ≈ scales[m][g] · Σ_d radix^(passes − 1 − d) · digits[d][m][k],   g = ⌊k / groupSize⌋
 */
export interface Int8Digits {
  readonly format: 'int8'
  readonly rows: number
  readonly cols: number
  readonly passes: Int8Passes
  readonly radix: Int8Radix
  readonly arithmetic: Int8Arithmetic
  /** Activations per scale; cols if rows share one. A row's last group may be shorter. */
  readonly groupSize: number
  /** Groups of a row, ⌈cols / groupSize⌉. */
  readonly groups: number
  /**
   * One array a pass, most significant first, each row-major [rows · cols]. In [−127, 127], but [−128, 127]
   * for all but the first digit of radix 256.
   */
  readonly digits: readonly Int8Array[]
  /** Row-major [rows · groups]: activation units per unit of the last digit; 0 for a group of zeros. */
  readonly scales: Float64Array | Float32Array
  /** Row-major [rows · groups]: max |x| of the group, from which int8ErrorBound follows. */
  readonly maxima: Float64Array
  /** One array a pass, each row-major [rows · groups]: Σ digit, for weight offsets and minimums. */
  readonly sums: readonly Int32Array[]
}

/** Largest magnitude of an activation in units of the last digit, 127 · radix^(passes − 1). */
export function int8Top(passes: Int8Passes, radix: Int8Radix): number {
  return 127 * radix ** (passes - 1)
}

/**
 * Whether a group's maximum is too small for a scale, so that its digits are zero: in float64 when the scale
 * would be subnormal (its own rounding would break the bound), in float32 when top / maximum overflows, which
 * is the kernels' test. M below about top · 2^−1022 and top · 2^−128.
 */
export function underflows(maximum: number, top: number, arithmetic: Int8Arithmetic): boolean {
  if (arithmetic === 'float32') return Math.fround(top / maximum) === Number.POSITIVE_INFINITY
  return maximum / top < powerOfTwo(-1022)
}

/**
 * Splits activations into int8 digits (Zheng et al., arXiv 2605.13915, INT8 decomposition; msd.md §1).
 *
 * Radix 256: q = rn(x / s) with s = M / top, M = max |x| of the group, written in signed base 256.
 * Radix 254 (the paper): each digit is rn(rest / s_d), s_1 = M / 127, s_d+1 = s_d / 254.
 * The largest error is int8ErrorBound(M, …).
 *
 * @param x row-major [rows · cols], finite, at most 2^1022 in magnitude
 * @throws RangeError for a number that is not finite (naming row and column), lengths that do not agree, or an
 *   option out of its range
 */
export function decomposeInt8(x: Float32Array | Float64Array, options: Int8Options): Int8Digits {
  const where = 'decomposeInt8'
  const { rows, cols, passes = 2, granularity = 'row', radix = 256, arithmetic = 'float64' } = options
  checkShape(where, x, rows, cols)
  checkChoice(where, 'passes', passes, [1, 2, 3])
  checkChoice(where, 'radix', radix, [254, 256])
  checkChoice(where, 'arithmetic', arithmetic, ['float64', 'float32'])
  if (granularity !== 'row') checkCount(where, "granularity (if not 'row')", granularity)
  if (arithmetic === 'float32' && !(radix === 256 && x instanceof Float32Array)) {
    throw new RangeError(`${where}: arithmetic 'float32' needs a Float32Array and radix 256`)
  }

  const groupSize = granularity === 'row' ? cols : Math.min(granularity, cols)
  const groups = Math.ceil(cols / groupSize)
  const top = int8Top(passes, radix)
  const split = radix === 254 ? splitRadix254 : arithmetic === 'float32' ? splitFloat32 : splitFloat64
  const digits = Array.from({ length: passes }, () => new Int8Array(rows * cols))
  const sums = Array.from({ length: passes }, () => new Int32Array(rows * groups))
  const scales = new (arithmetic === 'float32' ? Float32Array : Float64Array)(rows * groups)
  const maxima = new Float64Array(rows * groups)
  for (let row = 0, group = 0; row < rows; row++) {
    for (let column = 0; column < cols; column += groupSize, group++) {
      const start = row * cols + column
      const end = row * cols + Math.min(column + groupSize, cols)
      const maximum = maximumMagnitude(where, x, start, end, cols)
      maxima[group] = maximum
      if (underflows(maximum, top, arithmetic)) continue
      scales[group] = split(x, start, end, maximum, passes, digits)
      for (let d = 0; d < passes; d++) {
        let sum = 0
        for (let i = start; i < end; i++) sum += digits[d]![i]!
        sums[d]![group] = sum
      }
    }
  }
  return {
    format: 'int8',
    rows,
    cols,
    passes,
    radix,
    arithmetic,
    groupSize,
    groups,
    digits,
    scales,
    maxima,
    sums,
  }
}

/** Writes the digits of x[start..end) and returns the scale of the last digit. */
type Split = (
  x: Float32Array | Float64Array,
  start: number,
  end: number,
  maximum: number,
  passes: Int8Passes,
  digits: readonly Int8Array[],
) => number

const splitFloat64: Split = (x, start, end, maximum, passes, digits) => {
  const scale = maximum / int8Top(passes, 256)
  for (let i = start; i < end; i++) storeBase256(roundHalfEven(x[i]! / scale), i, passes, digits)
  return scale
}

const splitFloat32: Split = (x, start, end, maximum, passes, digits) => {
  const top = int8Top(passes, 256)
  // Rounding a binary64 quotient or product of binary32 numbers to binary32 gives the binary32 operation.
  const inverse = Math.fround(top / maximum)
  // The product may exceed top, but by no more than 1/2 (and that only for three passes, whose top is even):
  // it rounds to top, and the kernels' clamp to ±top, absent here, changes nothing.
  for (let i = start; i < end; i++) {
    storeBase256(roundHalfEven(Math.fround(x[i]! * inverse)), i, passes, digits)
  }
  return Math.fround(maximum / top)
}

/** q = Σ 256^(passes − 1 − d) · digits[d][i] with all digits but the first in [−128, 127]. */
function storeBase256(q: number, i: number, passes: Int8Passes, digits: readonly Int8Array[]): void {
  let rest = q
  for (let d = passes - 1; d > 0; d--) {
    const upper = (rest + 128) >> 8
    digits[d]![i] = rest - 256 * upper
    rest = upper
  }
  digits[0]![i] = rest
}

const splitRadix254: Split = (x, start, end, maximum, passes, digits) => {
  // What a digit leaves is at most half its unit, 127 units of the next: digits stay in [−127, 127].
  const unit = maximum / 127
  for (let i = start; i < end; i++) {
    let rest = x[i]!
    for (let d = 0, scale = unit; d < passes; d++, scale /= 254) {
      const digit = roundHalfEven(rest / scale)
      digits[d]![i] = digit
      rest -= scale * digit
    }
  }
  return unit / 254 ** (passes - 1)
}
