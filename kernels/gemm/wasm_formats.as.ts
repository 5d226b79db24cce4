// The block formats of GGUF files (ggml), one group of 32 columns of one row at a time: codes as two vectors, scales
// as the file has them. Field offsets: ggml/src/ggml-common.h; checked against the TypeScript decoder.
import {
  CODE_BYTES,
  CODE_SIX,
  HALVES,
  MINIMUMS,
  SCALE_FLOAT,
  SCALE_SUPER,
  TABLE_E2M1,
  TABLE_IQ4,
} from './wasm_layout.as'

// The numbers of src/backend/wasm-objects.ts.
export const Q4_0: i32 = 0
export const Q4_1: i32 = 1
export const Q5_0: i32 = 2
export const Q5_1: i32 = 3
export const Q8_0: i32 = 4
export const Q2_K: i32 = 5
export const Q3_K: i32 = 6
export const Q4_K: i32 = 7
export const Q5_K: i32 = 8
export const Q6_K: i32 = 9
export const IQ4_NL: i32 = 10
export const IQ4_XS: i32 = 11
export const MXFP4: i32 = 12
export const NVFP4: i32 = 13

export const LAYOUT_Q4_0: i32 = 0
export const LAYOUT_Q4_1: i32 = MINIMUMS
export const LAYOUT_Q8_0: i32 = CODE_BYTES
export const LAYOUT_Q4_K: i32 = SCALE_SUPER | MINIMUMS
export const LAYOUT_Q6_K: i32 = CODE_SIX | SCALE_SUPER | HALVES

export function layoutOf(type: i32): i32 {
  switch (type) {
    case Q4_1:
      return LAYOUT_Q4_1
    case Q5_0:
      return CODE_BYTES
    case Q5_1:
      return CODE_BYTES | MINIMUMS
    case Q8_0:
      return LAYOUT_Q8_0
    case Q2_K:
      return SCALE_SUPER | MINIMUMS | HALVES
    case Q3_K:
      return SCALE_SUPER | HALVES
    case Q4_K:
      return LAYOUT_Q4_K
    case Q5_K:
      return CODE_BYTES | SCALE_SUPER | MINIMUMS
    case Q6_K:
      return LAYOUT_Q6_K
    case IQ4_NL:
      return TABLE_IQ4
    case IQ4_XS:
      return TABLE_IQ4 | SCALE_SUPER
    case MXFP4:
      return TABLE_E2M1 | SCALE_FLOAT
    case NVFP4:
      return TABLE_E2M1 | SCALE_FLOAT | HALVES
    default:
      return LAYOUT_Q4_0
  }
}

/** Codes are stored plus this. */
export function offsetOf(type: i32): i32 {
  switch (type) {
    case Q4_0:
      return 8
    case Q5_0:
      return 16
    case Q3_K:
      return 4
    case Q6_K:
      return 32
    case Q8_0:
    case IQ4_NL:
    case IQ4_XS:
      return 128
    case MXFP4:
    case NVFP4:
      return 12
    default:
      return 0
  }
}

export class Bits {
  @inline static byte(at: usize): i32 {
    return load<u8>(at) as i32
  }
  @inline static finite(half: u32): bool {
    return (half & 0x7c00) != 0x7c00
  }
  /** 16 where the bit of a lane is set: lane i of the first (or, with upper, second) 16 bits. */
  @inline static fifth(bits: usize, upper: bool): v128 {
    const all = v128.load32_zero(bits)
    const bytes = upper
      ? i8x16.swizzle(all, i8x16(2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3))
      : i8x16.swizzle(all, i8x16(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1))
    const set = v128.and(bytes, i8x16(1, 2, 4, 8, 16, 32, 64, -128, 1, 2, 4, 8, 16, 32, 64, -128))
    return v128.and(i8x16.ne(set, i8x16.splat(0)), i8x16.splat(16))
  }
}

/** One group of a row of a file. */
export class Source {
  /** Where the file has group `group` of a row: its block. */
  static block(type: i32, row: usize, group: i32): usize {
    const eighth = (group >> 3) as usize
    const one = group as usize
    switch (type) {
      case Q4_1:
        return row + one * 20
      case Q5_0:
        return row + one * 22
      case Q5_1:
        return row + one * 24
      case Q8_0:
        return row + one * 34
      case Q2_K:
        return row + eighth * 84
      case Q3_K:
        return row + eighth * 110
      case Q4_K:
        return row + eighth * 144
      case Q5_K:
        return row + eighth * 176
      case Q6_K:
        return row + eighth * 210
      case IQ4_XS:
        return row + eighth * 136
      case MXFP4:
        return row + one * 17
      case NVFP4:
        return row + ((group >> 1) as usize) * 36
      default:
        return row + one * 18
    }
  }

  /** Codes of columns 0..15 (part 0) or 16..31 of group j of a block. */
  static codes(type: i32, block: usize, j: i32, part: i32): v128 {
    const low = i8x16.splat(15)
    const half = (part << 4) as usize
    switch (type) {
      case Q4_1:
        return Source.nibbles(block + 4, part)
      case Q5_0:
        return v128.or(Source.nibbles(block + 6, part), Bits.fifth(block + 2, part == 1))
      case Q5_1:
        return v128.or(Source.nibbles(block + 8, part), Bits.fifth(block + 4, part == 1))
      case Q8_0:
        return v128.xor(v128.load(block + 2 + half), i8x16.splat(-128))
      case Q2_K: {
        const pairs = v128.load(block + 16 + (((j >> 2) << 5) as usize) + half)
        return v128.and(i8x16.shr_u(pairs, (j & 3) << 1), i8x16.splat(3))
      }
      case Q3_K: {
        const pairs = v128.load(block + 32 + (((j >> 2) << 5) as usize) + half)
        const third = v128.and(i8x16.shr_u(v128.load(block + half), j), i8x16.splat(1))
        return v128.or(v128.and(i8x16.shr_u(pairs, (j & 3) << 1), i8x16.splat(3)), i8x16.shl(third, 2))
      }
      case Q4_K: {
        const nibbles = v128.load(block + 16 + (((j >> 1) << 5) as usize) + half)
        return v128.and(i8x16.shr_u(nibbles, (j & 1) << 2), low)
      }
      case Q5_K: {
        const nibbles = v128.load(block + 48 + (((j >> 1) << 5) as usize) + half)
        const fifth = v128.and(i8x16.shr_u(v128.load(block + 16 + half), j), i8x16.splat(1))
        return v128.or(v128.and(i8x16.shr_u(nibbles, (j & 1) << 2), low), i8x16.shl(fifth, 4))
      }
      case Q6_K: {
        const quarter = j & 3
        const nibbles = v128.load(block + (((j >> 2) * 64 + (quarter & 1) * 32) as usize) + half)
        const high = v128.load(block + 128 + (((j >> 2) << 5) as usize) + half)
        const pair = v128.and(i8x16.shr_u(high, quarter << 1), i8x16.splat(3))
        return v128.or(v128.and(i8x16.shr_u(nibbles, (quarter >> 1) << 2), low), i8x16.shl(pair, 4))
      }
      case IQ4_XS:
        return Source.nibbles(block + 8 + ((j << 4) as usize), part)
      case MXFP4:
        return Source.nibbles(block + 1, part)
      case NVFP4: {
        // Eight bytes for each 16 columns: i and 8 + i in each.
        const eight = v128.load64_zero(block + 4 + (((j & 1) << 4) as usize) + ((part << 3) as usize))
        const upper = i8x16.shr_u(eight, 4)
        return v128.or(
          v128.and(eight, low),
          i8x16.shuffle(upper, i8x16.splat(0), 16, 16, 16, 16, 16, 16, 16, 16, 0, 1, 2, 3, 4, 5, 6, 7),
        )
      }
      default:
        return Source.nibbles(block + 2, part)
    }
  }

  /** Low nibbles are columns 0..15, high ones 16..31. */
  @inline static nibbles(at: usize, part: i32): v128 {
    return v128.and(i8x16.shr_u(v128.load(at), part << 2), i8x16.splat(15))
  }

  /** Integer scale of a part of group j of a K or IQ4_XS block. */
  static scale(type: i32, block: usize, j: i32, part: i32): i32 {
    switch (type) {
      case Q2_K:
        return Bits.byte(block + ((2 * j + part) as usize)) & 15
      case Q3_K: {
        const i = 2 * j + part
        const low = (Bits.byte(block + 96 + ((i & 7) as usize)) >> ((i >> 3) << 2)) & 15
        const high = (Bits.byte(block + 104 + ((i & 3) as usize)) >> ((i >> 2) << 1)) & 3
        return (low | (high << 4)) - 32
      }
      case Q6_K:
        return load<i8>(block + 192 + ((2 * j + part) as usize))
      case IQ4_XS: {
        const low = (Bits.byte(block + 4 + ((j >> 1) as usize)) >> ((j & 1) << 2)) & 15
        const high = (Bits.byte(block + 2 + ((j >> 2) as usize)) >> ((j & 3) << 1)) & 3
        return (low | (high << 4)) - 32
      }
      default:
        return Source.six(block + 4, j, 0)
    }
  }

  static minimum(type: i32, block: usize, j: i32, part: i32): i32 {
    if (type == Q2_K) return Bits.byte(block + ((2 * j + part) as usize)) >> 4
    return Source.six(block + 4, j, 4)
  }

  /** One of the sixteen 6-bit numbers of Q4_K and Q5_K: scales (from 0) and minimums (from 4). */
  @inline static six(packed: usize, j: i32, from: i32): i32 {
    if (j < 4) return Bits.byte(packed + ((j + from) as usize)) & 63
    const low = (Bits.byte(packed + ((j + 4) as usize)) >> from) & 15
    const high = Bits.byte(packed + ((j - 4 + from) as usize)) >> 6
    return low | (high << 4)
  }

  /** Where a block has the half that its scales are multiples of. */
  @inline static superAt(type: i32): usize {
    return type == Q2_K ? 80 : type == Q3_K ? 108 : type == Q6_K ? 208 : 0
  }
}
