// Sums of digits times codes with relaxed SIMD: digits are bytes, and one instruction adds four products of a digit and
// a code of seven bits (vpdpbusd, SDOT).
//
// The loops are short on purpose: V8 keeps what they carry in registers and unrolls them itself. Unrolled by hand, the
// same code is half as fast (docs/rejected.md).
import { BIT_SIX, HIGH_PAIRS, LOW_NIBBLES, LOW_SEVEN } from '../base/wasm_memory.as'
import { CODE_BYTES, CODE_SIX } from './wasm_layout.as'

/** Bytes of a digit's plane of a group. */
const PLANE: usize = 32

export class ByteSums {
  /**
   * Σ digit · code of one part (16 / parts quads) of a group for each of 16 rows: int32 [16] of the first two digits to
   * out, of a third one to out + 64. KIND, PARTS, PASSES and SPLIT are constants where this is inlined.
   * SPLIT: codes have eight bits, and the CPU takes seven.
   * @param codes of the whole group
   * @param digits of the whole group: planes of 32 bytes
   * @param start what the sums of the first two digits begin with
   * @param third what those of the third begin with
   */
  @inline static part(
    KIND: i32,
    PARTS: i32,
    PASSES: i32,
    SPLIT: bool,
    codes: usize,
    digits: usize,
    part: i32,
    start: i32,
    third: i32,
    out: usize,
  ): void {
    const d = digits + ((part << 4) as usize)
    if (KIND == CODE_BYTES) {
      const c = codes + ((part << 8) as usize)
      const end = c + ((512 / PARTS) as usize)
      if (PASSES == 1) ByteSums.one(SPLIT, c, end, d, start, out)
      else ByteSums.two(SPLIT, c, end, d, start, out)
      if (PASSES == 3) ByteSums.one(SPLIT, c, end, d + 2 * PLANE, third, out + 64)
    } else if (KIND == CODE_SIX) {
      if (part == 0) ByteSums.six(codes, d, 0, start, out)
      else ByteSums.six(codes, d, 4, start, out)
    } else ByteSums.nibbles(codes, d, start, out)
  }

  @inline private static dot(digits: v128, codes: v128, sum: v128): v128 {
    return i32x4.relaxed_dot_i8x16_i7x16_add_s(digits, codes, sum)
  }

  /** The same for codes of eight bits: the upper one counts twice 64. */
  @inline private static wide(SPLIT: bool, digits: v128, codes: v128, sum: v128): v128 {
    if (!SPLIT) return ByteSums.dot(digits, codes, sum)
    const top = v128.and(i16x8.shr_u(codes, 1), v128.load(BIT_SIX))
    const low = v128.and(codes, v128.load(LOW_SEVEN))
    return ByteSums.dot(digits, top, ByteSums.dot(digits, top, ByteSums.dot(digits, low, sum)))
  }

  /** Moves the bits of the second half of a group to where those of the first are. */
  @inline private static down(v: v128, SHIFT: i32): v128 {
    return SHIFT == 0 ? v : i16x8.shr_u(v, 4)
  }

  @inline private static store(out: usize, a: v128, b: v128, c: v128, d: v128): void {
    v128.store(out, a)
    v128.store(out, b, 16)
    v128.store(out, c, 32)
    v128.store(out, d, 48)
  }

  @inline private static both(high: v128, low: v128): v128 {
    return i32x4.add(i32x4.shl(high, 8), low)
  }

  @inline private static one(SPLIT: bool, c: usize, end: usize, d: usize, start: i32, out: usize): void {
    let l0 = i32x4.splat(start)
    let l1 = l0
    let l2 = l0
    let l3 = l0
    do {
      const l = v128.load32_splat(d)
      l0 = ByteSums.wide(SPLIT, l, v128.load(c), l0)
      l1 = ByteSums.wide(SPLIT, l, v128.load(c, 16), l1)
      l2 = ByteSums.wide(SPLIT, l, v128.load(c, 32), l2)
      l3 = ByteSums.wide(SPLIT, l, v128.load(c, 48), l3)
      c += 64
      d += 4
    } while (c < end)
    ByteSums.store(out, l0, l1, l2, l3)
  }

  @inline private static two(SPLIT: bool, c: usize, end: usize, d: usize, start: i32, out: usize): void {
    let l0 = i32x4.splat(start)
    let l1 = l0
    let l2 = l0
    let l3 = l0
    let h0 = i32x4.splat(0)
    let h1 = h0
    let h2 = h0
    let h3 = h0
    do {
      const h = v128.load32_splat(d)
      const l = v128.load32_splat(d, PLANE)
      let w = v128.load(c)
      h0 = ByteSums.wide(SPLIT, h, w, h0)
      l0 = ByteSums.wide(SPLIT, l, w, l0)
      w = v128.load(c, 16)
      h1 = ByteSums.wide(SPLIT, h, w, h1)
      l1 = ByteSums.wide(SPLIT, l, w, l1)
      w = v128.load(c, 32)
      h2 = ByteSums.wide(SPLIT, h, w, h2)
      l2 = ByteSums.wide(SPLIT, l, w, l2)
      w = v128.load(c, 48)
      h3 = ByteSums.wide(SPLIT, h, w, h3)
      l3 = ByteSums.wide(SPLIT, l, w, l3)
      c += 64
      d += 4
    } while (c < end)
    ByteSums.store(
      out,
      ByteSums.both(h0, l0),
      ByteSums.both(h1, l1),
      ByteSums.both(h2, l2),
      ByteSums.both(h3, l3),
    )
  }

  /** Two digits, codes as nibbles, straight from the packed matrix: for single tokens. */
  @inline private static nibbles(c: usize, d: usize, start: i32, out: usize): void {
    const low = v128.load(LOW_NIBBLES)
    const end = c + 256
    let l0 = i32x4.splat(start)
    let l1 = l0
    let l2 = l0
    let l3 = l0
    let h0 = i32x4.splat(0)
    let h1 = h0
    let h2 = h0
    let h3 = h0
    do {
      // Digits of a quad of the first half of the group, and of the second.
      const h = v128.load32_splat(d)
      const l = v128.load32_splat(d, PLANE)
      const i = v128.load32_splat(d, 16)
      const m = v128.load32_splat(d, 16 + PLANE)
      let w = v128.load(c)
      let a = v128.and(w, low)
      let b = v128.and(i16x8.shr_u(w, 4), low)
      h0 = ByteSums.dot(i, b, ByteSums.dot(h, a, h0))
      l0 = ByteSums.dot(m, b, ByteSums.dot(l, a, l0))
      w = v128.load(c, 16)
      a = v128.and(w, low)
      b = v128.and(i16x8.shr_u(w, 4), low)
      h1 = ByteSums.dot(i, b, ByteSums.dot(h, a, h1))
      l1 = ByteSums.dot(m, b, ByteSums.dot(l, a, l1))
      w = v128.load(c, 32)
      a = v128.and(w, low)
      b = v128.and(i16x8.shr_u(w, 4), low)
      h2 = ByteSums.dot(i, b, ByteSums.dot(h, a, h2))
      l2 = ByteSums.dot(m, b, ByteSums.dot(l, a, l2))
      w = v128.load(c, 48)
      a = v128.and(w, low)
      b = v128.and(i16x8.shr_u(w, 4), low)
      h3 = ByteSums.dot(i, b, ByteSums.dot(h, a, h3))
      l3 = ByteSums.dot(m, b, ByteSums.dot(l, a, l3))
      c += 64
      d += 4
    } while (c < end)
    ByteSums.store(
      out,
      ByteSums.both(h0, l0),
      ByteSums.both(h1, l1),
      ByteSums.both(h2, l2),
      ByteSums.both(h3, l3),
    )
  }

  /** A quad of six-bit codes: `bits` holds its upper two at bits 0 and 1, or 2 and 3 if odd. */
  @inline private static code(nibbles: v128, bits: v128, odd: bool): v128 {
    const upper = odd ? i16x8.shl(bits, 2) : i16x8.shl(bits, 4)
    return v128.or(v128.and(nibbles, v128.load(LOW_NIBBLES)), v128.and(upper, v128.load(HIGH_PAIRS)))
  }

  /** The same for six bits; SHIFT: 0 for the first half of the group, 4 for the second. */
  @inline private static six(c: usize, d: usize, SHIFT: i32, start: i32, out: usize): void {
    let pairs = c + 256
    const end = pairs
    let l0 = i32x4.splat(start)
    let l1 = l0
    let l2 = l0
    let l3 = l0
    let h0 = i32x4.splat(0)
    let h1 = h0
    let h2 = h0
    let h3 = h0
    do {
      const h = v128.load32_splat(d)
      const l = v128.load32_splat(d, PLANE)
      const i = v128.load32_splat(d, 4)
      const m = v128.load32_splat(d, 4 + PLANE)
      let bits = ByteSums.down(v128.load(pairs), SHIFT)
      let a = ByteSums.code(ByteSums.down(v128.load(c), SHIFT), bits, false)
      let b = ByteSums.code(ByteSums.down(v128.load(c, 64), SHIFT), bits, true)
      h0 = ByteSums.dot(i, b, ByteSums.dot(h, a, h0))
      l0 = ByteSums.dot(m, b, ByteSums.dot(l, a, l0))
      bits = ByteSums.down(v128.load(pairs, 16), SHIFT)
      a = ByteSums.code(ByteSums.down(v128.load(c, 16), SHIFT), bits, false)
      b = ByteSums.code(ByteSums.down(v128.load(c, 80), SHIFT), bits, true)
      h1 = ByteSums.dot(i, b, ByteSums.dot(h, a, h1))
      l1 = ByteSums.dot(m, b, ByteSums.dot(l, a, l1))
      bits = ByteSums.down(v128.load(pairs, 32), SHIFT)
      a = ByteSums.code(ByteSums.down(v128.load(c, 32), SHIFT), bits, false)
      b = ByteSums.code(ByteSums.down(v128.load(c, 96), SHIFT), bits, true)
      h2 = ByteSums.dot(i, b, ByteSums.dot(h, a, h2))
      l2 = ByteSums.dot(m, b, ByteSums.dot(l, a, l2))
      bits = ByteSums.down(v128.load(pairs, 48), SHIFT)
      a = ByteSums.code(ByteSums.down(v128.load(c, 48), SHIFT), bits, false)
      b = ByteSums.code(ByteSums.down(v128.load(c, 112), SHIFT), bits, true)
      h3 = ByteSums.dot(i, b, ByteSums.dot(h, a, h3))
      l3 = ByteSums.dot(m, b, ByteSums.dot(l, a, l3))
      c += 128
      pairs += 64
      d += 8
    } while (c < end)
    ByteSums.store(
      out,
      ByteSums.both(h0, l0),
      ByteSums.both(h1, l1),
      ByteSums.both(h2, l2),
      ByteSums.both(h3, l3),
    )
  }
}
