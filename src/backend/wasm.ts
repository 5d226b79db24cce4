// Not from '../format/index.js', which reads files: this one runs in browsers too.
import { FormatError } from '../format/error.js'
import type { QuantizedMatrix } from '../format/index.js'
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
import { GROUP } from './backend.js'
import * as check from './checks.js'
import { pieceRows, pieces } from './objects.js'
import { PAGE, PageTable } from './pages.js'
import { Heap, WASM_MEMORY_BYTES } from './wasm-heap.js'
import {
  ADDRESS,
  defaultVariant,
  nodeModule,
  OPERATION,
  readWasmModule,
  relaxedDot,
  type WasmExports,
  type WasmVariantName,
  wasmThreads,
  wasmVariants,
} from './wasm-module.js'
import {
  BLOCK_ROWS,
  cacheBlockBytes,
  FLOATS,
  type Owned,
  Storage,
  TYPES,
  WasmCache,
  WasmDigits,
  WasmPass,
  WasmPool,
  WasmTensor,
  WasmWeight,
} from './wasm-objects.js'
import { mayWait, startThreads, stopThreads } from './wasm-threads.js'

export interface WasmOptions {
  /** Threads for kernels, the caller's included. Default: one per core. One where memory cannot be shared. */
  readonly threads?: number
  /** A build by name, for tests; default: the fastest that this machine runs. */
  readonly variant?: string
  /** The compiled build, where it cannot be read from a file: `await fetchWasmModule(…)` with the same options. */
  readonly module?: WebAssembly.Module
}

const PAGE_BYTES = 65536
/** With less than that it is not worth trying. */
const LEAST_MEMORY_BYTES = 256 << 20
/** Tokens of a task, elements of a task, query rows of a task, positions of a block: as the kernels have them. */
const SLAB = 64
const SLICE = 16_384
const QUERY_ROWS = 16
const POSITIONS = 16
/** Groups of digits come in chunks of so many. */
const CHUNK_GROUPS = 16

/**
 * The backend of WebAssembly kernels (kernels/**\/*.as.ts): runs wherever there is 128-bit SIMD, without a compiler.
 * @throws RangeError for an unknown variant or count of threads; Error if this runtime does not run the variant, or the
 *   kernels were not built
 */
export function createWasmBackend(options: WasmOptions = {}): Backend {
  const wanted = options.threads ?? processors()
  check.checkThreads(wanted)
  const threads = wanted > 1 && wasmThreads() ? wanted : 1
  return new WasmBackend(instantiate(options, threads), threads)
}

function processors(): number {
  return nodeModule('node:os')?.availableParallelism() ?? globalThis.navigator?.hardwareConcurrency ?? 1
}

interface Instance {
  readonly variant: WasmVariantName
  readonly module: WebAssembly.Module
  readonly memory: WebAssembly.Memory
  /** Bytes that the memory can grow to. */
  readonly limit: number
  readonly kernels: WasmExports
}

function instantiate({ variant, module }: WasmOptions, threads: number): Instance {
  const variants = wasmVariants()
  const known = variants.find(({ name }) => name === variant)
  if (variant !== undefined && !known) {
    const names = variants.map(({ name }) => `'${name}'`).join(' and ')
    throw new RangeError(`no WebAssembly variant is called ${JSON.stringify(variant)}; there are ${names}`)
  }
  const name = known?.name ?? defaultVariant()
  if (!variants.some((one) => one.name === name && one.supported)) {
    throw new Error(`this runtime cannot run the WebAssembly variant ${name}`)
  }
  const compiled = module ?? readWasmModule(name, threads > 1)
  const { memory, limit } = reserve(threads > 1)
  const instance = new WebAssembly.Instance(compiled, { env: { memory } })
  const kernels = instance.exports as unknown as WasmExports
  kernels.setEightBits(relaxedDot() === 'unsigned')
  return { variant: name, module: compiled, memory, limit, kernels }
}

/** A memory with room for as much as the system lets it: addresses are reserved, pages come as it grows. */
function reserve(shared: boolean): { memory: WebAssembly.Memory; limit: number } {
  for (let limit = WASM_MEMORY_BYTES; ; limit = Math.floor(limit / 2 / PAGE_BYTES) * PAGE_BYTES) {
    try {
      const memory = new WebAssembly.Memory({ initial: 2, maximum: limit / PAGE_BYTES, shared })
      return { memory, limit }
    } catch (error) {
      if (limit < LEAST_MEMORY_BYTES) throw error
    }
  }
}

/** What a closed backend no longer has. */
interface Running {
  readonly memory: WebAssembly.Memory
  readonly kernels: WasmExports
  readonly heap: Heap
  /** Frees what tensors held that are gone. */
  readonly registry: FinalizationRegistry<number>
}

class WasmBackend implements Backend {
  readonly name = 'wasm'
  readonly variant: string
  readonly memoryLimit: number
  #running: Running | null
  /** What is still allocated and freed by name. */
  readonly #owned = new Set<Owned>()
  /** Views of the memory's current buffer. */
  #words = new Uint32Array(0)
  #floats = new Float32Array(0)
  /** Scratch memory that grows with what it is needed for. */
  readonly #scratch = {
    ids: { address: 0, bytes: 0 },
    pass: { address: 0, bytes: 0 },
    scores: { address: 0, bytes: 0 },
  }

  constructor(
    { variant, module, memory, limit, kernels }: Instance,
    readonly threads: number,
  ) {
    this.variant = variant
    this.memoryLimit = limit
    const heap = new Heap(memory, ADDRESS.heap, limit)
    const registry = new FinalizationRegistry<number>((address) => {
      if (this.#running) heap.free(address)
    })
    this.#running = { memory, kernels, heap, registry }
    kernels.initialize(threads, heap.allocate(threads * kernels.scratchBytes()), threads === 1 || mayWait())
    if (threads > 1) startThreads(module, memory, threads - 1)
  }

  get decodeThreads(): number {
    return this.threads
  }

  /** Sub-workers sleep where they are not needed; all of them decode. */
  async tune(): Promise<void> {}

  /** What the module exports; for tests. */
  get kernels(): WasmExports {
    return this.#open.kernels
  }

  get #open(): Running {
    if (!this.#running) throw new Error('the backend was closed')
    return this.#running
  }

  /** Views of the memory as it is now: growing makes a new buffer. */
  #view(): { words: Uint32Array; floats: Float32Array } {
    const { buffer } = this.#open.memory
    if (this.#words.buffer !== buffer) {
      this.#words = new Uint32Array(buffer)
      this.#floats = new Float32Array(buffer)
    }
    return { words: this.#words, floats: this.#floats }
  }

  /** Runs an operation: its fields, in the order of the kernel's job, as unsigned words. */
  #run(operation: number, tasks: number, ...fields: number[]): void {
    this.#view().words.set(fields, ADDRESS.job / 4)
    this.#open.kernels.run(operation, tasks)
  }

  /** Runs an operation that looks for a bad value. @returns the lowest index it found, or −1 */
  #search(operation: number, tasks: number, ...fields: number[]): number {
    const { words } = this.#view()
    words[ADDRESS.found / 4] = 0x7fffffff
    this.#run(operation, tasks, ...fields)
    const found = words[ADDRESS.found / 4]
    return found === 0x7fffffff ? -1 : found
  }

  async weight(matrix: QuantizedMatrix, options: WeightOptions = {}): Promise<Weight> {
    const { kernels, heap } = this.#open
    const { signal, onProgress } = options
    const { rows, cols, rowBytes, name, type } = matrix
    const scale = check.checkWeightScale(name, options.scale ?? 1)
    const float = FLOATS[type]
    const number = float ? float.type : TYPES.indexOf(type)
    const blockBytes = float
      ? Math.ceil((cols * BLOCK_ROWS * float.bytes) / 64) * 64
      : kernels.blockBytes(number, cols / GROUP)
    const address = heap.allocate(Math.ceil(rows / BLOCK_ROWS) * blockBytes)
    const weight = new WasmWeight(this, matrix, number, blockBytes, address, scale)
    this.#owned.add(weight)
    const step = pieceRows(matrix, BLOCK_ROWS)
    const size = Math.min(step, rows) * rowBytes
    let staging: number | null = null
    try {
      staging = heap.allocate(size)
      const buffers = [new Uint8Array(size), new Uint8Array(size)] as const
      for await (const { bytes, begin, count } of pieces(matrix, step, buffers, signal)) {
        new Uint8Array(this.#open.memory.buffer).set(bytes, staging)
        const bad = this.#search(
          float ? OPERATION.packFloat : OPERATION.pack,
          Math.ceil(count / BLOCK_ROWS),
          number,
          float ? 0 : kernels.layoutOf(number),
          address + (begin / BLOCK_ROWS) * blockBytes,
          blockBytes,
          float ? cols : cols / GROUP,
          staging,
          rowBytes,
          count,
        )
        if (bad >= 0) {
          throw new FormatError(
            name,
            `row ${begin + bad} holds a scale or value that is not finite; the file is damaged`,
          )
        }
        onProgress?.(bytes.byteLength)
      }
    } catch (error) {
      if (this.#owned.has(weight)) this.free(weight)
      throw error
    } finally {
      if (staging !== null && this.#running) heap.free(staging)
    }
    return weight
  }

  /** Narrows to what this very backend made and still has. */
  #own<T extends Owned>(object: unknown, type: check.Class<T>): T {
    const narrowed = check.own(object, type)
    if (narrowed.owner !== this) throw check.foreign()
    if (this.#owned.has(narrowed)) return narrowed
    throw new Error(`${narrowed.name} was freed before`)
  }

  /** Address of a tensor of this backend. */
  #at(tensor: Tensor): number {
    const { owner, address } = check.own(tensor, WasmTensor)
    if (owner !== this) throw check.foreign()
    return address
  }

  tensor(rows: number, cols: number): Tensor {
    const { heap, registry } = this.#open
    check.checkShape(rows, cols)
    const address = heap.allocate(4 * rows * cols)
    const storage = new Storage(address)
    registry.register(storage, address)
    const at = address / 4
    this.#view().floats.fill(0, at, at + rows * cols)
    return new WasmTensor(this, rows, cols, storage, address)
  }

  rows(tensor: Tensor, begin: number, end: number): Tensor {
    const address = this.#at(tensor)
    check.checkRows(tensor, begin, end)
    const { cols, storage } = tensor as WasmTensor
    return new WasmTensor(this, end - begin, cols, storage, address + 4 * begin * cols)
  }

  upload(tensor: Tensor, values: ArrayLike<number>): void {
    const address = this.#at(tensor)
    check.checkUpload(tensor, values)
    this.#view().floats.set(values, address / 4)
  }

  async read(tensor: Tensor, into?: Float32Array): Promise<Float32Array> {
    const at = this.#at(tensor) / 4
    return check.copied(this.#view().floats.subarray(at, at + tensor.rows * tensor.cols), into)
  }

  digits(rows: number, cols: number, options: DigitOptions): Digits {
    const { heap, kernels } = this.#open
    check.checkDigits(rows, cols, options)
    const { passes, granularity } = options
    const chunks = Math.ceil(cols / (GROUP * CHUNK_GROUPS))
    const address = heap.allocate(rows * chunks * CHUNK_GROUPS * kernels.digitBytes(passes))
    const digits = new WasmDigits(this, rows, cols, passes, granularity, address)
    this.#owned.add(digits)
    return digits
  }

  decompose(x: Tensor, digits: Digits): void {
    check.checkDecompose(x, digits)
    const d = this.#own(digits, WasmDigits)
    d.filled = 0 // a failure leaves no digits of use
    const perRow = d.granularity === 'row' ? 1 : 0
    const fields = [this.#at(x), x.cols, d.passes, perRow, d.address, x.rows]
    const bad = this.#search(OPERATION.decompose, x.rows, ...fields)
    if (bad >= 0) throw check.notFinite(Math.floor(bad / x.cols), bad % x.cols)
    d.filled = x.rows
  }

  linear(x: Digits | Tensor, weight: Weight, out: Tensor, bias?: Tensor): void {
    const w = this.#own(weight, WasmWeight)
    const y = this.#at(out)
    const b = bias ? this.#at(bias) : 0
    check.checkOperand(x instanceof WasmDigits, weight)
    const tokens = x instanceof WasmDigits ? x.filled : x.rows
    check.checkLinear({ rows: tokens, cols: x.cols }, weight, out, bias)
    // A single token's tasks are small: some for each thread. Of many tokens a block of rows is enough.
    const step = tokens > 1 ? 1 : Math.max(1, Math.floor(w.blocks / (this.threads * 16)))
    const tasks = Math.ceil(w.blocks / step) * Math.ceil(tokens / SLAB)
    const factor = floatBits(w.scale)
    if (x instanceof WasmDigits) {
      const d = this.#own(x, WasmDigits)
      const { kernels } = this.#open
      const [layout, offset] = [kernels.layoutOf(w.number), kernels.offsetOf(w.number)]
      const matrix = [layout, offset, w.address, w.blockBytes, d.groups, w.rows]
      this.#run(OPERATION.linear, tasks, ...matrix, d.address, d.passes, tokens, y, b, step, factor)
    } else {
      const matrix = [w.number, w.address, w.blockBytes, w.cols, w.rows]
      this.#run(OPERATION.linearFloat, tasks, ...matrix, this.#at(x), tokens, y, b, step, factor)
    }
  }

  embed(weight: Weight, ids: ArrayLike<number>, out: Tensor): void {
    check.checkEmbed(weight, ids, out)
    const w = this.#own(weight, WasmWeight)
    const to = this.#at(out)
    const { kernels } = this.#open
    const at = this.#room('ids', 4 * ids.length)
    this.#view().words.set(ids, at / 4)
    const [layout, offset] = w.quantized
      ? [kernels.layoutOf(w.number), kernels.offsetOf(w.number)]
      : [w.number, 0]
    const operation = w.quantized ? OPERATION.embed : OPERATION.embedFloat
    const matrix = [layout, offset, w.address, w.blockBytes, w.cols]
    this.#run(operation, ids.length, ...matrix, at, to, floatBits(w.scale))
  }

  /** Scratch memory of at least so many bytes. */
  #room(name: 'ids' | 'pass' | 'scores', bytes: number): number {
    const { heap } = this.#open
    const held = this.#scratch[name]
    if (held.bytes < bytes) {
      if (held.bytes > 0) heap.free(held.address)
      held.bytes = 0
      held.address = heap.allocate(bytes)
      held.bytes = bytes
    }
    return held.address
  }

  rmsNorm(x: Tensor, gain: Tensor, epsilon: number, out: Tensor): void {
    check.checkNorm(x, gain, out)
    this.#run(OPERATION.norm, x.rows, this.#at(x), this.#at(gain), floatBits(epsilon), this.#at(out), x.cols)
  }

  rope(x: Tensor, options: RopeOptions): void {
    const size = check.checkRope(x, options)
    const { heads, positions, pairs, table } = options
    const [data, angles] = [this.#at(x), this.#at(table)]
    const [at] = this.#place('ids', positions)
    const half = pairs === 'half' ? 1 : 0
    this.#run(OPERATION.rope, x.rows, data, heads, size, angles, table.cols, half, at)
  }

  gatedActivation(gate: Tensor, up: Tensor, out: Tensor): void {
    check.checkSame(gate, up, out)
    const count = gate.rows * gate.cols
    const [g, u, o] = [gate, up, out].map((tensor) => this.#at(tensor))
    this.#run(OPERATION.swiglu, Math.ceil(count / SLICE), g, u, o, count)
  }

  add(x: Tensor, y: Tensor): void {
    check.checkSame(x, y)
    const count = x.rows * x.cols
    this.#run(OPERATION.add, Math.ceil(count / SLICE), this.#at(x), this.#at(y), 0, count)
  }

  cache(shape: CacheShape): KvCache {
    const { heap } = this.#open
    check.checkCache(shape)
    const { type, layers, kvHeads, capacity } = shape
    if (type === 'int8' || type === 'mxfp4')
      throw new RangeError(`WebAssembly keeps no ${type} cache; use 'f16' or 'f32', or the native backend`)
    if (shape.latent !== undefined)
      throw new RangeError('WebAssembly keeps no latent rows; use the native backend')
    const bytes = 2 * layers * kvHeads * Math.ceil(capacity / PAGE) * cacheBlockBytes(shape)
    const copyBytes = (to: number, from: number, bytes: number) =>
      this.#view().words.copyWithin(to / 4, from / 4, (from + bytes) / 4)
    const sequence = (pool: WasmPool, table: PageTable) => {
      const cache = new WasmCache(pool, table)
      this.#owned.add(cache)
      return cache
    }
    const pool = new WasmPool(this, shape, heap.allocate(bytes), copyBytes, sequence)
    return sequence(pool, new PageTable(pool.pages))
  }

  pass(sequences: readonly Sequence[]): Pass {
    const caches = sequences.map(({ cache }) => this.#own(cache, WasmCache))
    return new WasmPass(check.onePool(caches), caches, sequences)
  }

  /** Narrows to a pass of caches that are still there. */
  #current(pass: Pass): WasmPass {
    const own = check.own(pass, WasmPass)
    own.checkCurrent((cache) => this.#own(cache, WasmCache))
    return own
  }

  /** The fields that append and attention begin with. */
  #passFields({ pool, starts, positions, tables, stride }: WasmPass, layer: number): number[] {
    const half = pool.type === 'f16' ? 1 : 0
    const at = this.#place('pass', starts, positions, tables)
    const shape = [pool.layer(layer), pool.blockBytes, pool.pageBytes, half, pool.kvHeads, pool.headSize]
    return [...shape, starts.length - 1, ...at, stride]
  }

  /** Copies arrays to scratch memory. @returns their addresses */
  #place(name: 'pass' | 'ids', ...arrays: Int32Array[]): number[] {
    const length = arrays.reduce((sum, array) => sum + array.length, 0)
    let at = this.#room(name, 4 * length)
    const { words } = this.#view()
    return arrays.map((array) => {
      words.set(array, at / 4)
      at += 4 * array.length
      return at - 4 * array.length
    })
  }

  append(pass: Pass, layer: number, k: Tensor, v: Tensor = k): void {
    const own = this.#current(pass)
    check.checkAppend(own.pool, pass, layer, k, v)
    const [keys, values] = [this.#at(k), this.#at(v)]
    this.#run(OPERATION.append, k.rows, ...this.#passFields(own, layer), keys, values)
  }

  attention(q: Tensor, pass: Pass, out: Tensor, options: AttentionOptions): void {
    const own = this.#current(pass)
    const { pool, starts, stride } = own
    const { layer, heads, scale, window, softcap } = check.checkAttention(q, pool, pass, out, options)
    const [from, to] = [this.#at(q), this.#at(out)]
    // Query heads that share a kv head, for as many tokens as fill a tile of rows, share a pass over its keys.
    const tokens = Math.max(1, Math.floor((QUERY_ROWS * pool.kvHeads) / heads))
    const scoreBytes = 4 * stride * PAGE
    const scratchBytes = 4 * POSITIONS * pool.headSize + QUERY_ROWS * scoreBytes
    const scratch = this.#room('scores', this.threads * scratchBytes)
    let tasks = 0
    for (let s = 0; s + 1 < starts.length; s++)
      tasks += pool.kvHeads * Math.ceil((starts[s + 1] - starts[s]) / tokens)
    const how = [heads, floatBits(scale), window, floatBits(softcap)]
    const rest = [from, to, ...how, tokens, scratch, scratchBytes, scoreBytes]
    this.#run(OPERATION.attend, tasks, ...this.#passFields(own, layer), ...rest)
  }

  free(object: Weight | Digits | KvCache): void {
    const type =
      object instanceof WasmWeight ? WasmWeight : object instanceof WasmDigits ? WasmDigits : WasmCache
    const owned: Owned = this.#own<WasmWeight | WasmDigits | WasmCache>(object, type)
    if (!(owned instanceof WasmCache) || owned.release())
      for (const address of owned.addresses) this.#open.heap.free(address)
    this.#owned.delete(owned)
  }

  close(): void {
    if (!this.#running) return
    const { memory } = this.#running
    if (this.threads > 1) stopThreads(memory)
    this.#owned.clear()
    // Nothing refers to the memory any more.
    this.#running = null
    this.#words = new Uint32Array(0)
    this.#floats = new Float32Array(0)
    if (this.threads > 1) collectGarbage()
  }
}

/**
 * The garbage collector does not count shared memory, and would leave gigabytes of it for long. A buffer that is larger
 * than what it lets live outside its heap makes it collect at once; the buffer's pages are never touched.
 */
function collectGarbage(): void {
  try {
    new ArrayBuffer(2 ** 32)
  } catch {
    // No room for it: then everything was collected, too.
  }
}

const bits = new DataView(new ArrayBuffer(4))

/** A float32 as the word that holds it. */
function floatBits(value: number): number {
  bits.setFloat32(0, value)
  return bits.getUint32(0)
}
