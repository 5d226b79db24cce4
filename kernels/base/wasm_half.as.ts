// Half precision to float32 and back, four lanes at a time, by integer operations: WebAssembly has no conversion.
import { HALF_BITS, HALF_FACTOR } from './wasm_memory.as'

export class Half {
  /**
   * Four finite halves, sign-extended to words of 32 bits. The product moves the exponent's bias from 15 to 127 and
   * makes subnormals normal, slowly on some CPUs: for scales, which are hardly ever subnormal.
   */
  @inline static scales(words: v128): v128 {
    return f32x4.mul(v128.and(i32x4.shl(words, 13), v128.load(HALF_BITS)), v128.load(HALF_FACTOR))
  }

  /** Any four halves, zero-extended to words of 32 bits; infinities and NaN included. */
  @inline static decode(words: v128): v128 {
    const magnitude = i32x4.shl(v128.and(words, i32x4.splat(0x7fff)), 13)
    const sign = i32x4.shl(v128.and(words, i32x4.splat(0x8000)), 16)
    // Exponents 31 become 255: twice the shift of the bias.
    const special = i32x4.ge_s(magnitude, i32x4.splat(0x7c00 << 13))
    const shift = v128.bitselect(i32x4.splat(224 << 23), i32x4.splat(112 << 23), special)
    const normal = i32x4.add(magnitude, shift)
    // m · 2^-24 as the difference of 2^-14 · (1 + m / 1024) and 2^-14.
    const tiny = f32x4.sub(i32x4.add(magnitude, i32x4.splat(113 << 23)), i32x4.splat(113 << 23))
    const subnormal = i32x4.lt_s(magnitude, i32x4.splat(0x400 << 13))
    return v128.or(v128.bitselect(tiny, normal, subnormal), sign)
  }

  /** Four halves in the low 16 bits of each lane, rounded to nearest, ties to even; NaN stays NaN. */
  @inline static encode(x: v128): v128 {
    const sign = v128.and(x, i32x4.splat(0x80000000))
    const magnitude = v128.xor(x, sign)
    // Adding 0.5 leaves the bits of a subnormal half at the end of the mantissa, rounded by the addition.
    const tiny = i32x4.sub(f32x4.add(magnitude, f32x4.splat(0.5)), i32x4.splat(126 << 23))
    const odd = v128.and(i32x4.shr_u(magnitude, 13), i32x4.splat(1))
    const rounded = i32x4.add(i32x4.add(magnitude, odd), i32x4.splat(0xfff - (112 << 23)))
    const normal = i32x4.shr_u(rounded, 13)
    const large = i32x4.ge_s(magnitude, i32x4.splat(0x47800000)) // 65536
    const nan = i32x4.gt_s(magnitude, i32x4.splat(0x7f800000))
    const infinite = v128.or(i32x4.splat(0x7c00), v128.and(nan, i32x4.splat(0x0200)))
    const finite = v128.bitselect(tiny, normal, i32x4.lt_s(magnitude, i32x4.splat(113 << 23)))
    return v128.or(v128.bitselect(infinite, finite, large), i32x4.shr_u(sign, 16))
  }

  /** Stores the low 16 bits of the four lanes. */
  @inline static store(at: usize, halves: v128): void {
    v128.store64_lane(
      at,
      i8x16.shuffle(halves, halves, 0, 1, 4, 5, 8, 9, 12, 13, 0, 1, 4, 5, 8, 9, 12, 13),
      0,
    )
  }
}
