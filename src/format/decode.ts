import type { CodeMatrix } from '../msd/code-matrix.js'
import { type BlockDecoder, SIMPLE_BLOCKS } from './decode-blocks.js'
import { floatsFromBytes } from './decode-float.js'
import { K_BLOCKS } from './decode-k-blocks.js'
import { TABLE_BLOCKS } from './decode-table-blocks.js'
import { FormatError } from './error.js'
import { checkByteLength, type MatrixTypeName } from './quantized-matrix.js'
import { type CodeTypeName, type FloatTypeName, tensorType } from './tensor-types.js'

const DECODERS: Readonly<Record<CodeTypeName, BlockDecoder>> = {
  ...SIMPLE_BLOCKS,
  ...K_BLOCKS,
  ...TABLE_BLOCKS,
}

/** Bits of an fp16, bf16 or (upper half of an) f32 whose exponent is all ones: infinity or NaN. */
const FP16_EXPONENT = 0x7c00
const FP32_EXPONENT = 0x7f80
/** An E8M0 scale is one byte; it has no infinity, and NaN is all ones. */
const E8M0_NAN = 0xff
/** Nor has a UE4M3 scale; its NaN is all ones but the sign, which means nothing. */
const UE4M3_NAN = 0x7f

/** What error messages say about the bytes at hand. */
export interface Place {
  /** Name of the file; the tensor's name alone when absent. */
  readonly file?: string
  /** Name of the tensor. */
  readonly name?: string
  /** Row of the tensor that the bytes start with, when they are a piece of it. */
  readonly firstRow?: number
}

/**
 * Unpacks stored blocks into signed codes and group scales, w = scale · code − minimum (msd.md §3). Exact:
 * scales of K-quants and IQ4_XS are products of an fp16 (11 bits) and at most 8 bits, which float32 holds;
 * those of MXFP4 are powers of two from 2^-128 (subnormal in float32) to 2^126, those of NVFP4 multiples of 2^-10
 * of four bits, up to 224.
 * @param bytes rows · cols weights as stored
 * @throws FormatError for a byte count that is not the shape's, or a scale that is infinite or NaN
 */
export function decodeCodes(
  type: CodeTypeName,
  bytes: Uint8Array,
  rows: number,
  cols: number,
  place: Place = {},
): CodeMatrix {
  checkScales(type, bytes, rows, cols, place)
  const { blockSize, blockBytes } = tensorType(type)
  const { group, hasMinimum, decode } = DECODERS[type]
  const codes = new Int8Array(rows * cols)
  const scales = new Float32Array((rows * cols) / group)
  const minimums = new Float32Array(hasMinimum ? scales.length : 0)
  for (let block = 0; block < codes.length / blockSize; block++) {
    decode(bytes, block * blockBytes, codes, block * blockSize, scales, minimums)
  }
  return { rows, cols, group, codes, scales, ...(hasMinimum && { minimums }) }
}

/**
 * The weights as float64, row-major. Exact: scale · code − minimum is a multiple of 2^-24 below 2^28 in every
 * quantized type but MXFP4, where it is a code of 5 bits times a power of two. For tests and inspection;
 * inference multiplies the codes.
 * @throws FormatError as decodeCodes
 */
export function dequantize(
  type: MatrixTypeName,
  bytes: Uint8Array,
  rows: number,
  cols: number,
  place: Place = {},
): Float64Array {
  if (isFloatType(type)) {
    checkScales(type, bytes, rows, cols, place)
    return Float64Array.from(floatsFromBytes(type, bytes))
  }
  const { group, codes, scales, minimums } = decodeCodes(type, bytes, rows, cols, place)
  const weights = new Float64Array(codes.length)
  for (let i = 0; i < weights.length; i++) {
    const g = Math.floor(i / group)
    weights[i] = scales[g]! * codes[i]! - (minimums?.[g] ?? 0)
  }
  return weights
}

/**
 * Refuses infinite and NaN scales and minimums (weights, for float types) by looking at their exponents alone:
 * cheap enough to run on every piece of a matrix while it is loaded.
 * @throws FormatError naming the tensor and the row
 */
export function checkScales(
  type: MatrixTypeName,
  bytes: Uint8Array,
  rows: number,
  cols: number,
  place: Place = {},
): void {
  const name = place.name ?? `(${type} matrix)`
  checkByteLength(name, type, bytes.byteLength, rows, cols)
  const { blockSize, blockBytes } = tensorType(type)
  const { offsets, mask } = scaleFields(type)
  for (const offset of offsets) {
    for (let at = offset; at < bytes.length; at += blockBytes) {
      const bits = bytes[at]! | (bytes[at + 1]! << 8)
      if ((bits & mask) !== mask) continue
      const row = Math.floor(at / ((cols / blockSize) * blockBytes)) + (place.firstRow ?? 0)
      const thing = isFloatType(type) ? 'weight' : 'scale'
      throw new FormatError(
        place.file ?? name,
        `tensor ${JSON.stringify(name)} has an infinite or NaN ${thing} in row ${row}; ` +
          'the file is damaged or was made from a diverged model',
      )
    }
  }
}

/** Where a block has its numbers, and which bits of the one or two bytes there are all ones in an infinity or NaN. */
function scaleFields(type: MatrixTypeName): { offsets: readonly number[]; mask: number } {
  if (type === 'F32') return { offsets: [2], mask: FP32_EXPONENT }
  if (type === 'BF16') return { offsets: [0], mask: FP32_EXPONENT }
  if (type === 'F16') return { offsets: [0], mask: FP16_EXPONENT }
  const { halves, exponents, unsignedFloats } = DECODERS[type]
  if (exponents) return { offsets: exponents, mask: E8M0_NAN }
  if (unsignedFloats) return { offsets: unsignedFloats, mask: UE4M3_NAN }
  return { offsets: halves, mask: FP16_EXPONENT }
}

function isFloatType(type: MatrixTypeName): type is FloatTypeName {
  return tensorType(type).kind === 'float'
}
