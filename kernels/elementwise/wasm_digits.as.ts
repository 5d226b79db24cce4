// Splitting activations into digits (msd.md §1, radix 256, in float32): M = max|x| over the scale's range,
// q = rn(x · (top / M)), held as signed digits in base 256. M = 0, or so small that top / M overflows, gives zeros.
import { digitBytes } from '../gemm/wasm_simd.as'
import { PANEL_GROUPS } from '../gemm/wasm_unpack.as'

const GROUP: i32 = 32
const INFINITY: i32 = 0x7f800000

export class Digits {
  /**
   * Row `row` of `rows`. Returns −1, or the column of the first value that is not finite; the digits are worthless then.
   * @param scratch 128 bytes for the last group, if columns are missing
   */
  static row(
    x: usize,
    cols: i32,
    passes: i32,
    perRow: bool,
    digits: usize,
    row: i32,
    rows: i32,
    scratch: usize,
  ): i32 {
    const top: f32 = passes == 1 ? 127 : passes == 2 ? 32512 : 8323072
    const size = digitBytes(passes) as usize
    let bits = 0
    if (perRow)
      for (let k = 0; k < cols; k += GROUP) {
        const group = Digits.maximum(Digits.group(x, k, cols, scratch))
        if (group > bits) bits = group
      }
    let g = 0
    for (let k = 0; k < cols; k += GROUP, g++) {
      // Where products want it: gemm/wasm_simd.as.ts.
      const index = ((g / PANEL_GROUPS) * rows + row) * PANEL_GROUPS + (g % PANEL_GROUPS)
      const info = digits + (index as usize) * size
      const group = Digits.group(x, k, cols, scratch)
      if (!perRow) bits = Digits.maximum(group)
      if (bits >= INFINITY) return Digits.notFinite(x, cols)
      const maximum = reinterpret<f32>(bits)
      let inverse = top / maximum
      if (inverse - inverse != 0) inverse = 0
      store<f32>(info, inverse == 0 ? 0 : maximum / top)
      Digits.half(group, passes, inverse, top, 0, info)
      Digits.half(group + 64, passes, inverse, top, 1, info)
    }
    return -1
  }

  /** Where the 32 values from column k on lie: missing ones are zeros, in scratch memory. */
  @inline static group(x: usize, k: i32, cols: i32, scratch: usize): usize {
    const at = x + ((k << 2) as usize)
    if (k + GROUP <= cols) return at
    memory.fill(scratch, 0, 128)
    memory.copy(scratch, at, ((cols - k) << 2) as usize)
    return scratch
  }

  /** The largest magnitude of 32 values, as bits: those of infinity and NaN are the largest. */
  @inline static maximum(x: usize): i32 {
    const magnitude = i32x4.splat(0x7fffffff)
    let m = v128.and(v128.load(x), magnitude)
    for (let i: usize = 16; i < 128; i += 16) m = i32x4.max_s(m, v128.and(v128.load(x + i), magnitude))
    m = i32x4.max_s(m, i8x16.shuffle(m, m, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7))
    m = i32x4.max_s(m, i8x16.shuffle(m, m, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11))
    return i32x4.extract_lane(m, 0)
  }

  static notFinite(x: usize, cols: i32): i32 {
    let k = 0
    while ((load<i32>(x + ((k << 2) as usize)) & INFINITY) != INFINITY && k < cols) k++
    return k
  }

  @inline static round(x: usize, inverse: v128, top: v128): v128 {
    const scaled = f32x4.mul(v128.load(x), inverse)
    return i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.pmax(f32x4.neg(top), f32x4.pmin(scaled, top))))
  }

  @inline static sum(a: v128, b: v128, c: v128, d: v128): i32 {
    let s = i32x4.add(i32x4.add(a, b), i32x4.add(c, d))
    s = i32x4.add(s, i8x16.shuffle(s, s, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7))
    return i32x4.extract_lane(s, 0) + i32x4.extract_lane(s, 1)
  }

  /** q without its lowest digit. */
  @inline static upper(q: v128): v128 {
    return i32x4.shr_s(i32x4.add(q, i32x4.splat(128)), 8)
  }

  @inline static lowest(q: v128, upper: v128): v128 {
    return i32x4.sub(q, i32x4.shl(upper, 8))
  }

  /** Sixteen values; half: 0 or 1 within the group. */
  @inline static half(x: usize, passes: i32, inverse: f32, top: f32, half: i32, info: usize): void {
    const factor = f32x4.splat(inverse)
    const limit = f32x4.splat(top)
    let a = Digits.round(x, factor, limit)
    let b = Digits.round(x + 16, factor, limit)
    let c = Digits.round(x + 32, factor, limit)
    let d = Digits.round(x + 48, factor, limit)
    const at = info + 16 + ((half * 16 * Digits.WIDTH) as usize)
    let third = 0
    if (passes == 3) {
      const ua = Digits.upper(a)
      const ub = Digits.upper(b)
      const uc = Digits.upper(c)
      const ud = Digits.upper(d)
      const la = Digits.lowest(a, ua)
      const lb = Digits.lowest(b, ub)
      const lc = Digits.lowest(c, uc)
      const ld = Digits.lowest(d, ud)
      third = Digits.sum(la, lb, lc, ld)
      if (ASC_FEATURE_RELAXED_SIMD) Digits.bytes16(at + 64, la, lb, lc, ld)
      else Digits.words16(at + 64, la, lb, lc, ld)
      a = ua
      b = ub
      c = uc
      d = ud
    }
    store<i32>(info + ((half << 2) as usize), Digits.sum(a, b, c, d), 4)
    store<i16>(info + ((half << 1) as usize), third as i16, 12)
    if (!ASC_FEATURE_RELAXED_SIMD) Digits.words16(at, a, b, c, d)
    else if (passes == 1) Digits.bytes16(at, a, b, c, d)
    else {
      const ua = Digits.upper(a)
      const ub = Digits.upper(b)
      const uc = Digits.upper(c)
      const ud = Digits.upper(d)
      Digits.bytes16(at, ua, ub, uc, ud)
      Digits.bytes16(
        at + 32,
        Digits.lowest(a, ua),
        Digits.lowest(b, ub),
        Digits.lowest(c, uc),
        Digits.lowest(d, ud),
      )
    }
  }

  @inline static bytes16(at: usize, a: v128, b: v128, c: v128, d: v128): void {
    v128.store(at, i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(a, b), i16x8.narrow_i32x4_s(c, d)))
  }

  /** Within each four in the order 0, 2, 1, 3: even bytes of a word of codes meet their partners without a shuffle. */
  @inline static words16(at: usize, a: v128, b: v128, c: v128, d: v128): void {
    Digits.words8(at, i16x8.narrow_i32x4_s(a, b))
    Digits.words8(at + 16, i16x8.narrow_i32x4_s(c, d))
  }

  @inline static words8(at: usize, w: v128): void {
    v128.store(at, i8x16.shuffle(w, w, 0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15))
  }

  /** Bytes of a digit (or of two in one word). */
  @inline static get WIDTH(): i32 {
    return ASC_FEATURE_RELAXED_SIMD ? 1 : 2
  }
}
