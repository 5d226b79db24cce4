// Groups of a file's rows into packed blocks (wasm_layout.as.ts).
import { Bits, NVFP4, Source } from './wasm_formats.as'
import {
  BLOCK_ROWS,
  CODE_BYTES,
  CODE_KIND,
  CODE_SIX,
  Layout,
  MINIMUMS,
  SCALE_FLOAT,
  SCALE_SUPER,
} from './wasm_layout.as'

/**
 * Packs group `group` of a row of a file into row `lane` of a block.
 * @returns false if a scale is not finite
 */
export function packGroup(type: i32, layout: i32, row: usize, group: i32, block: usize, lane: i32): bool {
  const source = Source.block(type, row, group)
  const record = Layout.record(layout, block, group)
  const target = Layout.group(layout, record, group)
  Pack.codes(layout, type, source, group & 7, target + ((Layout.headerBytes(layout) + lane * 4) as usize))
  if (layout & SCALE_SUPER) return Pack.superScales(layout, type, source, group & 7, record, target, lane)
  const words = target + ((lane << 1) as usize)
  if (type == NVFP4) {
    const first = Pack.ue4m3(source, group, 0, target, lane)
    return Pack.ue4m3(source, group, 1, target, lane) && first
  }
  if (layout & SCALE_FLOAT) {
    // Of doubled codes: 2^(e − 128), below e = 2 subnormal and still exact; 0xff is NaN.
    const e: u32 = load<u8>(source)
    store<u32>(target + ((lane << 2) as usize), e < 2 ? 0x00200000 << e : (e - 1) << 23)
    return e != 0xff
  }
  const scale: u32 = load<u16>(source)
  store<u16>(words, scale as u16)
  if (!(layout & MINIMUMS)) return Bits.finite(scale)
  // The file adds its minimum, products subtract theirs.
  const minimum: u32 = load<u16>(source + 2)
  store<u16>(words + 32, (minimum ^ 0x8000) as u16)
  return Bits.finite(scale) && Bits.finite(minimum)
}

class Pack {
  /** The scale of half a group: half of an FP8 E4M3 number without sign. @returns false if it is NaN */
  @inline static ue4m3(source: usize, group: i32, part: i32, target: usize, lane: i32): bool {
    const byte: u32 = load<u8>(source + ((((group & 1) << 1) + part) as usize)) & 0x7f
    // Moves the exponent bias from 7 to 127, halves, and normalises subnormals on the way.
    const value: f32 = reinterpret<f32>(byte << 20) * reinterpret<f32>(0x7b000000)
    store<f32>(target + (((part * BLOCK_ROWS + lane) << 2) as usize), value)
    return byte != 0x7f
  }

  /** to: the row's place in the first row of codes. */
  @inline static codes(layout: i32, type: i32, source: usize, j: i32, to: usize): void {
    const a = Source.codes(type, source, j, 0)
    const b = Source.codes(type, source, j, 1)
    if ((layout & CODE_KIND) == CODE_BYTES) {
      Pack.scatter(to, a)
      Pack.scatter(to + 256, b)
      return
    }
    const low = i8x16.splat(15)
    Pack.scatter(to, v128.or(v128.and(a, low), i8x16.shl(v128.and(b, low), 4)))
    if ((layout & CODE_KIND) != CODE_SIX) return
    const pairs = v128.or(i8x16.shr_u(a, 4), v128.and(b, i8x16.splat(0x30)))
    // Words 0 and 1 (2 and 3) of `pairs` share a word: columns 8j and 8j + 4.
    const odd = i8x16.shl(pairs, 2)
    store<u32>(to + 256, i32x4.extract_lane(pairs, 0) | i32x4.extract_lane(odd, 1))
    store<u32>(to + 320, i32x4.extract_lane(pairs, 2) | i32x4.extract_lane(odd, 3))
  }

  @inline static scatter(to: usize, bytes: v128): void {
    v128.store32_lane(to, bytes, 0)
    v128.store32_lane(to, bytes, 1, 64)
    v128.store32_lane(to, bytes, 2, 128)
    v128.store32_lane(to, bytes, 3, 192)
  }

  @inline static superScales(
    layout: i32,
    type: i32,
    source: usize,
    j: i32,
    record: usize,
    target: usize,
    lane: i32,
  ): bool {
    const parts = Layout.parts(layout)
    const scaleAt = source + Source.superAt(type)
    const scale: u32 = load<u16>(scaleAt)
    store<u16>(record + ((lane << 1) as usize), scale as u16)
    for (let part = 0; part < parts; part++)
      store<i8>(target + ((part * BLOCK_ROWS + lane) as usize), Source.scale(type, source, j, part) as i8)
    if (!(layout & MINIMUMS)) return Bits.finite(scale)
    const minimum: u32 = load<u16>(scaleAt + 2)
    store<u16>(record + 32 + ((lane << 1) as usize), minimum as u16)
    for (let part = 0; part < parts; part++)
      store<u8>(
        target + (((parts + part) * BLOCK_ROWS + lane) as usize),
        Source.minimum(type, source, j, part) as u8,
      )
    return Bits.finite(scale) && Bits.finite(minimum)
  }
}
