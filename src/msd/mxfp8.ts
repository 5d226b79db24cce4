import { e8m0, fp8e4m3, powerOfTwo } from '../dtype/index.js'
import { checkMaximum, checkShape, maximumMagnitude } from './check.js'
import { blockExponent, MX_BLOCK, MX_MAX_MAGNITUDE } from './mxfp4.js'
import { worstRoundingError } from './rounding.js'

/** x[m][k] ≈ e8m0(scales[m][b]) · e4m3(codes[m][k]), b = ⌊k / 32⌋. */
export interface Mxfp8Codes {
  readonly format: 'mxfp8'
  readonly rows: number
  readonly cols: number
  /** Blocks of a row, ⌈cols / 32⌉. */
  readonly blocks: number
  /** E4M3 codes, row-major [rows · cols]. */
  readonly codes: Uint8Array
  /** E8M0 codes, row-major [rows · blocks]. */
  readonly scales: Uint8Array
}

/**
 * One-pass MXFP8 (E4M3), what MXFP4 digits are compared with (Zheng et al., arXiv 2605.13915; msd.md §2).
 * Blocks of 32; a block's scale is the smallest power of two with 448 · scale ≥ max|x|, so nothing is clipped. The largest error is
 * mxfp8ErrorBound(max |x|).
 *
 * @param x row-major [rows · cols], finite, at most 2^129 in magnitude
 * @throws RangeError for a number that is not finite (naming row and column) or lengths that do not agree
 */
export function quantizeMxfp8(
  x: Float32Array | Float64Array,
  { rows, cols }: { readonly rows: number; readonly cols: number },
): Mxfp8Codes {
  const where = 'quantizeMxfp8'
  checkShape(where, x, rows, cols)
  const blocks = Math.ceil(cols / MX_BLOCK)
  const codes = new Uint8Array(rows * cols)
  const scales = new Uint8Array(rows * blocks)
  for (let row = 0, block = 0; row < rows; row++) {
    for (let column = 0; column < cols; column += MX_BLOCK, block++) {
      const start = row * cols + column
      const end = row * cols + Math.min(column + MX_BLOCK, cols)
      const maximum = maximumMagnitude(where, x, start, end, cols, MX_MAX_MAGNITUDE)
      if (maximum === 0) continue
      const exponent = blockExponent(maximum, fp8e4m3.max)
      scales[block] = exponent + e8m0.bias
      const inverse = powerOfTwo(-exponent)
      for (let i = start; i < end; i++) codes[i] = fp8e4m3.encode(x[i]! * inverse)
    }
  }
  return { format: 'mxfp8', rows, cols, blocks, codes, scales }
}

/**
 * The largest |x − x̂| of a block of quantizeMxfp8 whose largest magnitude is M = `maximum`, in units of x: s · (worst rounding
 * of E4M3 up to M/s). Exact, since scales are powers of two, and reached. M/s lies in (224, 448]; values there stand 32 apart
 * from 256 on and 16 below, so it is 16·s from M = 272·s on (M/17, the largest share of M), and never more.
 *
 * @throws RangeError if `maximum` is not finite or negative
 */
export function mxfp8ErrorBound(maximum: number): number {
  checkMaximum('mxfp8ErrorBound', maximum)
  const scale = powerOfTwo(blockExponent(maximum, fp8e4m3.max))
  return scale * worstRoundingError(fp8e4m3, maximum / scale)
}
