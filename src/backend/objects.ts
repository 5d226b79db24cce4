import { type MatrixTypeName, type QuantizedMatrix, tensorType } from '../format/index.js'
import type { CacheShape, CacheType, KvCache, Tensor, Weight } from './backend.js'
import * as check from './checks.js'

/** What backends have in common behind the objects that they hand out. */

/** A tensor in an array of its own, or a view of one. Each backend has a class of its own and takes no other. */
export class HostTensor implements Tensor {
  constructor(
    readonly rows: number,
    readonly cols: number,
    readonly values: Float32Array,
  ) {}
}

/** The part of a backend that concerns tensors, where they are arrays. */
export abstract class HostTensors {
  readonly #Kind: typeof HostTensor

  constructor(Kind: typeof HostTensor) {
    this.#Kind = Kind
  }

  /** Does what was put off, before tensors are read or written from outside. */
  protected abstract settle(): void

  tensor(rows: number, cols: number): Tensor {
    check.checkShape(rows, cols)
    return new this.#Kind(rows, cols, new Float32Array(rows * cols))
  }

  rows(tensor: Tensor, begin: number, end: number): Tensor {
    const { cols, values } = check.own(tensor, this.#Kind)
    check.checkRows(tensor, begin, end)
    return new this.#Kind(end - begin, cols, values.subarray(begin * cols, end * cols))
  }

  upload(tensor: Tensor, values: ArrayLike<number>): void {
    check.checkUpload(tensor, values)
    this.settle()
    check.own(tensor, this.#Kind).values.set(values)
  }

  async read(tensor: Tensor, into?: Float32Array): Promise<Float32Array> {
    const { values } = check.own(tensor, this.#Kind)
    this.settle()
    return check.copied(values, into)
  }
}

export abstract class MatrixWeight implements Weight {
  readonly name: string
  readonly rows: number
  readonly cols: number
  readonly type: MatrixTypeName
  readonly quantized: boolean
  abstract readonly byteLength: number

  constructor({ name, rows, cols, type }: QuantizedMatrix) {
    this.name = name
    this.rows = rows
    this.cols = cols
    this.type = type
    this.quantized = tensorType(type).kind === 'codes'
  }
}

export abstract class ShapedCache implements KvCache {
  readonly name = 'this cache'
  readonly type: CacheType
  readonly layers: number
  readonly kvHeads: number
  readonly headSize: number
  readonly capacity: number
  abstract readonly byteLength: number

  constructor({ type, layers, kvHeads, headSize, capacity }: CacheShape) {
    this.type = type
    this.layers = layers
    this.kvHeads = kvHeads
    this.headSize = headSize
    this.capacity = capacity
  }
}

/** Bytes read from the file at a time: large enough to stream, small beside a model. */
export const PIECE_BYTES = 4 << 20

/** Rows of a piece: whole blocks of `unit` rows. */
export function pieceRows({ rowBytes }: QuantizedMatrix, unit: number): number {
  return Math.max(1, Math.floor(PIECE_BYTES / (rowBytes * unit))) * unit
}

/**
 * The rows of a matrix, `step` at a time, in turns in two buffers. The next piece is read while the caller works on the
 * last one; when the generator ends, however it does, nothing is read into the buffers any more.
 * @throws what reading throws; the signal's reason
 */
export async function* pieces(
  matrix: QuantizedMatrix,
  step: number,
  buffers: readonly [Uint8Array, Uint8Array],
  signal?: AbortSignal,
): AsyncGenerator<{ bytes: Uint8Array; begin: number; count: number }> {
  const { rows } = matrix
  const read = (begin: number) =>
    matrix.readRows(begin, Math.min(begin + step, rows), buffers[(begin / step) % 2])
  let next = read(0)
  try {
    for (let begin = 0; begin < rows; begin += step) {
      const bytes = await next
      signal?.throwIfAborted()
      const end = Math.min(begin + step, rows)
      if (end < rows) next = read(end)
      yield { bytes, begin, count: end - begin }
    }
  } finally {
    await next.catch(() => {})
  }
}
