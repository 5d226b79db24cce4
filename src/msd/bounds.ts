import { fp4e2m1, powerOfTwo } from '../dtype/index.js'
import { checkChoice, checkCount, checkMaximum, checkSameCols } from './check.js'
import { type CodeMatrix, checkCodeMatrix } from './code-matrix.js'
import {
  type Int8Arithmetic,
  type Int8Digits,
  type Int8Passes,
  type Int8Radix,
  int8Top,
  underflows,
} from './int8.js'
import {
  firstCandidates,
  firstExponent,
  MX_BLOCK,
  nextCandidates,
  nextExponent,
  type ScaleRule,
} from './mxfp4.js'
import { worstRoundingError } from './rounding.js'

export interface Int8BoundOptions {
  /** Default 2. */
  readonly passes?: Int8Passes
  /** Default 256. */
  readonly radix?: Int8Radix
  /** `exact` leaves out rounding: the theorem. Default 'float64', as decomposeInt8's. */
  readonly arithmetic?: 'exact' | Int8Arithmetic
}

/**
 * The largest |x − x̂| of a group whose largest magnitude is `maximum`, in units of x (Zheng et al., arXiv
 * 2605.13915, error bound of the INT8 decomposition; msd.md §1). With top = 127 · radix^(passes − 1):
 *
 *   exact     M / (2·top)    M/254, then M/64516 (radix 254) or M/65024 (radix 256), M/(254·65536)
 *   float64   + 2^−50 · M. With u = 2^−53: of the scale, the quotients, the products scale · digit and the
 *             recomposition none adds more than u·M, and the later digits' share is a 254th of the first's;
 *             5u·M for three digits of radix 254, the worst case.
 *   float32   + (2 + 64/127) · 2^−24 · M + top · 2^−150. With u = 2^−24: top/M and M/top are off by u each
 *             (relative), x · (top/M) by half a unit in the last place of top, (64/127)·u·top; 2^−150 is the
 *             rounding of a scale that is subnormal.
 *
 * A float32 third digit is thus worth less than 8 bits: the bound is 1.74 units of it instead of 0.5. Groups
 * too small to scale have zero digits, and the bound M.
 *
 * @throws RangeError if `maximum` is not finite or negative, or an option is out of its range
 */
export function int8ErrorBound(maximum: number, options: Int8BoundOptions = {}): number {
  const where = 'int8ErrorBound'
  const { passes = 2, radix = 256, arithmetic = 'float64' } = options
  checkMaximum(where, maximum)
  checkChoice(where, 'passes', passes, [1, 2, 3])
  checkChoice(where, 'radix', radix, [254, 256])
  checkChoice(where, 'arithmetic', arithmetic, ['exact', 'float64', 'float32'])
  const top = int8Top(passes, radix)
  const exact = maximum / (2 * top)
  if (arithmetic === 'exact') return exact
  if (underflows(maximum, top, arithmetic)) return maximum
  if (arithmetic === 'float64') return exact + powerOfTwo(-50) * maximum
  return exact + (2 + 64 / 127) * powerOfTwo(-24) * maximum + top * powerOfTwo(-150)
}

export interface Mxfp4BoundOptions {
  /** Default 2. */
  readonly passes?: number
  /** Default 'paper'. */
  readonly scaleRule?: ScaleRule
}

/**
 * The largest |x − x̂| of a block whose largest magnitude is `maximum`, in units of x (msd.md §2).
 *
 * - `paper`: at most α/8^passes, α = 2^⌈log2 maximum⌉ (Zheng et al., arXiv 2605.13915: α/64 for two passes),
 *   and equal to it from maximum = 0.625·α on. At the end of E8M0's range it stays at 2^−129.
 * - `ocp`: maximum/5 for one pass (at 5·s1 = maximum), maximum/20 for two, maximum/35 in the limit.
 * - `search`: √32 times the smaller of the two, because the block's L2 error is at most either's; or the worst of all
 *   combinations that are tried, where that is less (one pass).
 *
 * @throws RangeError if `maximum` is not finite or negative, or an option is out of its range
 */
export function mxfp4ErrorBound(maximum: number, options: Mxfp4BoundOptions = {}): number {
  const where = 'mxfp4ErrorBound'
  const { passes = 2, scaleRule = 'paper' } = options
  checkMaximum(where, maximum)
  checkCount(where, 'passes', passes)
  checkChoice(where, 'scaleRule', scaleRule, ['paper', 'ocp', 'search'])
  if (scaleRule === 'search') {
    const either = Math.min(ruleBound(maximum, passes, 'paper'), ruleBound(maximum, passes, 'ocp'))
    return Math.min(Math.sqrt(MX_BLOCK) * either, worstCandidate(maximum, firstCandidates(maximum), passes))
  }
  return ruleBound(maximum, passes, scaleRule)
}

function ruleBound(maximum: number, passes: number, rule: 'paper' | 'ocp'): number {
  let bound = maximum
  let exponent = firstExponent(maximum, rule)
  for (let pass = 0; pass < passes; pass++) {
    bound = digitBound(bound, exponent)
    exponent = nextExponent(exponent)
  }
  return bound
}

/** The largest error of numbers up to `maximum`, whichever of the exponents, and of those after it, are taken. */
function worstCandidate(maximum: number, exponents: readonly number[], passes: number): number {
  const bounds = exponents.map((exponent) => {
    const bound = digitBound(maximum, exponent)
    return passes === 1 ? bound : worstCandidate(bound, nextCandidates(exponent), passes - 1)
  })
  return Math.max(...bounds)
}

/** What one digit may leave of numbers up to `maximum`. */
function digitBound(maximum: number, exponent: number): number {
  const scale = powerOfTwo(exponent)
  return scale * worstRoundingError(fp4e2m1, maximum / scale)
}

/**
 * The largest |y − ŷ| of productInt8 that the decomposition can cause, row-major [tokens · weight rows]:
 *
 *   |Σ_k (x[k] − x̂[k]) · w[n][k]| ≤ Σ_g int8ErrorBound(M_g) · Σ_{k∈g} |w[n][k]|
 *
 * The rounding of the float64 sum itself is not in it.
 *
 * @throws RangeError if the matrix is malformed or its cols are not the digits'
 */
export function productErrorBound(digits: Int8Digits, matrix: CodeMatrix): Float64Array {
  checkCodeMatrix(matrix)
  checkSameCols('productErrorBound', digits, matrix)
  const { rows: tokens, cols, groupSize, groups, maxima } = digits
  const bounds = Float64Array.from(maxima, (maximum) => int8ErrorBound(maximum, digits))
  const result = new Float64Array(tokens * matrix.rows)
  const magnitudes = new Float64Array(groups)
  for (let n = 0; n < matrix.rows; n++) {
    magnitudes.fill(0)
    for (let k = 0; k < cols; k++) {
      const g = n * Math.ceil(cols / matrix.group) + Math.floor(k / matrix.group)
      const weight = matrix.scales[g]! * matrix.codes[n * cols + k]! - (matrix.minimums?.[g] ?? 0)
      magnitudes[Math.floor(k / groupSize)]! += Math.abs(weight)
    }
    for (let m = 0; m < tokens; m++) {
      let bound = 0
      for (let g = 0; g < groups; g++) bound += bounds[m * groups + g]! * magnitudes[g]!
      result[m * matrix.rows + n] = bound
    }
  }
  return result
}
