import { exponentOf, isNegative, powerOfTwo, roundHalfEven } from './binary64.js'

/**
 * What a number beyond the largest finite value becomes (OCP OFP8 1.0, conversion table; IEEE 754 for the
 * formats with Inf).
 *
 *   source            saturating   non-saturating, with Inf   non-saturating, NaN only
 *   NaN               NaN          NaN                        NaN
 *   ±Inf              ±max         ±Inf                       NaN
 *   beyond ±max       ±max         ±Inf                       NaN
 *
 * "Beyond ±max" is decided after rounding: fp8e4m3 rounds 464 to 448 and only what lies above it overflows.
 */
export type Conversion = 'saturating' | 'non-saturating'

/**
 * Which codes are no numbers: `inf-nan` gives the whole top exponent to Inf and NaN (IEEE 754), `nan` only the
 * all-ones code (the "FN" formats), `none` nothing.
 */
export type SpecialCodes = 'inf-nan' | 'nan' | 'none'

/** A binary floating-point format of at most 16 bits: 1 sign bit, then exponent, then mantissa. */
export interface MinifloatFormat {
  readonly name: string
  readonly exponentBits: number
  readonly mantissaBits: number
  readonly bias: number
  readonly special: SpecialCodes
}

/**
 * Exact codec of a small floating-point format. Codes are unsigned integers of `bits` bits, sign highest.
 * Encoding rounds once, from binary64, to nearest even: going through float32 first would round twice and
 * move numbers that lie just beside a midpoint onto it.
 */
export class Minifloat {
  readonly name: string
  /** Width of a code. */
  readonly bits: number
  readonly exponentBits: number
  readonly mantissaBits: number
  readonly bias: number
  /** Largest finite value. */
  readonly max: number
  /** Smallest positive value with full precision. */
  readonly minNormal: number
  /** Smallest positive value, the spacing around zero. */
  readonly minSubnormal: number
  /** Distance from 1 to the next value; a rounding's relative error is at most half of it. */
  readonly epsilon: number

  readonly #special: SpecialCodes
  readonly #minExponent: number
  readonly #maxExponent: number
  readonly #signBit: number
  readonly #maxCode: number
  readonly #nanCode: number
  #values: Float32Array | undefined

  constructor(format: MinifloatFormat) {
    const { name, exponentBits, mantissaBits, bias, special } = format
    this.name = name
    this.exponentBits = exponentBits
    this.mantissaBits = mantissaBits
    this.bias = bias
    this.bits = 1 + exponentBits + mantissaBits
    this.#special = special
    this.#signBit = 1 << (this.bits - 1)
    const reserved = special === 'inf-nan' ? 1 << mantissaBits : special === 'nan' ? 1 : 0
    this.#maxCode = this.#signBit - 1 - reserved
    this.#nanCode = this.#maxCode + 1 + (special === 'inf-nan' ? 1 << (mantissaBits - 1) : 0)
    this.#minExponent = 1 - bias
    this.#maxExponent = (this.#maxCode >> mantissaBits) - bias
    this.max = this.#magnitude(this.#maxCode)
    this.minNormal = powerOfTwo(this.#minExponent)
    this.minSubnormal = powerOfTwo(this.#minExponent - mantissaBits)
    this.epsilon = powerOfTwo(-mantissaBits)
  }

  /**
   * The code nearest to x, ties to the even code; the sign of zero is kept. Every NaN becomes one quiet NaN.
   *
   * @param conversion what becomes of numbers beyond `max`: by default non-saturating, but saturating where
   *   the format has neither Inf nor NaN
   * @throws RangeError if the format can hold neither x nor anything that stands for it
   */
  encode(x: number, conversion?: Conversion): number {
    if (Number.isNaN(x)) {
      if (this.#special === 'none') {
        throw new RangeError(`${this.name}: NaN has no code in this format; replace it before encoding`)
      }
      return this.#nanCode
    }
    const sign = isNegative(x) ? this.#signBit : 0
    const exponent = exponentOf(x)
    if (exponent > this.#maxExponent) return sign | this.#overflow(x, conversion)
    // A unit in the last place is 2^(e − mantissaBits), and stops shrinking at the smallest normal exponent.
    // The quotient is exact, so the one rounding is roundHalfEven's; a carry runs on into the exponent field.
    const e = Math.max(exponent, this.#minExponent)
    const units = roundHalfEven(Math.abs(x) * powerOfTwo(this.mantissaBits - e))
    const code = ((e - this.#minExponent) << this.mantissaBits) + units
    return sign | (code > this.#maxCode ? this.#overflow(x, conversion) : code)
  }

  /**
   * The value of a code, exactly.
   *
   * @throws RangeError if `code` is not an integer of `bits` bits
   */
  decode(code: number): number {
    const value = this.values()[code]
    if (value === undefined) {
      throw new RangeError(`${this.name}: ${code} is not a code; codes are 0 to ${2 * this.#signBit - 1}`)
    }
    return value
  }

  /** The value of the format nearest to x; see {@link encode}. */
  round(x: number, conversion?: Conversion): number {
    return this.decode(this.encode(x, conversion))
  }

  /** The values of all codes, in order; float32 holds each of them exactly. Made on first use. */
  protected values(): Float32Array {
    if (this.#values === undefined) {
      this.#values = new Float32Array(2 * this.#signBit)
      for (let code = 0; code < this.#signBit; code++) {
        const magnitude = this.#magnitude(code)
        this.#values[code] = magnitude
        this.#values[code | this.#signBit] = -magnitude
      }
    }
    return this.#values
  }

  #overflow(x: number, conversion: Conversion | undefined): number {
    if (conversion === 'non-saturating' || (conversion === undefined && this.#special !== 'none')) {
      if (this.#special === 'none') {
        throw new RangeError(
          `${this.name}: ${x} exceeds ${this.max} and the format has neither Inf nor NaN; ` +
            'use the saturating conversion',
        )
      }
      return this.#maxCode + 1
    }
    return this.#maxCode
  }

  /** Value of a code without its sign bit. */
  #magnitude(code: number): number {
    if (code > this.#maxCode) {
      return this.#special === 'inf-nan' && code === this.#maxCode + 1 ? Number.POSITIVE_INFINITY : Number.NaN
    }
    const field = code >> this.mantissaBits
    const fraction = code & ((1 << this.mantissaBits) - 1)
    if (field === 0) return fraction * powerOfTwo(this.#minExponent - this.mantissaBits)
    return (fraction + (1 << this.mantissaBits)) * powerOfTwo(field - this.bias - this.mantissaBits)
  }
}
