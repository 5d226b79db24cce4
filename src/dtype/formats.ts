import { Minifloat } from './minifloat.js'

/** A 16-bit format; its arrays are what a model file holds. */
export class Minifloat16 extends Minifloat {
  /**
   * The values of many codes.
   *
   * @param out where to write, as long as `codes`; made if left out
   * @throws RangeError if the lengths differ
   */
  decodeArray(codes: Uint16Array, out: Float32Array = new Float32Array(codes.length)): Float32Array {
    this.checkLengths(codes.length, out.length)
    const values = this.values()
    for (let i = 0; i < codes.length; i++) out[i] = values[codes[i]!]!
    return out
  }

  /**
   * The codes of many numbers, each as {@link encode} rounds it (non-saturating).
   *
   * @param out where to write, as long as `x`; made if left out
   * @throws RangeError if the lengths differ
   */
  encodeArray(x: Float32Array | Float64Array, out: Uint16Array = new Uint16Array(x.length)): Uint16Array {
    this.checkLengths(x.length, out.length)
    for (let i = 0; i < x.length; i++) out[i] = this.encode(x[i]!)
    return out
  }

  protected checkLengths(length: number, outLength: number): void {
    if (length !== outLength) {
      throw new RangeError(`${this.name}: the output holds ${outLength} elements; it must hold ${length}`)
    }
  }
}

class BFloat16 extends Minifloat16 {
  /** A bf16 code is the high half of a float32: a shift is faster than the table, which exceeds the L1 cache. */
  override decodeArray(codes: Uint16Array, out: Float32Array = new Float32Array(codes.length)): Float32Array {
    this.checkLengths(codes.length, out.length)
    const bits = new Uint32Array(out.buffer, out.byteOffset, out.length)
    for (let i = 0; i < codes.length; i++) bits[i] = codes[i]! << 16
    return out
  }
}

/** bfloat16: the high half of a float32. */
export const bf16: Minifloat16 = new BFloat16({
  name: 'bf16',
  exponentBits: 8,
  mantissaBits: 7,
  bias: 127,
  special: 'inf-nan',
})

/** IEEE 754 binary16. */
export const fp16: Minifloat16 = new Minifloat16({
  name: 'fp16',
  exponentBits: 5,
  mantissaBits: 10,
  bias: 15,
  special: 'inf-nan',
})

/** OCP OFP8 E4M3 ("E4M3FN"): no Inf, NaN at 0x7f and 0xff, largest value 448. */
export const fp8e4m3: Minifloat = new Minifloat({
  name: 'fp8e4m3',
  exponentBits: 4,
  mantissaBits: 3,
  bias: 7,
  special: 'nan',
})

/** OCP OFP8 E5M2: Inf and NaN as in IEEE 754, largest finite value 57344. */
export const fp8e5m2: Minifloat = new Minifloat({
  name: 'fp8e5m2',
  exponentBits: 5,
  mantissaBits: 2,
  bias: 15,
  special: 'inf-nan',
})

/**
 * OCP MX FP4 E2M1: 0, 0.5, 1, 1.5, 2, 3, 4, 6 and their negatives, nothing else. Encoding saturates (Inf
 * becomes 6); NaN is an error because no code can stand for it.
 */
export const fp4e2m1: Minifloat = new Minifloat({
  name: 'fp4e2m1',
  exponentBits: 2,
  mantissaBits: 1,
  bias: 1,
  special: 'none',
})
