// Packed groups to a panel: what products of many tokens pass over, small enough to stay in the first-level cache.
// A panel is a block of its own layout, PANEL: codes as bytes or, where products take words, as words; scales and
// minimums in float32.
import { Half } from '../base/wasm_half.as'
import { EVEN_BYTES, HIGH_PAIRS, LOW_NIBBLES } from '../base/wasm_memory.as'
import {
  CODE_BYTES,
  CODE_KIND,
  CODE_SIX,
  CODE_WORDS,
  GROUP,
  HALVES,
  Layout,
  MINIMUMS,
  SCALE_FLOAT,
  SCALE_SUPER,
  TABLE_E2M1,
  TABLE_IQ4,
} from './wasm_layout.as'

/** Products take the codes as bytes (relaxed SIMD has a dot product of bytes) or as words. */
export const PANEL: i32 = SCALE_FLOAT | (ASC_FEATURE_RELAXED_SIMD ? CODE_BYTES : CODE_WORDS)
/** Groups of a panel. */
export const PANEL_GROUPS: i32 = 16

export class Scales {
  /**
   * What the scales (and minimums) of a record are multiples of, in float32: [16] each to `supers`, which the others
   * read. Nothing for layouts without.
   */
  @inline static supers(layout: i32, record: usize, supers: usize): void {
    if (!(layout & SCALE_SUPER)) return
    const halves: usize = layout & MINIMUMS ? 64 : 32
    for (let i: usize = 0; i < halves; i += 8)
      v128.store(supers + (i << 1), Half.scales(v128.load16x4_s(record + i)))
  }

  /** Scales of rows 4 · vector …; part: 0, or 1 for the second half of the group. */
  @inline static scale(layout: i32, supers: usize, group: usize, part: i32, vector: i32): v128 {
    return Scales.at(layout, supers, group, part, vector, true)
  }

  @inline static minimum(layout: i32, supers: usize, group: usize, part: i32, vector: i32): v128 {
    return Scales.at(layout, supers + 64, group, Layout.parts(layout) + part, vector, false)
  }

  @inline private static at(
    layout: i32,
    supers: usize,
    group: usize,
    index: i32,
    vector: i32,
    signed: bool,
  ): v128 {
    const array = group + ((index * Layout.arrayBytes(layout)) as usize)
    if (layout & SCALE_FLOAT) return v128.load(array + ((vector << 4) as usize))
    if (layout & SCALE_SUPER) {
      // A half times an integer below 2^8 has at most 19 bits: exact.
      const bytes = v128.load32_zero(array + ((vector << 2) as usize))
      const small = signed
        ? i32x4.extend_low_i16x8_s(i16x8.extend_low_i8x16_s(bytes))
        : i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(bytes))
      return f32x4.mul(v128.load(supers + ((vector << 4) as usize)), f32x4.convert_i32x4_s(small))
    }
    return Half.scales(v128.load16x4_s(array + ((vector << 3) as usize)))
  }
}

class Unpack {
  /** Four codes of each of four rows to quad `quad` (columns 4 · quad …) of a panel's group. */
  @inline static quad(codes: usize, quad: i32, vector: i32, bytes: v128): void {
    if (ASC_FEATURE_RELAXED_SIMD) {
      v128.store(codes + ((quad * 64 + vector * 16) as usize), bytes)
    } else {
      const words = codes + ((quad * 128 + vector * 16) as usize)
      v128.store(words, v128.and(bytes, v128.load(EVEN_BYTES)))
      v128.store(words + 64, i16x8.shr_u(bytes, 8))
    }
  }

  /** Entries of a table of 16 plus its offset (Formats.offset), which makes them unsigned. */
  @inline static look(layout: i32, nibbles: v128): v128 {
    if (layout & TABLE_IQ4) {
      return i8x16.swizzle(
        i8x16(1, 24, 45, 63, 79, 93, 106, 118, -127, -115, -103, -90, -75, -59, -39, -15),
        nibbles,
      )
    }
    if (layout & TABLE_E2M1) {
      return i8x16.swizzle(i8x16(12, 13, 14, 15, 16, 18, 20, 24, 12, 11, 10, 9, 8, 6, 4, 0), nibbles)
    }
    return nibbles
  }

  static codes(layout: i32, from: usize, to: usize): void {
    const low = v128.load(LOW_NIBBLES)
    const pairs = v128.load(HIGH_PAIRS)
    if ((layout & CODE_KIND) == CODE_BYTES) {
      for (let quad = 0; quad < 8; quad++)
        for (let vector = 0; vector < 4; vector++)
          Unpack.quad(to, quad, vector, v128.load(from + ((quad * 64 + vector * 16) as usize)))
      return
    }
    const six = (layout & CODE_KIND) == CODE_SIX
    for (let j = 0; j < 4; j++)
      for (let vector = 0; vector < 4; vector++) {
        const nibbles = v128.load(from + ((j * 64 + vector * 16) as usize))
        let first = v128.and(nibbles, low)
        let second = v128.and(i16x8.shr_u(nibbles, 4), low)
        if (six) {
          const bits = v128.load(from + ((256 + (j >> 1) * 64 + vector * 16) as usize))
          const shift = (j & 1) << 1
          first = v128.or(first, v128.and(i16x8.shl(bits, 4 - shift), pairs))
          second = v128.or(second, v128.and(i16x8.shr_u(bits, shift), pairs))
        } else {
          first = Unpack.look(layout, first)
          second = Unpack.look(layout, second)
        }
        Unpack.quad(to, j, vector, first)
        Unpack.quad(to, j + 4, vector, second)
      }
  }
}

/** The layout of the panel of a block. */
export function panelLayout(layout: i32): i32 {
  return PANEL | (layout & (MINIMUMS | HALVES))
}

/** Unpacks `count` groups of a block from group `first` on; supers: scratch of 128 bytes. */
export function unpackGroups(
  layout: i32,
  block: usize,
  first: i32,
  count: i32,
  panel: usize,
  supers: usize,
): void {
  const target = panelLayout(layout)
  const parts = Layout.parts(layout)
  for (let i = 0; i < count; i++) {
    const record = Layout.record(layout, block, first + i)
    const group = Layout.group(layout, record, first + i)
    Scales.supers(layout, record, supers)
    let array = panel
    for (let part = 0; part < parts; part++, array += 64)
      for (let vector = 0; vector < 4; vector++)
        v128.store(array + ((vector << 4) as usize), Scales.scale(layout, supers, group, part, vector))
    if (layout & MINIMUMS)
      for (let part = 0; part < parts; part++, array += 64)
        for (let vector = 0; vector < 4; vector++)
          v128.store(array + ((vector << 4) as usize), Scales.minimum(layout, supers, group, part, vector))
    Unpack.codes(layout, group + (Layout.headerBytes(layout) as usize), array)
    panel += Layout.groupBytes(target) as usize
  }
}

/** Unpacks one row of a block in float32 to out [32 · groups]; scratch: room for a group and its supers. */
export function unpackRow(
  layout: i32,
  offset: i32,
  block: usize,
  groups: i32,
  lane: i32,
  scratch: usize,
  out: usize,
): void {
  const panel = scratch + 128
  const target = panelLayout(layout)
  const parts = Layout.parts(layout)
  const codes = panel + (Layout.headerBytes(target) as usize)
  const at = panel + ((lane << 2) as usize)
  for (let group = 0; group < groups; group++, out += 128) {
    unpackGroups(layout, block, group, 1, panel, scratch)
    for (let k = 0; k < GROUP; k++) {
      const part = ((k >> 4) & (parts - 1)) << 6
      const quad = k >> 2
      const code: i32 = ASC_FEATURE_RELAXED_SIMD
        ? load<u8>(codes + ((quad * 64 + lane * 4 + (k & 3)) as usize))
        : load<u16>(codes + ((quad * 128 + (k & 1) * 64 + lane * 4 + (k & 2)) as usize))
      let value = load<f32>(at + (part as usize)) * ((code - offset) as f32)
      if (layout & MINIMUMS) value -= load<f32>(at + ((part + (parts << 6)) as usize))
      store<f32>(out + ((k << 2) as usize), value)
    }
  }
}
