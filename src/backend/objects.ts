import type { BlockTurn } from '../attention/index.js'
import { type MatrixTypeName, type QuantizedMatrix, tensorType } from '../format/index.js'
import type { CacheShape, CacheType, KvCache, Pass, Sequence, Tensor, Weight } from './backend.js'
import * as check from './checks.js'
import { PAGE, PagePool, type PageTable } from './pages.js'

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

/** The pages of some sequences. Backends add where they lie. */
export abstract class CachePool implements CacheShape {
  readonly type: CacheType
  readonly layers: number
  readonly kvHeads: number
  readonly headSize: number
  readonly capacity: number
  readonly keyShift: BlockTurn | undefined
  readonly latent: number | undefined
  readonly pages: PagePool
  abstract readonly byteLength: number
  /** Sequences that were not freed. */
  sequences = 0

  constructor({ type, layers, kvHeads, headSize, capacity, keyShift, latent }: CacheShape) {
    this.keyShift = keyShift
    this.latent = latent
    this.type = type
    this.layers = layers
    this.kvHeads = kvHeads
    this.headSize = headSize
    this.capacity = capacity
    this.pages = new PagePool(Math.ceil(capacity / PAGE), (from, to) => this.copy(from, to))
  }

  /** Copies what a page holds, of all layers. */
  protected abstract copy(from: number, to: number): void
}

/** A sequence. Each backend has a class of its own, made by `another`. */
export abstract class PagedCache<Pool extends CachePool> implements KvCache {
  readonly name = 'this cache'

  constructor(
    readonly pool: Pool,
    readonly table: PageTable,
  ) {
    pool.sequences++
  }

  get type(): CacheType {
    return this.pool.type
  }
  get layers(): number {
    return this.pool.layers
  }
  get kvHeads(): number {
    return this.pool.kvHeads
  }
  get headSize(): number {
    return this.pool.headSize
  }
  get capacity(): number {
    return this.pool.capacity
  }
  get keyShift(): BlockTurn | undefined {
    return this.pool.keyShift
  }
  get latent(): number | undefined {
    return this.pool.latent
  }
  get byteLength(): number {
    return this.pool.byteLength
  }
  get length(): number {
    return this.table.length
  }
  get free(): number {
    return this.pool.pages.free * PAGE
  }

  fork(positions: number): KvCache {
    check.checkPositions('forking', positions, this.length)
    return this.another(this.table.fork(positions))
  }

  truncate(positions: number): void {
    check.checkPositions('keeping', positions, this.length)
    this.table.truncate(positions)
  }

  /** Gives its pages back. @returns whether it was the pool's last sequence */
  release(): boolean {
    this.table.truncate(0)
    return --this.pool.sequences === 0
  }

  protected abstract another(table: PageTable): KvCache
}

/** A pass, and where each sequence's rows and pages are, flat. */
export class PagedPass<Pool extends CachePool> implements Pass {
  readonly rows: number
  readonly positions: Int32Array
  /** [sequences + 1]: sequence s has rows starts[s] … starts[s + 1] − 1. */
  readonly starts: Int32Array
  /** [sequences, stride] */
  readonly tables: Int32Array
  /** Pages of the longest sequence. */
  readonly stride: number
  readonly #versions: readonly number[]

  constructor(
    readonly pool: Pool,
    readonly caches: readonly PagedCache<Pool>[],
    sequences: readonly Sequence[],
  ) {
    check.checkPass(sequences)
    const tables = caches.map(({ table }) => table)
    pool.pages.demand(
      sequences.reduce((sum, { position, tokens }, i) => sum + tables[i].needed(position, tokens), 0),
    )
    for (const [i, { position, tokens }] of sequences.entries()) tables[i].reserve(position, tokens)
    this.#versions = tables.map(({ version }) => version)
    this.starts = new Int32Array(sequences.length + 1)
    for (const [i, { tokens }] of sequences.entries()) this.starts[i + 1] = this.starts[i] + tokens
    this.rows = this.starts[sequences.length]
    this.positions = new Int32Array(this.rows)
    for (const [i, { position, tokens }] of sequences.entries())
      for (let row = 0; row < tokens; row++) this.positions[this.starts[i] + row] = position + row
    this.stride = tables.reduce((most, { pages }) => Math.max(most, pages.length), 0)
    this.tables = new Int32Array(sequences.length * this.stride)
    for (const [i, { pages }] of tables.entries()) this.tables.set(pages, i * this.stride)
  }

  /**
   * @param checkOwner throws for a cache of another backend, or one that is gone
   * @throws Error if a cache has changed since
   */
  checkCurrent(checkOwner: (cache: PagedCache<Pool>) => unknown): void {
    for (const cache of this.caches) checkOwner(cache)
    if (this.caches.every(({ table }, i) => table.version === this.#versions[i])) return
    throw new Error('a cache of this pass was truncated, forked or freed since; make a new pass')
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
