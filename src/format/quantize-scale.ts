import { fp16 } from '../dtype/index.js'

/** What blocks with one fp16 scale have in common: codes low … high times the scale. */

/** Largest fp16. */
export const HALF_MAX = 65504
/** Smallest fp16 with full precision; below it they are multiples of HALF_STEP. */
export const HALF_NORMAL = 2 ** -14
export const HALF_STEP = 2 ** -24

/** 53 bits less these 42 are fp16's 11 (Veltkamp's splitting). */
const SPLIT = 2 ** 42 + 1
/** Sums beside it are multiples of 2^-24. */
const SHIFT = 1.5 * 2 ** 28

/**
 * The fp16 nearest to x, without the table that `fp16.round` looks at: it is asked for many scales a block. Of two
 * that are equally near it may take the odd one, which is as good a scale. Beyond HALF_MAX the result is no fp16.
 */
export function nearestHalf(x: number): number {
  if (Math.abs(x) < HALF_NORMAL) return x + SHIFT - SHIFT
  const product = x * SPLIT
  return product - (product - x)
}

/** Writes an fp16 number to two bytes. */
export function putHalf(out: Uint8Array, at: number, half: number): void {
  const code = fp16.encode(half)
  out[at] = code
  out[at + 1] = code >> 8
}

const word = new Float32Array(1)
const bits = new Uint32Array(word.buffer)

/** Whether the last `count` of the 23 fraction bits of a float32 are zero. */
export function endsInZeros(x: number, count: number): boolean {
  word[0] = x
  return (bits[0]! & ((1 << count) - 1)) === 0
}

/** Adding and subtracting it rounds a float64 to the nearest integer. */
export const ROUND = 1.5 * 2 ** 52

/** The code nearest to a weight over its scale. */
export function codeOf(scaled: number, low: number, high: number): number {
  const q = scaled + ROUND - ROUND
  return q > high ? high : q < low ? low : q
}

/** Σ (x − q·scale)² over values[from … from + 31], each with the nearest of the codes low … high. */
export function squaredError(
  values: Float32Array,
  from: number,
  scale: number,
  low: number,
  high: number,
): number {
  const inverse = scale === 0 ? 0 : 1 / scale
  // Two sums, so that an addition need not wait for the one before.
  let even = 0
  let odd = 0
  for (let i = from; i < from + 32; i += 2) {
    const x = values[i]!
    const y = values[i + 1]!
    const a = x - codeOf(x * inverse, low, high) * scale
    const b = y - codeOf(y * inverse, low, high) * scale
    even += a * a
    odd += b * b
  }
  return even + odd
}

/** Whether all 32 are codes times scale. Most are not, which the first of them tells. */
export function isExact(
  values: Float32Array,
  from: number,
  scale: number,
  low: number,
  high: number,
): boolean {
  const inverse = 1 / scale
  for (let i = from; i < from + 32; i++) {
    const x = values[i]!
    if (codeOf(x * inverse, low, high) * scale !== x) return false
  }
  return true
}
