// One block of 16 weight rows times one token: the formula of contract.h. Sums of codes are exact; groups are added in
// ascending order, rounded after each product and each sum (WebAssembly has no portable fused multiply-add), in both
// forms of digits and whatever the number of tokens: all builds give the same bits on every machine.

import { ByteSums } from './wasm_bytes.as'
import { CODE_KIND, Layout, MINIMUMS } from './wasm_layout.as'
import { Scales } from './wasm_unpack.as'
import { WordSums } from './wasm_words.as'

/**
 * One token's group of digits begins with 16 bytes of what products need beside them:
 *   0 f32 unit: activation = unit · q;  4, 8 i32: Σ q over each half, with three digits of what the first two hold;
 *   12, 14 i16: Σ of the third digits over each half
 * Groups lie as [chunk][token][PANEL_GROUPS]: what is multiplied with one panel is one stream.
 */
const INFO_BYTES: usize = 16

/** Bytes of one token's group. */
export function digitBytes(passes: i32): i32 {
  if (ASC_FEATURE_RELAXED_SIMD) return 16 + 32 * passes
  return passes == 3 ? 144 : 80
}

export class Product {
  /**
   * Adds `groups` groups of a block times a token to y [16]. LAYOUT, PASSES and SPLIT are constants where this is
   * inlined.
   * @param sums scratch of 256 bytes
   * @param offset what the codes are stored with
   */
  @inline static block(
    LAYOUT: i32,
    PASSES: i32,
    SPLIT: bool,
    block: usize,
    groups: i32,
    digits: usize,
    y: usize,
    offset: i32,
    sums: usize,
  ): void {
    const PARTS = Layout.parts(LAYOUT)
    const KIND = LAYOUT & CODE_KIND
    let y0 = v128.load(y)
    let y1 = v128.load(y, 16)
    let y2 = v128.load(y, 32)
    let y3 = v128.load(y, 48)
    const supers = sums + 128
    let group = block
    let left = 1
    do {
      if (--left == 0) {
        Scales.supers(LAYOUT, group, supers)
        group += Layout.superBytes(LAYOUT) as usize
        left = Layout.recordGroups(LAYOUT)
      }
      const codes = group + (Layout.headerBytes(LAYOUT) as usize)
      const unit = v128.load32_splat(digits)
      let part = 0
      do {
        // Taking the offset out of a sum needs only the sum of the digits.
        const start = -offset * Product.upper(PARTS, digits, part)
        const third = PASSES == 3 ? -offset * Product.third(PARTS, digits, part) : 0
        if (ASC_FEATURE_RELAXED_SIMD)
          ByteSums.part(KIND, PARTS, PASSES, SPLIT, codes, digits + INFO_BYTES, part, start, third, sums)
        else WordSums.part(KIND, PARTS, PASSES, codes, digits + INFO_BYTES, part, start, third, sums)
        y0 = Product.add(PASSES, y0, sums, Scales.scale(LAYOUT, supers, group, part, 0), unit)
        y1 = Product.add(PASSES, y1, sums + 16, Scales.scale(LAYOUT, supers, group, part, 1), unit)
        y2 = Product.add(PASSES, y2, sums + 32, Scales.scale(LAYOUT, supers, group, part, 2), unit)
        y3 = Product.add(PASSES, y3, sums + 48, Scales.scale(LAYOUT, supers, group, part, 3), unit)
      } while (PARTS > 1 && ++part < PARTS)
      if (LAYOUT & MINIMUMS) {
        part = 0
        do {
          const units = Product.units(PASSES, PARTS, digits, part)
          y0 = f32x4.sub(y0, f32x4.mul(Scales.minimum(LAYOUT, supers, group, part, 0), units))
          y1 = f32x4.sub(y1, f32x4.mul(Scales.minimum(LAYOUT, supers, group, part, 1), units))
          y2 = f32x4.sub(y2, f32x4.mul(Scales.minimum(LAYOUT, supers, group, part, 2), units))
          y3 = f32x4.sub(y3, f32x4.mul(Scales.minimum(LAYOUT, supers, group, part, 3), units))
        } while (PARTS > 1 && ++part < PARTS)
      }
      digits += digitBytes(PASSES) as usize
      group += Layout.groupBytes(LAYOUT) as usize
    } while (--groups > 0)
    v128.store(y, y0)
    v128.store(y, y1, 16)
    v128.store(y, y2, 32)
    v128.store(y, y3, 48)
  }

  @inline private static add(PASSES: i32, y: v128, sums: usize, scale: v128, unit: v128): v128 {
    let total = f32x4.convert_i32x4_s(v128.load(sums))
    if (PASSES == 3) {
      const third = f32x4.convert_i32x4_s(v128.load(sums, 64))
      total = f32x4.add(f32x4.mul(total, f32x4.splat(256)), third)
    }
    return f32x4.add(y, f32x4.mul(total, f32x4.mul(scale, unit)))
  }

  /** Σ q of a part, of what the first two digits hold. */
  @inline private static upper(PARTS: i32, info: usize, part: i32): i32 {
    return PARTS == 1 ? load<i32>(info, 4) + load<i32>(info, 8) : load<i32>(info + ((part << 2) as usize), 4)
  }

  @inline private static third(PARTS: i32, info: usize, part: i32): i32 {
    return PARTS == 1
      ? (load<i16>(info, 12) as i32) + (load<i16>(info, 14) as i32)
      : (load<i16>(info + ((part << 1) as usize), 12) as i32)
  }

  /** The activations of a part, added up: an exact integer below 2^31, times their unit. */
  @inline private static units(PASSES: i32, PARTS: i32, info: usize, part: i32): v128 {
    let sum = Product.upper(PARTS, info, part)
    if (PASSES == 3) sum = sum * 256 + Product.third(PARTS, info, part)
    return f32x4.splat(load<f32>(info) * (sum as f32))
  }
}
