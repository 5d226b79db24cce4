import { fp4e2m1, fp8e4m3, powerOfTwo } from '../dtype/index.js'
import { checkMaximum, checkShape, maximumMagnitude } from './check.js'
import { MX_MAX_MAGNITUDE } from './mxfp4.js'
import { worstRoundingError } from './rounding.js'

/** Elements that share an E4M3 scale. */
export const NVFP4_BLOCK = 16

/** x[m][k] ≈ rowScales[m] · e4m3(scales[m][b]) · e2m1(codes[m][k]), b = ⌊k / 16⌋. */
export interface Nvfp4Codes {
  readonly format: 'nvfp4'
  readonly rows: number
  readonly cols: number
  /** Blocks of a row, ⌈cols / 16⌉; the last may be shorter. */
  readonly blocks: number
  /** E2M1 codes, one to a byte, row-major [rows · cols]. */
  readonly codes: Uint8Array
  /** E4M3 codes, row-major [rows · blocks]. */
  readonly scales: Uint8Array
  /** One float32 a row, max |x| / (6 · 448); 0 for a row of zeros or too small to scale. */
  readonly rowScales: Float32Array
}

/**
 * Activations in an NVFP4-like format: E2M1 in blocks of 16 with an E4M3 scale each, over one float32 scale. That second scale
 * is a row's here, not a whole tensor's, so that a row does not depend on the others. It maps the row's maximum to 6 · 448; a
 * block's scale is the E4M3 nearest to what maps its own maximum to 6, so the maximum may lie above 6, and saturates.
 * The largest error is nvfp4ErrorBound(max |x| of the block, max |x| of the row).
 *
 * @param x row-major [rows · cols], finite, at most 2^129 in magnitude
 * @throws RangeError for a number that is not finite (naming row and column) or lengths that do not agree
 */
export function quantizeNvfp4(
  x: Float32Array | Float64Array,
  { rows, cols }: { readonly rows: number; readonly cols: number },
): Nvfp4Codes {
  const where = 'quantizeNvfp4'
  checkShape(where, x, rows, cols)
  const blocks = Math.ceil(cols / NVFP4_BLOCK)
  const codes = new Uint8Array(rows * cols)
  const scales = new Uint8Array(rows * blocks)
  const rowScales = new Float32Array(rows)
  for (let row = 0, block = 0; row < rows; row++) {
    const [first, last] = [row * cols, (row + 1) * cols]
    const rowScale = nvfp4RowScale(maximumMagnitude(where, x, first, last, cols, MX_MAX_MAGNITUDE))
    rowScales[row] = rowScale
    for (let start = first; start < last; start += NVFP4_BLOCK, block++) {
      const end = Math.min(start + NVFP4_BLOCK, last)
      const code = nvfp4ScaleCode(maximumMagnitude(where, x, start, end, cols), rowScale)
      scales[block] = code
      if (code === 0) continue
      const scale = rowScale * fp8e4m3.decode(code)
      for (let i = start; i < end; i++) codes[i] = fp4e2m1.encode(x[i]! / scale, 'saturating')
    }
  }
  return { format: 'nvfp4', rows, cols, blocks, codes, scales, rowScales }
}

/** 0 where float32 has none so small. */
function nvfp4RowScale(rowMaximum: number): number {
  return Math.fround(rowMaximum / (fp4e2m1.max * fp8e4m3.max))
}

function nvfp4ScaleCode(maximum: number, rowScale: number): number {
  return rowScale === 0 ? 0 : fp8e4m3.encode(maximum / (fp4e2m1.max * rowScale), 'saturating')
}

/**
 * The largest |x − x̂| of a block of quantizeNvfp4, in units of x. With M = `maximum` of the block and S its scale (a function
 * of M and the row's maximum):
 *
 *   S · (worst rounding of E2M1 up to M/S) + 2^−52 · M,   or M where S is rounded to zero
 *
 * Proof as of fp8ErrorBound; S · code takes 24 + 4 + 2 bits, so that x̂ is exact in binary64.
 *
 * In terms of M and the row's maximum R, up to the rounding of the row's scale g = R/2688 by 2^−24 (r = M/(6g), b its E4M3, S = g·b):
 *
 * - 3M/17 while M ≥ R/28672. For then r ≥ 2^−6 is normal in E4M3, whose rounding moves it by at most r/17. Up to 6·S the error
 *   is at most S ≤ (18/17) · M/6; beyond it at most M − 6·S ≤ M/17. It is approached: r just above 17/16, x = 5·S.
 * - max(M/6 + R/2752512, R/458752) below. Rounding moves r by at most 2^−10: up to 6·S the error is at most
 *   S ≤ M/6 + g · 2^−10, beyond it (and where b is zero) at most M − 6·S ≤ 6g · 2^−10.
 *
 * @throws RangeError unless 0 ≤ maximum ≤ rowMaximum, both finite
 */
export function nvfp4ErrorBound(maximum: number, rowMaximum: number): number {
  const where = 'nvfp4ErrorBound'
  checkMaximum(where, maximum)
  checkMaximum(where, rowMaximum)
  if (maximum > rowMaximum) {
    throw new RangeError(`${where}: the block's maximum ${maximum} exceeds its row's, ${rowMaximum}`)
  }
  const rowScale = nvfp4RowScale(rowMaximum)
  const scale = rowScale * fp8e4m3.decode(nvfp4ScaleCode(maximum, rowScale))
  if (scale === 0) return maximum
  return scale * worstRoundingError(fp4e2m1, maximum / scale) + powerOfTwo(-52) * maximum
}
