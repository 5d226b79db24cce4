/**
 * Exact operations on binary64 numbers, by their bits: Math.log2 and ** may be off by one unit in the last
 * place, and a block scale that is off by a factor of two is a wrong result, not a rounding error.
 */

const value = new Float64Array(1)
const words = new Uint32Array(value.buffer)
/** Which of the two words holds sign and exponent: 1 on little-endian machines. */
const HIGH = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1 ? 1 : 0

/** Adding and subtracting 1.5 · 2^52 leaves no fraction bits, so the addition itself rounds to nearest even. */
const INTEGER_SHIFT = 1.5 * 2 ** 52

/** The integer nearest to x, ties to even. Exact for |x| ≤ 2^51. */
export function roundHalfEven(x: number): number {
  return x + INTEGER_SHIFT - INTEGER_SHIFT
}

/** ⌊log2|x|⌋; −1023 for every |x| below 2^−1022, zero included; 1024 for Infinity and NaN. */
export function exponentOf(x: number): number {
  value[0] = x
  return ((words[HIGH]! >>> 20) & 0x7ff) - 1023
}

/** Whether the sign bit is set: true for −0 too. */
export function isNegative(x: number): boolean {
  value[0] = x
  return words[HIGH]! >>> 31 === 1
}

/** 2^n, exactly, for integers n in [−1022, 1023]. */
export function powerOfTwo(n: number): number {
  words[HIGH] = (n + 1023) << 20
  words[1 - HIGH] = 0
  return value[0]!
}
