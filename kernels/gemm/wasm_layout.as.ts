// How packed weights lie in memory. A matrix is blocks of 16 rows; a block is one stream of records over its
// columns. A record is one group of 32 columns, or eight of them where the file's scales have two levels:
//
//   SCALE_SUPER only: half [16], and if there are minimums their half [16], which the groups' are multiplied with
//   then for each group: scales, minimums, codes
//
//   scales   half [16]; SCALE_FLOAT: f32 [16]; SCALE_SUPER: int8 [16]. With HALVES twice: columns 0..15, 16..31.
//   minimums likewise, if MINIMUMS; SCALE_SUPER: uint8
//   codes    unsigned; j counts rows of 64 bytes, each [row 16][byte 4]:
//     nibbles     j 0..3: low nibble k = 4j + byte, high nibble k = 16 + 4j + byte
//     CODE_BYTES  j 0..7: k = 4j + byte
//     CODE_SIX    the low four bits as nibbles; then j 0..1: bit pairs of k = 8j + byte, 8j + 4 + byte,
//                 16 + 8j + byte, 20 + 8j + byte, lowest first
//     CODE_WORDS  (never stored: unpacked for products) j 0..15, [row 16][word 2]: k = 4⌊j/2⌋ + j % 2 + {0, 2}
//
// A lane of a vector is a row: no sum crosses lanes. K types take as many bits as in their files.

export const CODE_BYTES: i32 = 1
export const CODE_SIX: i32 = 2
export const CODE_WORDS: i32 = 3
export const CODE_KIND: i32 = 3
export const SCALE_FLOAT: i32 = 4
export const SCALE_SUPER: i32 = 8
export const MINIMUMS: i32 = 16
export const HALVES: i32 = 32
/** Nibbles stand for the entries of a table: of IQ4 types, of MXFP4. */
export const TABLE_IQ4: i32 = 64
export const TABLE_E2M1: i32 = 128

export const BLOCK_ROWS: i32 = 16
export const GROUP: i32 = 32

/** Sizes that follow from a layout: a sum of the constants above. */
export class Layout {
  @inline static parts(layout: i32): i32 {
    return layout & HALVES ? 2 : 1
  }
  @inline static recordGroups(layout: i32): i32 {
    return layout & SCALE_SUPER ? 8 : 1
  }
  /** Bytes of one array of scales or minimums of a group. */
  @inline static arrayBytes(layout: i32): i32 {
    return layout & SCALE_SUPER ? 16 : layout & SCALE_FLOAT ? 64 : 32
  }
  /** Bytes before the first group of a record. */
  @inline static superBytes(layout: i32): i32 {
    return layout & SCALE_SUPER ? (layout & MINIMUMS ? 64 : 32) : 0
  }
  /** Bytes of a group before its codes. */
  @inline static headerBytes(layout: i32): i32 {
    return Layout.arrayBytes(layout) * Layout.parts(layout) * (layout & MINIMUMS ? 2 : 1)
  }
  @inline static codeBytes(layout: i32): i32 {
    const kind = layout & CODE_KIND
    return kind == CODE_WORDS ? 1024 : kind == CODE_BYTES ? 512 : kind == CODE_SIX ? 384 : 256
  }
  @inline static groupBytes(layout: i32): i32 {
    return Layout.headerBytes(layout) + Layout.codeBytes(layout)
  }
  @inline static recordBytes(layout: i32): i32 {
    return Layout.superBytes(layout) + Layout.recordGroups(layout) * Layout.groupBytes(layout)
  }
  /** The record of a block that holds a group. */
  @inline static record(layout: i32, block: usize, group: i32): usize {
    return block + (((group / Layout.recordGroups(layout)) * Layout.recordBytes(layout)) as usize)
  }
  /** A group within its record. */
  @inline static group(layout: i32, record: usize, group: i32): usize {
    const within = group % Layout.recordGroups(layout)
    return record + ((Layout.superBytes(layout) + within * Layout.groupBytes(layout)) as usize)
  }
}
