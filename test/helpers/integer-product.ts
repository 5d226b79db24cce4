import { fp8e4m3, fp16 } from '../../src/dtype/index.js'
import { type CodeTypeName, decodeCodes, tensorType } from '../../src/format/index.js'
import { decomposeInt8, int8Top } from '../../src/msd/index.js'
import { seededRandom } from './quants.js'

/**
 * Products whose every step is an integer below 2^53, so that plain TypeScript predicts the kernels' float32
 * result bit for bit: float64 holds a · b + c exactly, and Math.fround of it is the fused multiply-add.
 */

export const CODE_TYPES: readonly CodeTypeName[] = [
  'Q4_0',
  'Q4_1',
  'Q5_0',
  'Q5_1',
  'Q8_0',
  'Q2_K',
  'Q3_K',
  'Q4_K',
  'Q5_K',
  'Q6_K',
  'IQ4_NL',
  'IQ4_XS',
  'MXFP4',
  'NVFP4',
]

/** Where a block keeps its fp16 numbers, its E8M0 or its UE4M3 scales, and its integer sub-scales [begin, end). */
interface Fields {
  readonly halves: readonly number[]
  readonly exponent?: number
  readonly unsignedFloats?: readonly number[]
  readonly subScales?: readonly [number, number]
}
const FIELDS: Readonly<Record<CodeTypeName, Fields>> = {
  Q4_0: { halves: [0] },
  Q4_1: { halves: [0, 2] },
  Q5_0: { halves: [0] },
  Q5_1: { halves: [0, 2] },
  Q8_0: { halves: [0] },
  Q2_K: { halves: [80, 82], subScales: [0, 16] },
  Q3_K: { halves: [108], subScales: [96, 108] },
  Q4_K: { halves: [0, 2], subScales: [4, 16] },
  Q5_K: { halves: [0, 2], subScales: [4, 16] },
  Q6_K: { halves: [208], subScales: [192, 208] },
  IQ4_NL: { halves: [0] },
  IQ4_XS: { halves: [0], subScales: [2, 8] },
  MXFP4: { halves: [], exponent: 0 },
  NVFP4: { halves: [], unsignedFloats: [0, 1, 2, 3] },
}

/** Bytes of a matrix whose scales and minimums are integers: in [−7, 7] times the block's own, or powers of two. */
export function integerBlocks(
  type: CodeTypeName,
  rows: number,
  cols: number,
  seed: number,
  fill?: { readonly codes: number; readonly subScales: number },
): Uint8Array {
  const { blockSize, blockBytes } = tensorType(type)
  const { halves, exponent, unsignedFloats = [], subScales } = FIELDS[type]
  const random = seededRandom(seed)
  const bytes = new Uint8Array(((rows * cols) / blockSize) * blockBytes)
  for (let i = 0; i < bytes.length; i++) bytes[i] = fill ? fill.codes : 256 * random()
  for (let at = 0; at < bytes.length; at += blockBytes) {
    if (fill && subScales) bytes.fill(fill.subScales, at + subScales[0], at + subScales[1])
    // The scale of doubled codes is 2^(e − 128).
    if (exponent !== undefined) bytes[at + exponent] = 128 + Math.floor(4 * random())
    // Twice the scale of doubled codes, 0 to 7, with a sign that means nothing.
    for (const offset of unsignedFloats)
      bytes[at + offset] = fp8e4m3.encode(2 * Math.floor(8 * random())) | (random() < 0.5 ? 0x80 : 0)
    for (const offset of halves) {
      const code = fp16.encode(Math.floor(15 * random()) - 7)
      bytes[at + offset] = code & 255
      bytes[at + offset + 1] = code >> 8
    }
  }
  return bytes
}

export type Passes = 1 | 2 | 3
export type Granularity = 'row' | 'group'

/** 'low': the largest activation whose lower digits are all −128; 'low-negative': the smallest one. */
export type Pattern = 'random' | 'top' | 'bottom' | 'low' | 'low-negative'

function patternValue(pattern: Exclude<Pattern, 'random'>, passes: Passes): number {
  const top = int8Top(passes, 256)
  if (pattern === 'top') return top
  if (pattern === 'bottom') return -top
  const lower = passes === 1 ? 0 : passes === 2 ? -128 : -128 * 257
  return (pattern === 'low' ? 127 : passes === 1 ? -127 : -126) * 256 ** (passes - 1) + lower
}

/**
 * Integer activations that are their own digits: the maximum of each row is `top`, so its scale is 1, or that
 * of each group of 32 is top · 2^e, so its scale is 2^e with e in 0 … 3.
 */
export function integerActivations(
  rows: number,
  cols: number,
  passes: Passes,
  granularity: Granularity,
  seed: number,
  pattern: Pattern = 'random',
): Float32Array {
  const top = int8Top(passes, 256)
  const random = seededRandom(seed)
  const x = new Float32Array(rows * cols)
  for (let start = 0; start < x.length; start += 32) {
    const unit = granularity === 'group' ? 2 ** Math.floor(4 * random()) : 1
    // With a scale per row, most groups stay far below its maximum: a scale per group would be seen.
    const reach = granularity === 'row' ? top / 2 ** Math.floor(8 * random()) : top
    for (let i = start; i < start + 32; i++) {
      const q = pattern === 'random' ? Math.round(reach * (2 * random() - 1)) : patternValue(pattern, passes)
      x[i] = unit * q
    }
    if (granularity === 'group')
      x[start + Math.floor(32 * random())] = unit * extreme(pattern, random()) * top
  }
  if (granularity === 'row')
    for (let row = 0; row < rows; row++)
      x[row * cols + Math.floor(cols * random())] = extreme(pattern, random()) * top
  return x
}

function extreme(pattern: Pattern, random: number): 1 | -1 {
  if (pattern === 'random') return random < 0.5 ? 1 : -1
  return pattern === 'top' || pattern === 'low' ? 1 : -1
}

export interface Expected {
  /** By the order and the roundings that kernels/gemm/contract.h promises: [tokens · rows]. */
  readonly native: Float32Array
  /** The same order, but products are rounded before they are added: WebAssembly has no fused multiply-add. */
  readonly wasm: Float32Array
  /** The exact sum, rounded once. */
  readonly reference: Float32Array
}

const f32 = Math.fround

/** Both results for integerActivations x [tokens, cols] and integerBlocks [rows, cols]. */
export function expectedProduct(
  x: Float32Array,
  type: CodeTypeName,
  bytes: Uint8Array,
  rows: number,
  cols: number,
  passes: Passes,
  granularity: Granularity,
): Expected {
  const { codes, scales, minimums, group } = decodeCodes(type, bytes, rows, cols)
  const tokens = x.length / cols
  const parts = decomposeInt8(x, {
    rows: tokens,
    cols,
    passes,
    granularity: granularity === 'row' ? 'row' : 32,
    arithmetic: 'float32',
  })
  const native = new Float32Array(tokens * rows)
  const wasm = new Float32Array(tokens * rows)
  const reference = new Float32Array(tokens * rows)
  const [h, m, l] = parts.digits
  for (let t = 0; t < tokens; t++) {
    for (let n = 0; n < rows; n++) {
      let acc = 0
      let unfused = 0
      let exact = 0
      for (let k0 = 0; k0 < cols; k0 += 32) {
        const unit = parts.scales[t * parts.groups + Math.floor(k0 / parts.groupSize)]
        const sums: number[] = []
        for (let part = k0; part < k0 + 32; part += group) {
          let upper = 0
          let third = 0
          let sum = 0
          for (let k = part; k < part + group; k++) {
            const i = t * cols + k
            const code = codes[n * cols + k]
            const q = passes === 1 ? h[i] : 256 * h[i] + m[i]
            upper += q * code
            sum += passes === 3 ? 256 * q + l[i] : q
            if (passes === 3) third += l[i] * code
            if (unit * (passes === 3 ? 256 * q + l[i] : q) !== x[i])
              throw new Error(`activation ${x[i]} is not its own digits: scale ${unit}, digits of ${q}`)
          }
          sums.push(sum)
          const scale = scales[(n * cols + part) / group]
          const total = passes === 3 ? f32(256 * f32(upper) + f32(third)) : f32(upper)
          acc = f32(total * scale * unit + acc)
          unfused = f32(f32(total * scale * unit) + unfused)
          exact += (passes === 3 ? 256 * upper + third : upper) * scale * unit
        }
        if (!minimums) continue
        sums.forEach((sum, part) => {
          const minimum = minimums[(n * cols + k0) / group + part]
          acc = f32(acc - minimum * unit * f32(sum))
          unfused = f32(unfused - f32(minimum * unit * f32(sum)))
          exact -= minimum * unit * sum
        })
      }
      if (!Number.isSafeInteger(exact)) throw new Error(`${exact} is beyond exact integers`)
      native[t * rows + n] = acc
      wasm[t * rows + n] = unfused
      reference[t * rows + n] = exact
    }
  }
  return { native, wasm, reference }
}
