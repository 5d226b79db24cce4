import { exponentOf, powerOfTwo } from './binary64.js'
import type { Conversion } from './minifloat.js'

/**
 * How a number between two powers of two is encoded: `nearest` by distance, the tie 1.5 · 2^e to the even
 * code; `up` and `down` to the next larger or smaller power. A block scale that must not let its block
 * overflow rounds up.
 */
export type ScaleRounding = 'nearest' | 'up' | 'down'

const BIAS = 127
const NAN = 0xff
const MAX_CODE = 0xfe

/** OCP MX E8M0, the block scale: an exponent alone. Code c is 2^(c − 127), 0xff is NaN; no sign, no zero. */
export const e8m0 = {
  name: 'e8m0',
  bits: 8,
  bias: BIAS,
  /** Largest value, 2^127. */
  max: powerOfTwo(MAX_CODE - BIAS),
  /** Smallest value, 2^−127. */
  min: powerOfTwo(-BIAS),

  /**
   * The code of a scale. Scales below 2^−127 become 2^−127, whatever the rounding.
   *
   * @param conversion what becomes of scales that are beyond 2^127 after rounding: NaN if non-saturating,
   *   2^127 if saturating
   * @throws RangeError if x is zero or negative
   */
  encode(x: number, rounding: ScaleRounding = 'nearest', conversion: Conversion = 'non-saturating'): number {
    if (Number.isNaN(x)) return NAN
    if (x <= 0) throw new RangeError(`e8m0: ${x} has no code in this format; a scale must be positive`)
    let exponent = exponentOf(x)
    if (exponent < -BIAS) return 0
    if (exponent <= MAX_CODE - BIAS) {
      const significand = x * powerOfTwo(-exponent)
      const odd = (exponent + BIAS) % 2 === 1
      const upward = rounding === 'up' ? significand > 1 : significand > 1.5 || (significand === 1.5 && odd)
      if (upward && rounding !== 'down') exponent++
    }
    if (exponent > MAX_CODE - BIAS) {
      const towardMax = conversion === 'saturating' || (rounding === 'down' && x !== Number.POSITIVE_INFINITY)
      return towardMax ? MAX_CODE : NAN
    }
    return exponent + BIAS
  },

  /**
   * The value of a code; NaN for 0xff.
   *
   * @throws RangeError if `code` is not an integer in [0, 255]
   */
  decode(code: number): number {
    if (!Number.isInteger(code) || code < 0 || code > NAN) {
      throw new RangeError(`e8m0: ${code} is not a code; codes are 0 to 255`)
    }
    return code === NAN ? Number.NaN : powerOfTwo(code - BIAS)
  },

  /** The power of two that x is encoded as. */
  round(x: number, rounding?: ScaleRounding, conversion?: Conversion): number {
    return this.decode(this.encode(x, rounding, conversion))
  },
} as const
