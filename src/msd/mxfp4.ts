import { e8m0, exponentOf, fp4e2m1, powerOfTwo } from '../dtype/index.js'
import { checkChoice, checkCount, checkShape, maximumMagnitude } from './check.js'

/** Elements that share an E8M0 scale in the OCP MX formats. */
export const MX_BLOCK = 32

/** A pass's scale is so many times the next one's (2^3), unless searched. */
const PASS_EXPONENT = 3

/** Largest magnitude of MX data: the `paper` rule holds 4 · 2^127 without clipping. */
export const MX_MAX_MAGNITUDE = 2 ** 129

/** log2 of the ratios that the search tries between one pass's scale and the next one's; wider is no better. */
const SEARCH_STEPS = [PASS_EXPONENT, 4, 2] as const

/** The search tries 2 · 3^(passes − 1) combinations for every block. */
const MAX_SEARCH_PASSES = 4

/**
 * How a block's first scale s1 is chosen.
 *
 * - `paper`: s1 = α/4, α = 2^⌈log2 max|x|⌉; then |x/s1| ≤ 4, and each further pass divides the bound by 8.
 * - `ocp`: the smallest s1 with 6·s1 ≥ max|x|, so that the whole E2M1 range is used. Better on the average;
 *   but what is left of numbers near 5·s1 exceeds the next pass's range, and stays above s1/7 in any number of
 *   passes.
 * - `search`: the scales of all passes that minimise the block's squared error, among s1 = α/4 or α/8 (one of
 *   them is the `ocp` rule's) and ratios 4, 8, 16 after that. So its block error, in L2, is never larger than
 *   either rule's. At most 4 passes.
 */
export type ScaleRule = 'paper' | 'ocp' | 'search'

export interface Mxfp4Options {
  readonly rows: number
  readonly cols: number
  /** Default 2. */
  readonly passes?: number
  /** Default 'paper'. */
  readonly scaleRule?: ScaleRule
}

/**
 * Activations as E2M1 digits in blocks of 32 along each row:
 *
 *   x[m][k] ≈ Σ_d e8m0(scales[d][m][b]) · e2m1(digits[d][m][k]),   b = ⌊k / 32⌋
 *
 * A row's last block may be shorter; the missing elements count as zeros.
 */
export interface Mxfp4Digits {
  readonly format: 'mxfp4'
  readonly rows: number
  readonly cols: number
  readonly passes: number
  readonly scaleRule: ScaleRule
  /** Blocks of a row, ⌈cols / 32⌉. */
  readonly blocks: number
  /** One array a pass, first pass first, each row-major [rows · cols]: E2M1 codes, one to a byte. */
  readonly digits: readonly Uint8Array[]
  /** One array a pass, each row-major [rows · blocks]: E8M0 codes. */
  readonly scales: readonly Uint8Array[]
}

/** The smallest e in [−127, 127] with top · 2^e ≥ maximum, for top in [4, 512); exact, unlike Math.log2. */
export function blockExponent(maximum: number, top: number): number {
  const e = exponentOf(maximum) - exponentOf(top)
  if (e < -e8m0.bias) return -e8m0.bias
  return top * powerOfTwo(e) >= maximum ? e : e + 1
}

/** First-pass exponents of the two fixed rules. */
export function firstExponent(maximum: number, rule: 'paper' | 'ocp'): number {
  return blockExponent(maximum, rule === 'paper' ? 4 : fp4e2m1.max)
}

/** The next pass's exponent, if it follows the fixed ratio of 8. E8M0 ends at 2^−127. */
export function nextExponent(exponent: number, step = PASS_EXPONENT): number {
  return Math.max(exponent - step, -e8m0.bias)
}

/**
 * Splits activations into MXFP4 digits (Zheng et al., arXiv 2605.13915, MXFP4 decomposition; msd.md §2). Each
 * digit is the E2M1 number nearest to what the passes before left, ties to even. Binary64 holds all of it
 * exactly: scales are powers of two, and what a digit leaves is no larger than its target and a multiple of the
 * target's unit in the last place.
 * The largest error is mxfp4ErrorBound(max|x|, …).
 *
 * @param x row-major [rows · cols], finite, at most 2^129 in magnitude (beyond any float32)
 * @throws RangeError for a number that is not finite (naming row and column), lengths that do not agree, or an
 *   option out of its range
 */
export function decomposeMxfp4(x: Float32Array | Float64Array, options: Mxfp4Options): Mxfp4Digits {
  const where = 'decomposeMxfp4'
  const { rows, cols, passes = 2, scaleRule = 'paper' } = options
  checkShape(where, x, rows, cols)
  checkCount(where, 'passes', passes)
  checkChoice(where, 'scaleRule', scaleRule, ['paper', 'ocp', 'search'])
  if (scaleRule === 'search' && passes > MAX_SEARCH_PASSES) {
    throw new RangeError(
      `${where}: ${passes} passes are too many to search the scales of; use at most ${MAX_SEARCH_PASSES}, ` +
        "or scaleRule 'paper'",
    )
  }
  const blocks = Math.ceil(cols / MX_BLOCK)
  const digits = Array.from({ length: passes }, () => new Uint8Array(rows * cols))
  const scales = Array.from({ length: passes }, () => new Uint8Array(rows * blocks))
  const rest = new Float64Array(MX_BLOCK)
  for (let row = 0, block = 0; row < rows; row++) {
    for (let column = 0; column < cols; column += MX_BLOCK, block++) {
      const start = row * cols + column
      const length = Math.min(MX_BLOCK, cols - column)
      const maximum = maximumMagnitude(where, x, start, start + length, cols, MX_MAX_MAGNITUDE)
      if (maximum === 0) continue
      for (let i = 0; i < length; i++) rest[i] = x[start + i]!
      const values = rest.subarray(0, length)
      const exponents =
        scaleRule === 'search'
          ? searchExponents(values, maximum, passes)
          : fixedExponents(maximum, passes, scaleRule)
      for (let d = 0; d < passes; d++) {
        scales[d]![block] = exponents[d]! + e8m0.bias
        takeDigit(values, exponents[d]!, values, digits[d]!.subarray(start, start + length))
      }
    }
  }
  return { format: 'mxfp4', rows, cols, passes, scaleRule, blocks, digits, scales }
}

function fixedExponents(maximum: number, passes: number, rule: 'paper' | 'ocp'): number[] {
  const exponents = [firstExponent(maximum, rule)]
  while (exponents.length < passes) exponents.push(nextExponent(exponents.at(-1)!))
  return exponents
}

/** rest = values − 2^exponent · digit, in place if they are the same array. Returns Σ rest². */
function takeDigit(values: Float64Array, exponent: number, rest: Float64Array, codes?: Uint8Array): number {
  const scale = powerOfTwo(exponent)
  const inverse = powerOfTwo(-exponent)
  let squares = 0
  for (let i = 0; i < values.length; i++) {
    const code = fp4e2m1.encode(values[i]! * inverse)
    const left = values[i]! - scale * fp4e2m1.decode(code)
    rest[i] = left
    squares += left * left
    if (codes !== undefined) codes[i] = code
  }
  return squares
}

/** First-pass exponents that the search tries. */
export function firstCandidates(maximum: number): number[] {
  const first = firstExponent(maximum, 'paper')
  return [...new Set([first, nextExponent(first, 1)])]
}

/** What it tries after one. */
export function nextCandidates(exponent: number): number[] {
  return SEARCH_STEPS.map((step) => nextExponent(exponent, step))
}

/** Depth-first over the exponents of all passes; the first of equally good combinations wins. */
function searchExponents(values: Float64Array, maximum: number, passes: number): number[] {
  const rests = Array.from({ length: passes }, () => new Float64Array(values.length))
  const exponents: number[] = []
  let best: number[] = []
  let bestSquares = Number.POSITIVE_INFINITY
  const visit = (from: Float64Array, candidates: readonly number[]): void => {
    const pass = exponents.length
    for (const exponent of candidates) {
      exponents.push(exponent)
      const squares = takeDigit(from, exponent, rests[pass]!)
      if (pass + 1 < passes) {
        visit(rests[pass]!, nextCandidates(exponent))
      } else if (squares < bestSquares) {
        bestSquares = squares
        best = [...exponents]
      }
      exponents.pop()
    }
  }
  visit(values, firstCandidates(maximum))
  return best
}
