import { e8m0, fp8e4m3 } from '../dtype/index.js'
import type { BlockDecoder } from './decode-blocks.js'
import { halfAt } from './decode-float.js'
import type { CodeTypeName } from './tensor-types.js'

type TableTypeName = Extract<CodeTypeName, 'IQ4_NL' | 'IQ4_XS' | 'MXFP4' | 'NVFP4'>

/** What nibbles stand for in IQ4 types (ggml/src/ggml-common.h `kvalues_iq4nl`): denser around zero. */
const IQ4 = Int8Array.of(-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113)
/** Twice the values of E2M1 (`kvalues_mxfp4`), which makes them integers; −0 is the code 0. */
const TWICE_E2M1 = Int8Array.of(0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12)

/** Blocks whose nibbles are positions in a table of 16 codes. */
export const TABLE_BLOCKS: Readonly<Record<TableTypeName, BlockDecoder>> = {
  // d, 16 bytes of nibbles: weights 0–15 low, 16–31 high; w = d·IQ4[q]
  IQ4_NL: {
    group: 32,
    hasMinimum: false,
    halves: [0],
    decode(bytes, from, codes, to, scales) {
      scales[to / 32] = halfAt(bytes, from)
      lookUp(bytes, from + 2, IQ4, codes, to)
    },
  },
  // d, the upper two bits of eight 6-bit sub-scales in 16 bits, their low nibbles in 4 bytes, then eight times
  // the nibbles of IQ4_NL; w = d·(sc − 32)·IQ4[q]
  IQ4_XS: {
    group: 32,
    hasMinimum: false,
    halves: [0],
    decode(bytes, from, codes, to, scales) {
      const d = halfAt(bytes, from)
      for (let g = 0; g < 8; g++) {
        const low = (bytes[from + 4 + (g >> 1)]! >> (4 * (g & 1))) & 15
        const upper = (bytes[from + 2 + (g >> 2)]! >> (2 * (g & 3))) & 3
        scales[to / 32 + g] = d * ((low | (upper << 4)) - 32)
        lookUp(bytes, from + 8 + 16 * g, IQ4, codes, to + 32 * g)
      }
    },
  },
  // An E8M0 exponent e, nibbles as in IQ4_NL; w = 2^(e − 127)·E2M1[q]: doubled codes, half the scale
  MXFP4: {
    group: 32,
    hasMinimum: false,
    halves: [],
    exponents: [0],
    decode(bytes, from, codes, to, scales) {
      scales[to / 32] = e8m0.decode(bytes[from]!) / 2
      lookUp(bytes, from + 1, TWICE_E2M1, codes, to)
    },
  },
  // Four UE4M3 scales d, then for each of them 8 bytes of nibbles: weights 0–7 low, 8–15 high; w = d·E2M1[q],
  // doubled and halved likewise
  NVFP4: {
    group: 16,
    hasMinimum: false,
    halves: [],
    unsignedFloats: [0, 1, 2, 3],
    decode(bytes, from, codes, to, scales) {
      for (let g = 0; g < 4; g++) {
        scales[to / 16 + g] = fp8e4m3.decode(bytes[from + g]! & 0x7f) / 2
        lookUp(bytes, from + 4 + 8 * g, TWICE_E2M1, codes, to + 16 * g, 8)
      }
    },
  },
}

/** Takes `count` bytes: their low nibbles first, then the high ones. */
function lookUp(
  bytes: Uint8Array,
  from: number,
  table: Int8Array,
  codes: Int8Array,
  to: number,
  count = 16,
): void {
  for (let i = 0; i < count; i++) {
    const byte = bytes[from + i]!
    codes[to + i] = table[byte & 15]!
    codes[to + count + i] = table[byte >> 4]!
  }
}
