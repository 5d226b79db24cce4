import type { BlockDecoder } from './decode-blocks.js'
import { halfAt } from './decode-float.js'
import type { CodeTypeName } from './tensor-types.js'

type KTypeName = Extract<CodeTypeName, 'Q2_K' | 'Q3_K' | 'Q4_K' | 'Q5_K' | 'Q6_K'>

/** Blocks of 256 weights whose groups have integer sub-scales times one fp16 super-scale. */
export const K_BLOCKS: Readonly<Record<KTypeName, BlockDecoder>> = {
  // 16 bytes of 4-bit sub-scales (low) and sub-minimums (high), 64 bytes of bit pairs, d, dmin
  Q2_K: {
    group: 16,
    hasMinimum: true,
    halves: [80, 82],
    decode(bytes, from, codes, to, scales, minimums) {
      const d = halfAt(bytes, from + 80)
      const dmin = halfAt(bytes, from + 82)
      for (let g = 0; g < 16; g++) {
        const packed = bytes[from + g]!
        scales[to / 16 + g] = d * (packed & 15)
        minimums[to / 16 + g] = dmin * (packed >> 4)
      }
      unpackBitPairs(bytes, from + 16, codes, to)
    },
  },
  // 32 bytes of third bits, 64 bytes of bit pairs, 12 bytes of 6-bit sub-scales, d; w = d·(sc − 32)·(q − 4)
  Q3_K: {
    group: 16,
    hasMinimum: false,
    halves: [108],
    decode(bytes, from, codes, to, scales) {
      const d = halfAt(bytes, from + 108)
      // Low four bits: the low nibbles of bytes 0–7, then the high ones. Upper two: bytes 8–11, four times.
      for (let g = 0; g < 16; g++) {
        const low = (bytes[from + 96 + (g & 7)]! >> (4 * (g >> 3))) & 15
        const upper = (bytes[from + 104 + (g & 3)]! >> (2 * (g >> 2))) & 3
        scales[to / 16 + g] = d * ((low | (upper << 4)) - 32)
      }
      unpackBitPairs(bytes, from + 32, codes, to)
      // Bit g of byte i belongs to weight i of the eighth g of the block.
      for (let g = 0; g < 8; g++) {
        for (let i = 0; i < 32; i++) codes[to + 32 * g + i]! += (((bytes[from + i]! >> g) & 1) << 2) - 4
      }
    },
  },
  // d, dmin, 12 bytes of 6-bit sub-scales and sub-minimums, 128 bytes of nibbles
  Q4_K: {
    group: 32,
    hasMinimum: true,
    halves: [0, 2],
    decode(bytes, from, codes, to, scales, minimums) {
      subScales(bytes, from, scales, minimums, to / 32)
      unpackNibbleGroups(bytes, from + 16, codes, to)
    },
  },
  // as Q4_K, with 32 bytes between: bit g of byte i is worth 16 in weight i of group g
  Q5_K: {
    group: 32,
    hasMinimum: true,
    halves: [0, 2],
    decode(bytes, from, codes, to, scales, minimums) {
      subScales(bytes, from, scales, minimums, to / 32)
      unpackNibbleGroups(bytes, from + 48, codes, to)
      for (let g = 0; g < 8; g++) {
        for (let i = 0; i < 32; i++) {
          codes[to + 32 * g + i]! += ((bytes[from + 16 + i]! >> g) & 1) << 4
        }
      }
    },
  },
  // 128 bytes of low nibbles, 64 bytes of upper bit pairs, 16 signed sub-scales, d; w = d·sc·(q − 32)
  Q6_K: {
    group: 16,
    hasMinimum: false,
    halves: [208],
    decode(bytes, from, codes, to, scales) {
      const d = halfAt(bytes, from + 208)
      for (let g = 0; g < 16; g++) {
        scales[to / 16 + g] = d * ((bytes[from + 192 + g]! << 24) >> 24)
      }
      for (let half = 0; half < 2; half++) {
        const low = from + 64 * half
        const high = from + 128 + 32 * half
        // Each byte of upper bits serves the four weights i, i + 32, i + 64, i + 96 of its half block.
        for (let i = 0; i < 32; i++) {
          for (let quarter = 0; quarter < 4; quarter++) {
            const byte = bytes[low + 32 * (quarter & 1) + i]!
            const nibble = quarter < 2 ? byte & 15 : byte >> 4
            const upper = (bytes[high + i]! >> (2 * quarter)) & 3
            codes[to + 128 * half + 32 * quarter + i] = (nibble | (upper << 4)) - 32
          }
        }
      }
    },
  },
}

/**
 * Scales d·sc and minimums dmin·m of the eight groups. The 6-bit numbers of groups 0–3 are the low bits of bytes
 * 0–3 (sc) and 4–7 (m); those of groups 4–7 have their low four bits in bytes 8–11 and the upper two on top of
 * the former.
 */
function subScales(
  bytes: Uint8Array,
  from: number,
  scales: Float32Array,
  minimums: Float32Array,
  group: number,
): void {
  const d = halfAt(bytes, from)
  const dmin = halfAt(bytes, from + 2)
  for (let g = 0; g < 4; g++) {
    const sc = bytes[from + 4 + g]!
    const m = bytes[from + 8 + g]!
    const upperGroups = bytes[from + 12 + g]!
    scales[group + g] = d * (sc & 63)
    minimums[group + g] = dmin * (m & 63)
    scales[group + 4 + g] = d * ((upperGroups & 15) | ((sc >> 6) << 4))
    minimums[group + 4 + g] = dmin * ((upperGroups >> 4) | ((m >> 6) << 4))
  }
}

/** Twice 32 bytes, each half a block: byte i has weight i of the half's four quarters, lowest bits first. */
function unpackBitPairs(bytes: Uint8Array, from: number, codes: Int8Array, to: number): void {
  for (let g = 0; g < 8; g++) {
    for (let i = 0; i < 32; i++) {
      codes[to + 32 * g + i] = (bytes[from + 32 * (g >> 2) + i]! >> (2 * (g & 3))) & 3
    }
  }
}

/** Four times 32 bytes: the low nibbles are one group of 32 weights, the high ones the next. */
function unpackNibbleGroups(bytes: Uint8Array, from: number, codes: Int8Array, to: number): void {
  for (let pair = 0; pair < 4; pair++) {
    for (let i = 0; i < 32; i++) {
      const byte = bytes[from + 32 * pair + i]!
      codes[to + 64 * pair + i] = byte & 15
      codes[to + 64 * pair + 32 + i] = byte >> 4
    }
  }
}
