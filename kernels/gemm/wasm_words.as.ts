// Sums of digits times codes in plain SIMD: two digits are one word, 256 · h + l, and one instruction adds two products
// of a word and a code. Both digits at once, without the saturation of byte products; see wasm_bytes.as.ts for the
// shape of the loops.
import { EVEN_BYTES, HIGH_PAIRS, LOW_NIBBLES, WORD_NIBBLES } from '../base/wasm_memory.as'
import { CODE_BYTES, CODE_SIX, CODE_WORDS } from './wasm_layout.as'

/** Bytes of a plane of words of a group: the first two digits, then the third. */
const PLANE: usize = 64

export class WordSums {
  /** As ByteSums.part; digits: planes of 32 words, within each four in the order 0, 2, 1, 3. */
  @inline static part(
    KIND: i32,
    PARTS: i32,
    PASSES: i32,
    codes: usize,
    digits: usize,
    part: i32,
    start: i32,
    third: i32,
    out: usize,
  ): void {
    const d = digits + ((part << 5) as usize)
    if (KIND == CODE_WORDS) {
      const c = codes + ((part << 9) as usize)
      const end = c + ((1024 / PARTS) as usize)
      WordSums.words(c, end, d, start, out)
      if (PASSES == 3) WordSums.words(c, end, d + PLANE, third, out + 64)
    } else if (KIND == CODE_BYTES) WordSums.bytes(codes, d, start, out)
    else if (KIND == CODE_SIX) {
      if (part == 0) WordSums.six(codes, d, 0, start, out)
      else WordSums.six(codes, d, 4, start, out)
    } else WordSums.nibbles(codes, d, start, out)
  }

  /** sum + Σ a · codes of columns 0 and 2 of a quad + Σ b · those of 1 and 3. */
  @inline private static dot(sum: v128, a: v128, first: v128, b: v128, second: v128): v128 {
    return i32x4.add(sum, i32x4.add(i32x4.dot_i16x8_s(a, first), i32x4.dot_i16x8_s(b, second)))
  }

  @inline private static split(sum: v128, a: v128, b: v128, bytes: v128, even: v128): v128 {
    return WordSums.dot(sum, a, v128.and(bytes, even), b, i16x8.shr_u(bytes, 8))
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

  @inline private static words(c: usize, end: usize, d: usize, start: i32, out: usize): void {
    let s0 = i32x4.splat(start)
    let s1 = s0
    let s2 = s0
    let s3 = s0
    do {
      const a = v128.load32_splat(d)
      const b = v128.load32_splat(d, 4)
      s0 = WordSums.dot(s0, a, v128.load(c), b, v128.load(c, 64))
      s1 = WordSums.dot(s1, a, v128.load(c, 16), b, v128.load(c, 80))
      s2 = WordSums.dot(s2, a, v128.load(c, 32), b, v128.load(c, 96))
      s3 = WordSums.dot(s3, a, v128.load(c, 48), b, v128.load(c, 112))
      c += 128
      d += 8
    } while (c < end)
    WordSums.store(out, s0, s1, s2, s3)
  }

  /** Bytes straight from the packed matrix: for single tokens. */
  @inline private static bytes(c: usize, d: usize, start: i32, out: usize): void {
    const even = v128.load(EVEN_BYTES)
    const end = c + 512
    let s0 = i32x4.splat(start)
    let s1 = s0
    let s2 = s0
    let s3 = s0
    do {
      const a = v128.load32_splat(d)
      const b = v128.load32_splat(d, 4)
      s0 = WordSums.split(s0, a, b, v128.load(c), even)
      s1 = WordSums.split(s1, a, b, v128.load(c, 16), even)
      s2 = WordSums.split(s2, a, b, v128.load(c, 32), even)
      s3 = WordSums.split(s3, a, b, v128.load(c, 48), even)
      c += 64
      d += 8
    } while (c < end)
    WordSums.store(out, s0, s1, s2, s3)
  }

  @inline private static nibble(sum: v128, w: v128, low: v128, a: v128, b: v128, e: v128, f: v128): v128 {
    const first = WordSums.dot(sum, a, v128.and(w, low), b, v128.and(i16x8.shr_u(w, 8), low))
    return WordSums.dot(first, e, v128.and(i16x8.shr_u(w, 4), low), f, i16x8.shr_u(w, 12))
  }

  @inline private static nibbles(c: usize, d: usize, start: i32, out: usize): void {
    const low = v128.load(WORD_NIBBLES)
    const end = c + 256
    let s0 = i32x4.splat(start)
    let s1 = s0
    let s2 = s0
    let s3 = s0
    do {
      // Words of a quad of the first half of the group, and of the second.
      const a = v128.load32_splat(d)
      const b = v128.load32_splat(d, 4)
      const e = v128.load32_splat(d, 32)
      const f = v128.load32_splat(d, 36)
      s0 = WordSums.nibble(s0, v128.load(c), low, a, b, e, f)
      s1 = WordSums.nibble(s1, v128.load(c, 16), low, a, b, e, f)
      s2 = WordSums.nibble(s2, v128.load(c, 32), low, a, b, e, f)
      s3 = WordSums.nibble(s3, v128.load(c, 48), low, a, b, e, f)
      c += 64
      d += 8
    } while (c < end)
    WordSums.store(out, s0, s1, s2, s3)
  }

  /** Two quads of six-bit codes that share their upper bits. */
  @inline private static pair(
    sum: v128,
    nibbles: usize,
    pairs: usize,
    SHIFT: i32,
    a: v128,
    b: v128,
    e: v128,
    f: v128,
  ): v128 {
    const low = v128.load(LOW_NIBBLES)
    const high = v128.load(HIGH_PAIRS)
    const even = v128.load(EVEN_BYTES)
    const bits = WordSums.down(v128.load(pairs), SHIFT)
    const first = v128.and(WordSums.down(v128.load(nibbles), SHIFT), low)
    const second = v128.and(WordSums.down(v128.load(nibbles, 64), SHIFT), low)
    const one = v128.or(first, v128.and(i16x8.shl(bits, 4), high))
    const two = v128.or(second, v128.and(i16x8.shl(bits, 2), high))
    return WordSums.split(WordSums.split(sum, a, b, one, even), e, f, two, even)
  }

  @inline private static six(c: usize, d: usize, SHIFT: i32, start: i32, out: usize): void {
    let pairs = c + 256
    const end = pairs
    let s0 = i32x4.splat(start)
    let s1 = s0
    let s2 = s0
    let s3 = s0
    do {
      const a = v128.load32_splat(d)
      const b = v128.load32_splat(d, 4)
      const e = v128.load32_splat(d, 8)
      const f = v128.load32_splat(d, 12)
      s0 = WordSums.pair(s0, c, pairs, SHIFT, a, b, e, f)
      s1 = WordSums.pair(s1, c + 16, pairs + 16, SHIFT, a, b, e, f)
      s2 = WordSums.pair(s2, c + 32, pairs + 32, SHIFT, a, b, e, f)
      s3 = WordSums.pair(s3, c + 48, pairs + 48, SHIFT, a, b, e, f)
      c += 128
      pairs += 64
      d += 16
    } while (c < end)
    WordSums.store(out, s0, s1, s2, s3)
  }
}
