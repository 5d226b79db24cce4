const EXPONENT_ONE = 1 << 23
const EXPONENT_MASK = 0x7f80_0000
const SIGN_MASK = 0x8000_0000

/**
 * F · 2^delta for every F of the array, by adding delta to its exponent field as an integer: a binary32 is
 * multiplied without a multiplication (Liao et al., arXiv 2509.25224, AMLA, lemma 3.1). Bit for bit what ldexp gives where
 * the result is a normal number; what would be smaller becomes a zero of the same sign, and so does a subnormal F.
 * Zeros, infinities and NaN stay.
 *
 * Where the running reference of an online softmax is a whole number, every rescaling is such a factor, and exact.
 * @param delta a whole number, at most 0: references only rise
 * @throws RangeError for another delta
 */
export function rescaleByExponent(values: Float32Array, delta: number): void {
  if (!Number.isSafeInteger(delta) || delta > 0)
    throw new RangeError(`rescaleByExponent: delta must be a whole number and not above 0, not ${delta}`)
  if (delta === 0) return
  const bits = new Int32Array(values.buffer, values.byteOffset, values.length)
  const fall = Math.min(-delta, 255) * EXPONENT_ONE
  for (let i = 0; i < bits.length; i++) {
    const exponent = bits[i] & EXPONENT_MASK
    if (exponent === EXPONENT_MASK) continue
    bits[i] = exponent > fall ? bits[i] - fall : bits[i] & SIGN_MASK
  }
}
