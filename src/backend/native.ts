import { availableParallelism } from 'node:os'
import { FormatError, type QuantizedMatrix } from '../format/index.js'
import { type Addon, type CachePass, type Handle, loadAddon } from './addon.js'
import type {
  AttentionOptions,
  Backend,
  CacheShape,
  DigitOptions,
  Digits,
  KvCache,
  Pass,
  RopeOptions,
  Sequence,
  Tensor,
  Weight,
  WeightOptions,
} from './backend.js'
import * as check from './checks.js'
import {
  CachePool,
  HostTensor,
  HostTensors,
  MatrixWeight,
  PagedCache,
  PagedPass,
  PIECE_BYTES,
  pieceRows,
  pieces,
} from './objects.js'
import { PAGE, PageTable } from './pages.js'
import { fastestThreads } from './tune.js'

export interface NativeOptions {
  /** Threads for kernels, the caller's included. Default: one per core. */
  readonly threads?: number
  /** A dispatch level by name, for tests; default: the widest that this CPU runs. */
  readonly variant?: string
  /** Whether attention reads the next page of a cache while it computes one; false only to show what that is worth. */
  readonly preload?: boolean
}

/**
 * The backend of SIMD kernels (kernels/).
 * @returns null if the addon was not built; `npm rebuild multiscale` with a C++ compiler builds it
 */
export function createNativeBackend(options: NativeOptions = {}): Backend | null {
  const addon = loadAddon()
  if (!addon) return null
  const variant = chooseVariant(addon, options.variant)
  const threads = options.threads ?? availableParallelism()
  check.checkThreads(threads)
  return new NativeBackend(addon, addon.context(variant, threads), variant, threads, options.preload ?? true)
}

/** The variant that was asked for, else the widest that this CPU runs. */
export function chooseVariant(addon: Addon, wanted: string | undefined): string {
  if (wanted !== undefined) return wanted
  const usable = addon.variants().filter((v) => v.compiled && v.supported)
  return usable[usable.length - 1].name
}

class NativeTensor extends HostTensor {}

class NativeDigits implements Digits {
  readonly name = 'these digits'
  /** Rows of the last decomposition. */
  filled = 0
  constructor(
    readonly owner: NativeBackend,
    readonly rows: number,
    readonly cols: number,
    readonly passes: DigitOptions['passes'],
    readonly granularity: DigitOptions['granularity'],
    readonly handle: Handle,
  ) {}
}

class NativeWeight extends MatrixWeight {
  constructor(
    readonly owner: NativeBackend,
    matrix: QuantizedMatrix,
    readonly byteLength: number,
    readonly handle: Handle,
  ) {
    super(matrix)
  }
}

class NativePool extends CachePool {
  readonly byteLength: number
  readonly #addon: Addon

  constructor(
    addon: Addon,
    readonly owner: NativeBackend,
    shape: CacheShape,
    readonly handle: Handle,
  ) {
    super(shape)
    this.#addon = addon
    this.byteLength = addon.cacheBytes(handle)
  }

  protected copy(from: number, to: number): void {
    this.#addon.copyPage(this.handle, from, to)
  }
}

class NativeCache extends PagedCache<NativePool> {
  get owner(): NativeBackend {
    return this.pool.owner
  }

  protected another(table: PageTable): KvCache {
    return this.owner.sequence(this.pool, table)
  }
}

class NativePass extends PagedPass<NativePool> {
  /** As the addon takes it. */
  get flat(): CachePass {
    return [this.starts.length - 1, this.starts, this.positions, this.tables, this.stride]
  }
}

/** An object with memory outside the JavaScript heap. */
interface Owned {
  readonly owner: NativeBackend
  /** For messages. */
  readonly name: string
}

/** A product that waits for others of the same activation. */
interface Product {
  readonly weight: NativeWeight
  readonly bias: Float32Array | null
  readonly y: Float32Array
}

/** As many as fit into one call of the addon. */
const MOST_PRODUCTS = 8

/** Rows that the kernels interleave: chunks begin at whole blocks. */
const BLOCK_ROWS = 16

class NativeBackend extends HostTensors implements Backend {
  readonly name = 'native'
  readonly #addon: Addon
  readonly #context: Handle
  readonly #preload: number
  /** What is still allocated. */
  readonly #owned = new Set<Owned>()
  #decodeThreads: number
  #closed = false
  #staging: [Uint8Array, Uint8Array] | null = null
  readonly #waiting: Product[] = []
  #waitingFor: NativeDigits | NativeTensor | null = null

  constructor(
    addon: Addon,
    context: Handle,
    readonly variant: string,
    readonly threads: number,
    preload: boolean,
  ) {
    super(NativeTensor)
    this.#addon = addon
    this.#context = context
    this.#preload = preload ? 1 : 0
    this.#decodeThreads = threads
  }

  get decodeThreads(): number {
    return this.#decodeThreads
  }

  async tune(weights: readonly Weight[]): Promise<void> {
    this.#checkOpen()
    const use = (threads: number) => {
      this.#decodeThreads = threads
      this.#addon.decodeThreads(this.#context, threads)
    }
    use(await fastestThreads(this, weights, use))
  }

  async weight(matrix: QuantizedMatrix, options: WeightOptions = {}): Promise<Weight> {
    this.#checkOpen()
    const { signal, onProgress } = options
    const { rows, cols, name } = matrix
    const scale = check.checkWeightScale(name, options.scale ?? 1)
    const handle = this.#addon.weight(matrix.type, rows, cols, scale)
    const weight = new NativeWeight(this, matrix, this.#addon.weightBytes(handle), handle)
    this.#owned.add(weight)
    const step = pieceRows(matrix, BLOCK_ROWS)
    const buffers = this.#takeBuffers(step * matrix.rowBytes)
    try {
      for await (const { bytes, begin, count } of pieces(matrix, step, buffers, signal)) {
        const bad = this.#addon.pack(this.#context, handle, bytes, begin, count)
        if (bad >= 0) {
          throw new FormatError(
            name,
            `row ${bad} holds a scale or value that is not finite; the file is damaged`,
          )
        }
        onProgress?.(bytes.byteLength)
      }
    } catch (error) {
      this.free(weight)
      throw error
    } finally {
      this.#staging = buffers
    }
    return weight
  }

  /** Two buffers to read into; matrices that load at the same time get buffers of their own. */
  #takeBuffers(bytes: number): [Uint8Array, Uint8Array] {
    const idle = this.#staging
    this.#staging = null
    if (idle && idle[0].byteLength >= bytes) return idle
    const size = Math.max(bytes, PIECE_BYTES)
    return [new Uint8Array(size), new Uint8Array(size)]
  }

  #checkOpen(): void {
    if (this.#closed) throw new Error('the backend was closed')
  }

  /** Narrows to what this very backend made: variants keep digits in layouts of their own. */
  #own<T extends Owned>(object: unknown, type: check.Class<T>): T {
    const narrowed = check.own(object, type)
    if (narrowed.owner !== this) throw check.foreign()
    if (this.#owned.has(narrowed)) return narrowed
    throw new Error(`${narrowed.name} was freed before`)
  }

  protected settle(): void {
    this.#flush()
  }

  digits(rows: number, cols: number, options: DigitOptions): Digits {
    this.#checkOpen()
    check.checkDigits(rows, cols, options)
    const { passes, granularity } = options
    const handle = this.#addon.digits(this.#context, rows, cols, passes, granularity === 'row')
    const digits = new NativeDigits(this, rows, cols, passes, granularity, handle)
    this.#owned.add(digits)
    return digits
  }

  decompose(x: Tensor, digits: Digits): void {
    check.checkDecompose(x, digits)
    this.#flush()
    const d = this.#own(digits, NativeDigits)
    d.filled = 0 // a failure leaves no digits of use
    const bad = this.#addon.decompose(this.#context, d.handle, check.own(x, NativeTensor).values, x.rows)
    if (bad >= 0) throw check.notFinite(Math.floor(bad / x.cols), bad % x.cols)
    d.filled = x.rows
  }

  linear(x: Digits | Tensor, weight: Weight, out: Tensor, bias?: Tensor): void {
    const w = this.#own(weight, NativeWeight)
    const y = check.own(out, NativeTensor).values
    const b = bias ? check.own(bias, NativeTensor).values : null
    check.checkOperand(x instanceof NativeDigits, weight)
    const input = x instanceof NativeDigits ? this.#own(x, NativeDigits) : check.own(x, NativeTensor)
    const rows = input instanceof NativeDigits ? input.filled : input.rows
    check.checkLinear({ rows, cols: x.cols }, weight, out, bias)
    const full = this.#waiting.length >= MOST_PRODUCTS
    if (full || input !== this.#waitingFor || this.#waiting.some((p) => p.y.buffer === y.buffer)) {
      this.#flush()
    }
    this.#waitingFor = input
    this.#waiting.push({ weight: w, bias: b, y })
  }

  /** Products of one activation wait for each other, so that they are one job for the threads. */
  #flush(): void {
    const x = this.#waitingFor
    if (!x) return
    const products: (Handle | Float32Array | null)[] = []
    for (const { weight, bias, y } of this.#waiting) products.push(weight.handle, bias, y)
    this.#waitingFor = null
    this.#waiting.length = 0
    if (x instanceof NativeDigits) this.#addon.linear(this.#context, x.handle, ...products)
    else this.#addon.linearFloat(this.#context, x.values, x.rows, ...products)
  }

  embed(weight: Weight, ids: ArrayLike<number>, out: Tensor): void {
    check.checkEmbed(weight, ids, out)
    this.#flush()
    const { handle } = this.#own(weight, NativeWeight)
    this.#addon.embed(
      this.#context,
      handle,
      Int32Array.from(ids),
      ids.length,
      check.own(out, NativeTensor).values,
    )
  }

  rmsNorm(x: Tensor, gain: Tensor, epsilon: number, out: Tensor): void {
    check.checkNorm(x, gain, out)
    this.#flush()
    const [from, by, to] = [x, gain, out].map((t) => check.own(t, NativeTensor).values)
    this.#addon.rmsNorm(this.#context, from, by, epsilon, to, x.rows, x.cols)
  }

  rope(x: Tensor, options: RopeOptions): void {
    const size = check.checkRope(x, options)
    this.#flush()
    const { heads, positions, pairs } = options
    const { values, cols } = check.own(options.table, NativeTensor)
    const data = check.own(x, NativeTensor).values
    this.#addon.rope(this.#context, data, x.rows, heads, size, values, cols, positions, pairs === 'half')
  }

  gatedActivation(gate: Tensor, up: Tensor, out: Tensor): void {
    check.checkSame(gate, up, out)
    this.#flush()
    const [g, u, o] = [gate, up, out].map((t) => check.own(t, NativeTensor).values)
    this.#addon.swiglu(this.#context, g, u, o, gate.rows * gate.cols)
  }

  add(x: Tensor, y: Tensor): void {
    check.checkSame(x, y)
    this.#flush()
    this.#addon.add(
      this.#context,
      check.own(x, NativeTensor).values,
      check.own(y, NativeTensor).values,
      x.rows * x.cols,
    )
  }

  cache(shape: CacheShape): KvCache {
    this.#checkOpen()
    check.checkCache(shape)
    const { type, layers, kvHeads, headSize, capacity, keyShift, latent = 0 } = shape
    const { angles = new Float32Array(0), pairs } = keyShift ?? {}
    const pages = Math.ceil(capacity / PAGE)
    const turn = [keyShift ? 1 : 0, angles, angles.length / 2, pairs === 'half' ? 1 : 0] as const
    const handle = this.#addon.cache(type, layers, kvHeads, headSize, latent, pages, ...turn)
    const pool = new NativePool(this.#addon, this, shape, handle)
    return this.sequence(pool, new PageTable(pool.pages))
  }

  /** For caches: a sequence of this backend. */
  sequence(pool: NativePool, table: PageTable): NativeCache {
    const cache = new NativeCache(pool, table)
    this.#owned.add(cache)
    return cache
  }

  pass(sequences: readonly Sequence[]): Pass {
    const caches = sequences.map(({ cache }) => this.#own(cache, NativeCache))
    return new NativePass(check.onePool(caches), caches, sequences)
  }

  /** Narrows to a pass of caches that are still there. */
  #current(pass: Pass): NativePass {
    const own = check.own(pass, NativePass)
    own.checkCurrent((cache) => this.#own(cache, NativeCache))
    return own
  }

  append(pass: Pass, layer: number, k: Tensor, v?: Tensor): void {
    const { pool, flat } = this.#current(pass)
    check.checkAppend(pool, pass, layer, k, v)
    this.#flush()
    const keys = check.own(k, NativeTensor).values
    const values = v ? check.own(v, NativeTensor).values : null
    const bad = this.#addon.append(this.#context, pool.handle, layer, ...flat, keys, values)
    if (bad >= 0) throw check.noCode(bad)
  }

  attention(q: Tensor, pass: Pass, out: Tensor, options: AttentionOptions): void {
    const { pool, flat } = this.#current(pass)
    const { layer, heads, scale, passes, window, softcap } = check.checkAttention(q, pool, pass, out, options)
    this.#flush()
    const [query, result] = [q, out].map((t) => check.own(t, NativeTensor).values)
    const how = [heads, scale, passes, window, softcap, this.#preload] as const
    this.#addon.attend(this.#context, pool.handle, layer, ...flat, ...how, query, result)
  }

  free(object: Weight | Digits | KvCache): void {
    this.#flush()
    if (object instanceof NativeWeight) this.#addon.freeWeight(this.#own(object, NativeWeight).handle)
    else if (object instanceof NativeDigits) this.#addon.freeDigits(this.#own(object, NativeDigits).handle)
    else {
      const cache = this.#own(object, NativeCache)
      if (cache.release()) this.#addon.freeCache(cache.pool.handle)
    }
    this.#owned.delete(object as typeof object & Owned)
  }

  close(): void {
    for (const object of this.#owned) this.free(object as Weight & Owned)
    this.#staging = null
    this.#closed = true
    this.#addon.freeContext(this.#context)
  }
}
