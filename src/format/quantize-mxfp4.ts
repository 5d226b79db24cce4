import { exponentOf, powerOfTwo } from '../dtype/index.js'

/** Every finite float32 has an MXFP4 that is near: 6 · 2^125 is three quarters of the largest one. */
export const MXFP4_MAX = (2 - 2 ** -23) * 2 ** 127

const BIAS = 127
/** Weights of larger exponents would not be float32: 4 · 2^126 = 2^128. */
const MAX_EXPONENT = 125

/**
 * Writes values[from … from + 31] as an MXFP4 block with the exponent of least error.
 *
 * Let E2M1 be {0, ½, 1, 1½, 2, 3, 4, 6}. Its multiples by 2^(e+1) up to 6 · 2^e are multiples by 2^e too, so if no
 * magnitude is above 7 · 2^e (where 6 and 8 are equally near) e is at least as good as e + 1, and so on upwards. Let
 * then e be the smallest such exponent; M, the largest magnitude, is above 7 · 2^(e−1). One exponent less can be
 * better, for what it makes finer. Two less cannot: with u = 2^(e−2) the code of M becomes 6u instead of 12u, which
 * adds (M−6u)² − (M−12u)² ≥ 60u² as M > 14u, while only ½u and 1½u are new below 6u, which saves u²/4 for each of the
 * 31 others at most; likewise further down.
 * @param max the largest magnitude of the 32, at most MXFP4_MAX
 */
export function quantizeMxfp4Block(
  values: Float32Array,
  from: number,
  max: number,
  out: Uint8Array,
  to: number,
): void {
  // max = f · 2^n with 1 ≤ f < 2: it is at most 7 · 2^(n−2) if f ≤ 7/4, else at most 7 · 2^(n−1).
  const n = max === 0 ? -BIAS : exponentOf(max)
  const least = max > 7 * powerOfTwo(n - 2) ? n - 1 : n - 2
  const high = Math.min(Math.max(least, -BIAS), MAX_EXPONENT)
  let exponent = high
  // Above 9 · 2^(e−1) the smaller exponent loses more on M alone than it can save: (M−6u)² − (M−8u)² > 31u²/4.
  if (high > -BIAS && max <= 9 * powerOfTwo(high - 1)) {
    if (squaredError(values, from, high - 1) < 4 * squaredError(values, from, high)) exponent = high - 1
  }
  out[to] = exponent + BIAS
  const inverse = powerOfTwo(-exponent)
  for (let i = 0; i < 16; i++) {
    out[to + 1 + i] = codeOf(values[from + i]! * inverse) | (codeOf(values[from + 16 + i]! * inverse) << 4)
  }
}

/** Twice the values of E2M1's codes without their sign. */
const TWICE_E2M1 = Float64Array.of(0, 1, 2, 3, 4, 6, 8, 12)

/** Σ error² of the block in units of 4^exponent, which neither overflow nor underflow. */
function squaredError(values: Float32Array, from: number, exponent: number): number {
  const inverse = powerOfTwo(-exponent)
  let sum = 0
  for (let i = from; i < from + 32; i++) {
    const scaled = Math.abs(values[i]! * inverse)
    const error = scaled - TWICE_E2M1[magnitudeCode(scaled)]! / 2
    sum += error * error
  }
  return sum
}

/** The E2M1 code nearest to x, ties to the even code; zeros are positive. */
function codeOf(x: number): number {
  const code = magnitudeCode(Math.abs(x))
  return x < 0 && code > 0 ? code | 8 : code
}

/** How many midpoints between neighbouring codes are passed; those to be rounded up to an even code count as passed. */
function magnitudeCode(x: number): number {
  return (
    Number(x > 0.25) +
    Number(x >= 0.75) +
    Number(x > 1.25) +
    Number(x >= 1.75) +
    Number(x > 2.5) +
    Number(x >= 3.5) +
    Number(x > 5)
  )
}
