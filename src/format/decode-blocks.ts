import { halfAt } from './decode-float.js'
import type { CodeTypeName } from './tensor-types.js'

/**
 * How one block becomes codes. Layouts: ggml/src/ggml-common.h `block_q4_0` and so on; the order of the weights:
 * ggml/src/ggml-quants.c `dequantize_row_*`.
 */
export interface BlockDecoder {
  /** Weights that share a scale. */
  readonly group: 16 | 32
  readonly hasMinimum: boolean
  /** Offsets of the fp16 numbers in a block. */
  readonly halves: readonly number[]
  /** Offsets of E8M0 scales, which take the place of fp16 numbers. */
  readonly exponents?: readonly number[]
  /** Offsets of UE4M3 scales, likewise: FP8 E4M3 whose sign bit means nothing. */
  readonly unsignedFloats?: readonly number[]
  /**
   * Decodes the block at bytes[from …] to codes[to …], scales[to / group …] and, if it has them, minimums there.
   */
  decode(
    bytes: Uint8Array,
    from: number,
    codes: Int8Array,
    to: number,
    scales: Float32Array,
    minimums: Float32Array,
  ): void
}

type SimpleTypeName = Extract<CodeTypeName, 'Q4_0' | 'Q4_1' | 'Q5_0' | 'Q5_1' | 'Q8_0'>

/** Blocks of 32 weights with one fp16 scale. */
export const SIMPLE_BLOCKS: Readonly<Record<SimpleTypeName, BlockDecoder>> = {
  // d, 16 bytes of nibbles: weights 0–15 low, 16–31 high; w = d·(q − 8)
  Q4_0: {
    group: 32,
    hasMinimum: false,
    halves: [0],
    decode(bytes, from, codes, to, scales) {
      scales[to / 32] = halfAt(bytes, from)
      unpackNibbles(bytes, from + 2, codes, to, 8)
    },
  },
  // d, m, nibbles; w = d·q + m, so the minimum that is subtracted is −m
  Q4_1: {
    group: 32,
    hasMinimum: true,
    halves: [0, 2],
    decode(bytes, from, codes, to, scales, minimums) {
      scales[to / 32] = halfAt(bytes, from)
      minimums[to / 32] = -halfAt(bytes, from + 2)
      unpackNibbles(bytes, from + 4, codes, to, 0)
    },
  },
  // d, 32 fifth bits, nibbles; w = d·(q − 16)
  Q5_0: {
    group: 32,
    hasMinimum: false,
    halves: [0],
    decode(bytes, from, codes, to, scales) {
      scales[to / 32] = halfAt(bytes, from)
      unpackNibbles(bytes, from + 6, codes, to, 16)
      addFifthBits(bytes, from + 2, codes, to)
    },
  },
  // d, m, 32 fifth bits, nibbles; w = d·q + m
  Q5_1: {
    group: 32,
    hasMinimum: true,
    halves: [0, 2],
    decode(bytes, from, codes, to, scales, minimums) {
      scales[to / 32] = halfAt(bytes, from)
      minimums[to / 32] = -halfAt(bytes, from + 2)
      unpackNibbles(bytes, from + 8, codes, to, 0)
      addFifthBits(bytes, from + 4, codes, to)
    },
  },
  // d, 32 signed bytes; w = d·q
  Q8_0: {
    group: 32,
    hasMinimum: false,
    halves: [0],
    decode(bytes, from, codes, to, scales) {
      scales[to / 32] = halfAt(bytes, from)
      codes.set(bytes.subarray(from + 2, from + 34), to)
    },
  },
}

function unpackNibbles(bytes: Uint8Array, from: number, codes: Int8Array, to: number, offset: number): void {
  for (let i = 0; i < 16; i++) {
    const byte = bytes[from + i]!
    codes[to + i] = (byte & 15) - offset
    codes[to + 16 + i] = (byte >> 4) - offset
  }
}

/** Bit i of the four bytes at `from` is worth 16 in weight i. */
function addFifthBits(bytes: Uint8Array, from: number, codes: Int8Array, to: number): void {
  for (let i = 0; i < 32; i++) {
    codes[to + i]! += ((bytes[from + (i >> 3)]! >> (i & 7)) & 1) << 4
  }
}
