import type { MatrixTypeName, QuantizedMatrix } from '../format/index.js'
import {
  type Backend,
  type CacheShape,
  type DigitOptions,
  type Digits,
  GROUP,
  type KvCache,
  type Tensor,
} from './backend.js'
import { CachePool, MatrixWeight, PagedCache, PagedPass } from './objects.js'
import { PAGE, type PageTable } from './pages.js'

/** What the wasm backend hands out: addresses in its memory. */

/** Weight types by their numbers in kernels/gemm/wasm_formats.as.ts. */
export const TYPES: readonly MatrixTypeName[] = [
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
/** Likewise in kernels/gemm/wasm_float.as.ts, with the bytes of a number. */
export const FLOATS: Readonly<Record<string, { readonly type: number; readonly bytes: number }>> = {
  F32: { type: 0, bytes: 4 },
  F16: { type: 1, bytes: 2 },
  BF16: { type: 2, bytes: 2 },
}

/** Rows that the kernels interleave: chunks begin at whole blocks. */
export const BLOCK_ROWS = 16

/** Memory of one tensor and all its views; given back when the last of them is gone. */
export class Storage {
  constructor(readonly address: number) {}
}

export class WasmTensor implements Tensor {
  constructor(
    readonly owner: Backend,
    readonly rows: number,
    readonly cols: number,
    readonly storage: Storage,
    readonly address: number,
  ) {}
}

/** An object that is freed by name. */
export interface Owned {
  readonly owner: Backend
  /** For messages. */
  readonly name: string
  readonly addresses: readonly number[]
}

export class WasmDigits implements Digits, Owned {
  readonly name = 'these digits'
  readonly addresses: readonly number[]
  /** Rows of the last decomposition. */
  filled = 0
  constructor(
    readonly owner: Backend,
    readonly rows: number,
    readonly cols: number,
    readonly passes: DigitOptions['passes'],
    readonly granularity: DigitOptions['granularity'],
    readonly address: number,
  ) {
    this.addresses = [address]
  }
  get groups(): number {
    return Math.ceil(this.cols / GROUP)
  }
}

export class WasmWeight extends MatrixWeight implements Owned {
  readonly addresses: readonly number[]
  constructor(
    readonly owner: Backend,
    matrix: QuantizedMatrix,
    /** Number of the type: of codes, or of floats. */
    readonly number: number,
    readonly blockBytes: number,
    readonly address: number,
    /** A factor of all weights. */
    readonly scale: number,
  ) {
    super(matrix)
    this.addresses = [address]
  }
  get blocks(): number {
    return Math.ceil(this.rows / BLOCK_ROWS)
  }
  get byteLength(): number {
    return this.blocks * this.blockBytes
  }
}

export class WasmPool extends CachePool {
  constructor(
    readonly owner: Backend,
    shape: CacheShape,
    readonly address: number,
    /** Copies bytes within the memory. */
    readonly copyBytes: (to: number, from: number, bytes: number) => void,
    /** For caches: a sequence of the backend. */
    readonly sequence: (pool: WasmPool, table: PageTable) => WasmCache,
  ) {
    super(shape)
  }
  /** Of the keys, or the values, of a page, layer and head. */
  get blockBytes(): number {
    return cacheBlockBytes(this)
  }
  get pageBytes(): number {
    return 2 * this.layers * this.kvHeads * this.blockBytes
  }
  get byteLength(): number {
    return this.pages.count * this.pageBytes
  }
  /** Keys of a layer in page 0. */
  layer(index: number): number {
    return this.address + index * 2 * this.kvHeads * this.blockBytes
  }
  protected copy(from: number, to: number): void {
    const { address, pageBytes } = this
    this.copyBytes(address + to * pageBytes, address + from * pageBytes, pageBytes)
  }
}

export function cacheBlockBytes({ type, headSize }: CacheShape): number {
  return PAGE * headSize * (type === 'f16' ? 2 : 4)
}

export class WasmCache extends PagedCache<WasmPool> implements Owned {
  get owner(): Backend {
    return this.pool.owner
  }
  /** When the last sequence is freed. */
  get addresses(): readonly number[] {
    return [this.pool.address]
  }
  protected another(table: PageTable): KvCache {
    return this.pool.sequence(this.pool, table)
  }
}

export class WasmPass extends PagedPass<WasmPool> {}
