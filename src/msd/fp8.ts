import { fp8e4m3, fp8e5m2, type Minifloat, powerOfTwo } from '../dtype/index.js'
import { checkChoice, checkMaximum, checkShape, maximumMagnitude } from './check.js'
import { MX_MAX_MAGNITUDE } from './mxfp4.js'
import { worstRoundingError } from './rounding.js'

/** The two 8-bit floats of OCP OFP8: four exponent bits and three of mantissa, or five and two. */
export type Fp8Element = 'e4m3' | 'e5m2'

export interface Fp8Options {
  readonly rows: number
  readonly cols: number
  /** Default 'e4m3'. */
  readonly element?: Fp8Element
}

/** x[m][k] ≈ scales[m] · fp8(codes[m][k]) */
export interface Fp8Codes {
  readonly format: 'fp8'
  readonly element: Fp8Element
  readonly rows: number
  readonly cols: number
  /** Codes of the element, row-major [rows · cols]. */
  readonly codes: Uint8Array
  /** One float32 a row, max |x| / largest element; 0 for a row of zeros or too small to scale. */
  readonly scales: Float32Array
}

export const FP8_ELEMENTS: Readonly<Record<Fp8Element, Minifloat>> = { e4m3: fp8e4m3, e5m2: fp8e5m2 }

/**
 * FP8 with one float32 scale per row, what 8-bit float pipelines do to activations: the row's maximum becomes the largest
 * element (448 or 57344), everything is divided by the same number and rounded once, saturating. The largest error is
 * fp8ErrorBound(max |x| of the row, element).
 *
 * @param x row-major [rows · cols], finite, at most 2^129 in magnitude
 * @throws RangeError for a number that is not finite (naming row and column), lengths that do not agree, or an
 *   option out of its range
 */
export function quantizeFp8(x: Float32Array | Float64Array, options: Fp8Options): Fp8Codes {
  const where = 'quantizeFp8'
  const { rows, cols, element = 'e4m3' } = options
  checkShape(where, x, rows, cols)
  checkChoice(where, 'element', element, ['e4m3', 'e5m2'])
  const codes = new Uint8Array(rows * cols)
  const scales = new Float32Array(rows)
  for (let row = 0; row < rows; row++) {
    const [start, end] = [row * cols, (row + 1) * cols]
    const scale = fp8Scale(maximumMagnitude(where, x, start, end, cols, MX_MAX_MAGNITUDE), element)
    scales[row] = scale
    if (scale === 0) continue
    for (let i = start; i < end; i++) codes[i] = FP8_ELEMENTS[element].encode(x[i]! / scale, 'saturating')
  }
  return { format: 'fp8', element, rows, cols, codes, scales }
}

/** The scale of a row whose largest magnitude is `maximum`; 0 where float32 has none so small. */
function fp8Scale(maximum: number, element: Fp8Element): number {
  return Math.fround(maximum / FP8_ELEMENTS[element].max)
}

/**
 * The largest |x − x̂| of a row of quantizeFp8 whose largest magnitude is M = `maximum`, in units of x:
 *
 *   s · (worst rounding of the element up to M/s) + 2^−52 · M,   s = f32(M / largest element)
 *
 * which is M/28 for E4M3 (half of 32 at 448) and M/14 for E5M2 (half of 8192 at 57344), up to the rounding of s by at most
 * 2^−24 (while s is a normal float32): where s is rounded down, M/s exceeds the largest element by less than half a unit in its last place, and saturates.
 * Proof: with t = fl(x/s), |x/s − t| ≤ 2^−53 · M/s, and |t| ≤ fl(M/s) since division and its rounding are monotonic; s · code
 * takes 28 bits, so that x̂ is exact in binary64. The other 2^−53 · M is for the bound's own product. A row too small for
 * a scale becomes zeros, with the bound M.
 *
 * @throws RangeError if `maximum` is not finite or negative, or the element is unknown
 */
export function fp8ErrorBound(maximum: number, element: Fp8Element = 'e4m3'): number {
  const where = 'fp8ErrorBound'
  checkMaximum(where, maximum)
  checkChoice(where, 'element', element, ['e4m3', 'e5m2'])
  const scale = fp8Scale(maximum, element)
  if (scale === 0) return maximum
  return scale * worstRoundingError(FP8_ELEMENTS[element], maximum / scale) + powerOfTwo(-52) * maximum
}
