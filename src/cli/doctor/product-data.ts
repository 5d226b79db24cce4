import { fp16 } from '../../dtype/index.js'
import { Random } from '../../engine/random.js'
import { type CodeTypeName, tensorType } from '../../format/index.js'
import { int8Top } from '../../msd/index.js'

/** Matrices and activations of the self-test, the same on every machine. */

/** Where a block of each type keeps its fp16 numbers, and what size they have in a model. */
export const HALVES: Readonly<Record<CodeTypeName, readonly (readonly [offset: number, size: number])[]>> = {
  Q4_0: [[0, 0.03]],
  Q4_1: [
    [0, 0.02],
    [2, -0.2],
  ],
  Q5_0: [[0, 0.015]],
  Q5_1: [
    [0, 0.01],
    [2, -0.2],
  ],
  Q8_0: [[0, 0.002]],
  Q2_K: [
    [80, 0.01],
    [82, 0.015],
  ],
  Q3_K: [[108, 0.003]],
  Q4_K: [
    [0, 0.0004],
    [2, 0.003],
  ],
  Q5_K: [
    [0, 0.0002],
    [2, 0.003],
  ],
  Q6_K: [[208, 0.0001]],
  IQ4_NL: [[0, 0.002]],
  IQ4_XS: [[0, 0.0001]],
  MXFP4: [],
  NVFP4: [],
}

export const CODE_TYPES = Object.keys(HALVES) as CodeTypeName[]

/** Scales of one byte each, drawn from `least` on. MXFP4: the exponent + 127. NVFP4: UE4M3, from 2^−6 on. */
const BYTES: {
  readonly [type in CodeTypeName]?: { offsets: readonly number[]; least: number; count: number }
} = {
  MXFP4: { offsets: [0], least: 121, count: 4 },
  NVFP4: { offsets: [0, 1, 2, 3], least: 0x08, count: 16 },
}

/** Stored bytes of a [rows, cols] matrix: random codes and sub-scales, scales between half and all of the usual size. */
export function randomBlocks(type: CodeTypeName, rows: number, cols: number, seed: number): Uint8Array {
  const { blockSize, blockBytes } = tensorType(type)
  const random = new Random(seed)
  const bytes = Uint8Array.from({ length: ((rows * cols) / blockSize) * blockBytes }, () =>
    random.nextUint32(),
  )
  for (let at = 0; at < bytes.length; at += blockBytes) {
    for (const [offset, size] of HALVES[type])
      putHalf(bytes, at + offset, size * (0.5 + random.nextDouble() / 2))
    const { offsets, least, count } = BYTES[type] ?? { offsets: [], least: 0, count: 1 }
    for (const offset of offsets) bytes[at + offset] = least + (random.nextUint32() % count)
  }
  return bytes
}

/** Q4_0 with scales of 1: its weights are the integers −8 … 7. */
export function integerBlocks(rows: number, cols: number, seed: number): Uint8Array {
  const bytes = randomBlocks('Q4_0', rows, cols, seed)
  for (let at = 0; at < bytes.length; at += tensorType('Q4_0').blockBytes) putHalf(bytes, at, 1)
  return bytes
}

/** Q8_0: code 1 on the diagonal, scales of 1. */
export function identityBlocks(size: number): Uint8Array {
  const { blockSize, blockBytes } = tensorType('Q8_0')
  const rowBytes = (size / blockSize) * blockBytes
  const bytes = new Uint8Array(size * rowBytes)
  for (let at = 0; at < bytes.length; at += blockBytes) putHalf(bytes, at, 1)
  for (let n = 0; n < size; n++) {
    bytes[n * rowBytes + Math.floor(n / blockSize) * blockBytes + 2 + (n % blockSize)] = 1
  }
  return bytes
}

function putHalf(bytes: Uint8Array, at: number, value: number): void {
  new DataView(bytes.buffer).setUint16(at, fp16.encode(value), true)
}

/** Normal numbers; each 37th is thirty times as large, as some channels of a model are. */
export function activations(count: number, seed: number): Float32Array {
  const random = new Random(seed)
  return Float32Array.from({ length: count }, (_, i) => {
    const radius = Math.sqrt(-2 * Math.log(1 - random.nextDouble()))
    return radius * Math.cos(2 * Math.PI * random.nextDouble()) * (i % 37 === 11 ? 30 : 1)
  })
}

/** Integers that are their own digits: every group of 32 has the largest that so many digits hold, so its scale is 1. */
export function integerActivations(count: number, passes: 1 | 2 | 3, seed: number): Float32Array {
  const top = int8Top(passes, 256)
  const random = new Random(seed)
  return Float32Array.from({ length: count }, (_, i) =>
    i % 32 === 9 ? top : Math.round(top * (2 * random.nextDouble() - 1)),
  )
}
