/**
 * Number formats of 4, 8 and 16 bits, exact: one rounding from float64, to nearest even, as IEEE 754 and the
 * OCP OFP8 1.0 and MX 1.0 specifications define them.
 */
export { exponentOf, powerOfTwo, roundHalfEven } from './binary64.js'
export { e8m0, type ScaleRounding } from './e8m0.js'
export { bf16, fp4e2m1, fp8e4m3, fp8e5m2, fp16, type Minifloat16 } from './formats.js'
export { type Conversion, Minifloat, type MinifloatFormat, type SpecialCodes } from './minifloat.js'
