import { setFloat16 } from '@petamoriken/float16'
import { HALVES } from '../../src/cli/doctor/product-data.js'
import { type CodeTypeName, tensorType } from '../../src/format/index.js'

/** Types that `encodeQuantized` writes. */
export type EncodableTypeName = Extract<CodeTypeName, 'Q4_0' | 'Q4_1' | 'Q5_0' | 'Q5_1' | 'Q8_0'>

/** Seeded uniform numbers in [0, 1) (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Seeded normal numbers (Box–Muller), rounded to float32. */
export function randomNormal(length: number, seed: number, deviation = 1): Float32Array {
  const random = seededRandom(seed)
  return Float32Array.from({ length }, () => {
    const radius = Math.sqrt(-2 * Math.log(1 - random()))
    return deviation * radius * Math.cos(2 * Math.PI * random())
  })
}

const f32 = Math.fround

/** Quantizes a row-major [rows, cols] matrix with the rounding of ggml's reference (`quantize_row_*_ref`). */
export function encodeQuantized(
  type: EncodableTypeName,
  values: Float32Array,
  rows: number,
  cols: number,
): Uint8Array {
  const { blockSize, blockBytes } = tensorType(type)
  if (values.length !== rows * cols || cols % blockSize !== 0) {
    throw new RangeError(`${values.length} values are not ${rows} × ${cols} in blocks of ${blockSize}`)
  }
  const bytes = new Uint8Array((values.length / blockSize) * blockBytes)
  for (let b = 0; b < values.length / blockSize; b++) {
    const x = values.subarray(b * blockSize, (b + 1) * blockSize)
    ENCODERS[type](x, bytes.subarray(b * blockBytes, (b + 1) * blockBytes))
  }
  return bytes
}

const ENCODERS: Readonly<Record<EncodableTypeName, (x: Float32Array, out: Uint8Array) => void>> = {
  Q4_0: (x, out) => encodeSymmetric(x, out, 4),
  Q4_1: (x, out) => encodeAffine(x, out, 4),
  Q5_0: (x, out) => encodeSymmetric(x, out, 5),
  Q5_1: (x, out) => encodeAffine(x, out, 5),
  Q8_0: (x, out) => {
    const d = f32(Math.max(...x.map(Math.abs)) / 127)
    const inverse = d === 0 ? 0 : f32(1 / d)
    putHalf(out, 0, d)
    x.forEach((value, i) => {
      const scaled = f32(value * inverse)
      out[2 + i] = Math.sign(scaled) * Math.round(Math.abs(scaled)) // halves away from zero, as roundf
    })
  },
}

/** The value of largest magnitude gets code 0, that is −2^(bits − 1). */
function encodeSymmetric(x: Float32Array, out: Uint8Array, bits: 4 | 5): void {
  const half = 2 ** (bits - 1)
  const extreme = x.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a), 0)
  const d = f32(extreme / -half)
  const inverse = d === 0 ? 0 : f32(1 / d)
  putHalf(out, 0, d)
  // The 4-bit reference depends on a fused multiply-add: one rounding, as in float64 here.
  const scaled = (value: number) => (bits === 4 ? value * inverse : f32(value * inverse))
  const codes = x.map((value) => Math.min(2 * half - 1, Math.trunc(f32(scaled(value) + half + 0.5))))
  putCodes(out, 2, codes, bits)
}

/** Code 0 is the minimum, the largest code the maximum. */
function encodeAffine(x: Float32Array, out: Uint8Array, bits: 4 | 5): void {
  const top = 2 ** bits - 1
  const low = Math.min(...x)
  const d = f32(f32(Math.max(...x) - low) / top)
  const inverse = d === 0 ? 0 : f32(1 / d)
  putHalf(out, 0, d)
  putHalf(out, 2, low)
  const codes = x.map((value) => Math.min(top, Math.trunc(f32(f32(f32(value - low) * inverse) + 0.5))))
  putCodes(out, 4, codes, bits)
}

/** Fifth bits, if any, then nibbles: codes 0–15 low, 16–31 high. */
function putCodes(out: Uint8Array, at: number, codes: Float32Array, bits: 4 | 5): void {
  const nibbles = bits === 5 ? at + 4 : at
  codes.forEach((code, i) => {
    out[nibbles + (i % 16)]! |= (code & 15) << (i < 16 ? 0 : 4)
    if (bits === 5) out[at + (i >> 3)]! |= (code >> 4) << (i & 7)
  })
}

function putHalf(out: Uint8Array, at: number, value: number): void {
  setFloat16(new DataView(out.buffer, out.byteOffset), at, value, true)
}

/** Exponents of MXFP4 blocks for weights of some tenths: the largest weight is 12 · 2^(e − 128). */
const MXFP4_EXPONENTS = { least: 120, count: 4 }
/** UE4M3 scales of NVFP4 blocks likewise: 2^-6 to 15/8 · 2^-5, a sixth of the largest weight. */
const NVFP4_SCALES = { least: 0x08, count: 16 }

/** Valid blocks with random codes and sub-scales, and super-scales between half and all of a usual size. */
export function randomBlocks(type: CodeTypeName, rows: number, cols: number, seed: number): Uint8Array {
  const { blockSize, blockBytes } = tensorType(type)
  if (cols % blockSize !== 0) throw new RangeError(`${cols} columns are not whole blocks of ${blockSize}`)
  const random = seededRandom(seed)
  const bytes = new Uint8Array(((rows * cols) / blockSize) * blockBytes).map(() => 256 * random())
  for (let at = 0; at < bytes.length; at += blockBytes) {
    for (const [offset, size] of HALVES[type]) putHalf(bytes, at + offset, size * (0.5 + random() / 2))
    if (type === 'MXFP4') bytes[at] = MXFP4_EXPONENTS.least + Math.floor(MXFP4_EXPONENTS.count * random())
    if (type === 'NVFP4')
      for (let g = 0; g < 4; g++)
        bytes[at + g] = NVFP4_SCALES.least + Math.floor(NVFP4_SCALES.count * random())
  }
  return bytes
}
