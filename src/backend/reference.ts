import {
  type CodeFormat,
  msdAttention,
  nextKeyShift,
  type QuantizedRows,
  quantizeRows,
} from '../attention/index.js'
import { fp16 } from '../dtype/index.js'
import { decodeCodes, dequantize, type QuantizedMatrix } from '../format/index.js'
import { decomposeInt8, MX_BLOCK } from '../msd/index.js'
import {
  type AttentionOptions,
  type Backend,
  type CacheShape,
  type DigitOptions,
  type Digits,
  GROUP,
  type KvCache,
  type Pass,
  type RopeOptions,
  type Sequence,
  type Tensor,
  type Weight,
  type WeightOptions,
} from './backend.js'
import * as check from './checks.js'
import {
  CachePool,
  HostTensor,
  HostTensors,
  MatrixWeight,
  PagedCache,
  PagedPass,
  pieceRows,
  pieces,
} from './objects.js'
import { PAGE, PageTable } from './pages.js'

/**
 * The oracle: plain TypeScript, exact integers where the operation is integer, float64 sums where it is
 * float, rounded to float32 only where a tensor is stored. Never optimised; runs everywhere.
 */
export function createReferenceBackend(): Backend {
  return new ReferenceBackend()
}

class ReferenceTensor extends HostTensor {}

class ReferenceDigits implements Digits {
  /** Activations in units of their scale, q = Σ 256^i · digit: [rows · cols] of the last decomposition. */
  q: Int32Array = new Int32Array(0)
  /** [rows · groups] */
  scales: Float32Array | Float64Array = new Float32Array(0)
  filled = 0
  constructor(
    readonly rows: number,
    readonly cols: number,
    readonly passes: DigitOptions['passes'],
    readonly granularity: DigitOptions['granularity'],
  ) {}
  /** Activations per scale. */
  get range(): number {
    return this.granularity === 'row' ? this.cols : GROUP
  }
}

/** Weights of one matrix: w = scale · code − minimum per group, or plain values (group 0). */
class ReferenceWeight extends MatrixWeight {
  /** Codes of a quantised matrix. */
  codes = new Int8Array(0)
  group = 0
  scales = new Float32Array(0)
  minimums: Float32Array | null = null
  /** Values of a float matrix; all of its types fit float32. */
  values = new Float32Array(0)

  constructor(
    matrix: QuantizedMatrix,
    /** Of all weights. */
    readonly scale: number,
  ) {
    super(matrix)
  }

  get byteLength(): number {
    const arrays = [this.codes, this.scales, this.values, this.minimums]
    return arrays.reduce((sum, array) => sum + (array?.byteLength ?? 0), 0)
  }

  /** Takes rows begin, begin + 1, … from their stored bytes. */
  fill(bytes: Uint8Array, begin: number, count: number): void {
    const { name, type, cols, rows } = this
    const place = { name, firstRow: begin }
    if (type === 'F32' || type === 'F16' || type === 'BF16') {
      if (begin === 0) this.values = new Float32Array(rows * cols)
      this.values.set(dequantize(type, bytes, count, cols, place), begin * cols)
      return
    }
    const part = decodeCodes(type, bytes, count, cols, place)
    const groups = cols / part.group
    if (begin === 0) {
      this.group = part.group
      this.codes = new Int8Array(rows * cols)
      this.scales = new Float32Array(rows * groups)
      this.minimums = part.minimums ? new Float32Array(rows * groups) : null
    }
    this.codes.set(part.codes, begin * cols)
    this.scales.set(part.scales, begin * groups)
    if (part.minimums) this.minimums?.set(part.minimums, begin * groups)
  }

  /** Copies row `row` in float32 to out[offset …]. */
  unpack(row: number, out: Float32Array, offset: number): void {
    for (let k = 0; k < this.cols; k++) {
      const i = row * this.cols + k
      const g = Math.floor(i / this.group)
      const value = this.quantized
        ? this.scales[g] * this.codes[i] - (this.minimums?.[g] ?? 0)
        : this.values[i]
      out[offset + k] = this.scale * value
    }
  }
}

class ReferencePool extends CachePool {
  /** [pages][layers][PAGE][kvHeads · headSize] each: numbers, or what codes stand for in units of their scales. */
  readonly keys: Float32Array
  readonly values: Float32Array
  /** Of codes: [pages][layers][PAGE][kvHeads · groups] each. */
  readonly keyScales: Float32Array
  readonly valueScales: Float32Array
  /** What is taken from the keys of a page: [pages][layers][kvHeads · headSize]. */
  readonly shifts: Float32Array
  /** Scales of a head's key; 0 where there are none. */
  readonly groups: number
  /** Elements of a key that share one. */
  readonly groupSize: number
  /** Elements of a head's value: those of a key, or its beginning. */
  readonly valueSize: number

  constructor(shape: CacheShape) {
    super(shape)
    const { layers, kvHeads, headSize, type, latent } = shape
    this.groupSize = type === 'mxfp4' ? MX_BLOCK : (latent ?? headSize)
    this.groups = type === 'int8' || type === 'mxfp4' ? Math.ceil(headSize / this.groupSize) : 0
    this.valueSize = latent ?? headSize
    const rows = this.pages.count * layers * PAGE * kvHeads
    this.keys = new Float32Array(rows * headSize)
    this.values = new Float32Array(latent ? 0 : rows * headSize)
    this.keyScales = new Float32Array(rows * this.groups)
    this.valueScales = new Float32Array(latent ? 0 : rows * this.groups)
    this.shifts = new Float32Array(this.groups > 0 ? (rows / PAGE) * headSize : 0)
  }

  get #arrays(): Float32Array[] {
    return [this.keys, this.values, this.keyScales, this.valueScales, this.shifts]
  }

  get byteLength(): number {
    return this.#arrays.reduce((sum, { byteLength }) => sum + byteLength, 0)
  }

  protected copy(from: number, to: number): void {
    for (const array of this.#arrays) {
      const size = array.length / this.pages.count
      array.copyWithin(to * size, from * size, (from + 1) * size)
    }
  }

  /** Number of the row of a position, of the pages of a sequence: the heads of a row follow each other. */
  row(pages: ArrayLike<number>, layer: number, position: number): number {
    const page = pages[Math.floor(position / PAGE)] * this.layers + layer
    return (page * PAGE + (position % PAGE)) * this.kvHeads
  }

  /** What is taken from the keys of a page [kvHeads · headSize], or of one of its heads [headSize]. */
  shift(page: number, layer: number, head?: number): Float32Array {
    const width = this.kvHeads * this.headSize
    const at = (page * this.layers + layer) * width
    if (head === undefined) return this.shifts.subarray(at, at + width)
    return this.shifts.subarray(at + head * this.headSize, at + (head + 1) * this.headSize)
  }

  /** Sets the shift of page `index` of a sequence, from the page before it. */
  startPage(pages: ArrayLike<number>, layer: number, index: number): void {
    const { kvHeads, keyShift } = this
    this.shift(pages[index], layer).fill(0)
    if (!keyShift || index === 0) return
    const first = this.row(pages, layer, (index - 1) * PAGE)
    for (let head = 0; head < kvHeads; head++) {
      const rows = Array.from({ length: PAGE }, (_, t) => first + t * kvHeads + head)
      const before = this.shift(pages[index - 1], layer, head)
      const shift = nextKeyShift(this.quantized('keys', rows), before, keyShift)
      this.shift(pages[index], layer, head).set(shift)
    }
  }

  /** Elements of the value of a row (as `row` counts). */
  value(row: number): Float32Array {
    const { headSize, valueSize, latent, keys, values } = this
    return (latent ? keys : values).subarray(row * headSize, row * headSize + valueSize)
  }

  /** Codes of rows `at` (as `row` counts), as they lie. */
  quantized(which: 'keys' | 'values', at: readonly number[]): QuantizedRows {
    const { groups: stride, groupSize, type, latent, headSize } = this
    const cols = which === 'keys' ? headSize : this.valueSize
    const groups = Math.ceil(cols / groupSize)
    const scales = which === 'keys' || latent ? this.keyScales : this.valueScales
    const all = {
      codes: new Int8Array(at.length * cols),
      scales: new Float32Array(at.length * groups),
    }
    for (const [t, row] of at.entries()) {
      all.codes.set(
        which === 'keys' ? this.keys.subarray(row * cols, (row + 1) * cols) : this.value(row),
        t * cols,
      )
      all.scales.set(scales.subarray(row * stride, row * stride + groups), t * groups)
    }
    return { format: type as CodeFormat, rows: at.length, cols, groups, groupSize, ...all }
  }
}

class ReferenceCache extends PagedCache<ReferencePool> {
  protected another(table: PageTable): KvCache {
    return new ReferenceCache(this.pool, table)
  }
}

class ReferencePass extends PagedPass<ReferencePool> {}

class ReferenceBackend extends HostTensors implements Backend {
  readonly name = 'reference'
  readonly variant = 'typescript'
  readonly threads = 1
  readonly decodeThreads = 1

  constructor() {
    super(ReferenceTensor)
  }

  /** It has one thread. */
  async tune(): Promise<void> {}

  async weight(matrix: QuantizedMatrix, options: WeightOptions = {}): Promise<Weight> {
    const { signal, onProgress } = options
    const weight = new ReferenceWeight(matrix, check.checkWeightScale(matrix.name, options.scale ?? 1))
    const step = pieceRows(matrix, 1)
    const buffer = () => new Uint8Array(step * matrix.rowBytes)
    for await (const piece of pieces(matrix, step, [buffer(), buffer()], signal)) {
      weight.fill(piece.bytes, piece.begin, piece.count)
      onProgress?.(piece.bytes.byteLength)
    }
    return weight
  }

  /** Nothing is ever put off. */
  protected settle(): void {}

  digits(rows: number, cols: number, options: DigitOptions): Digits {
    check.checkDigits(rows, cols, options)
    return new ReferenceDigits(rows, cols, options.passes, options.granularity)
  }

  decompose(x: Tensor, digits: Digits): void {
    check.checkDecompose(x, digits)
    const target = check.own(digits, ReferenceDigits)
    const { passes, granularity } = target
    target.filled = 0 // a failure leaves no digits of use
    const { values } = check.own(x, ReferenceTensor)
    const bad = values.findIndex((value) => !Number.isFinite(value))
    if (bad >= 0) throw check.notFinite(Math.floor(bad / x.cols), bad % x.cols)
    const parts = decomposeInt8(values, {
      rows: x.rows,
      cols: x.cols,
      passes,
      granularity: granularity === 'row' ? 'row' : GROUP,
      radix: 256,
      arithmetic: 'float32',
    })
    target.q = new Int32Array(x.rows * x.cols)
    for (const digit of parts.digits)
      for (let i = 0; i < digit.length; i++) target.q[i] = target.q[i] * 256 + digit[i]
    target.scales = parts.scales
    target.filled = x.rows
  }

  linear(x: Digits | Tensor, weight: Weight, out: Tensor, bias?: Tensor): void {
    const w = check.own(weight, ReferenceWeight)
    const y = check.own(out, ReferenceTensor).values
    check.checkOperand(x instanceof ReferenceDigits, weight)
    const rows = x instanceof ReferenceDigits ? x.filled : x.rows
    check.checkLinear({ rows, cols: x.cols }, weight, out, bias)
    const b = bias ? check.own(bias, ReferenceTensor).values : null
    for (let t = 0; t < rows; t++) {
      for (let n = 0; n < w.rows; n++) {
        const sum =
          x instanceof ReferenceDigits
            ? digitProduct(x, t, w, n)
            : floatProduct(check.own(x, ReferenceTensor), t, w, n)
        y[t * w.rows + n] = w.scale * sum + (b ? b[n] : 0)
      }
    }
  }

  embed(weight: Weight, ids: ArrayLike<number>, out: Tensor): void {
    check.checkEmbed(weight, ids, out)
    const w = check.own(weight, ReferenceWeight)
    const { values } = check.own(out, ReferenceTensor)
    for (let i = 0; i < ids.length; i++) w.unpack(ids[i], values, i * w.cols)
  }

  rmsNorm(x: Tensor, gain: Tensor, epsilon: number, out: Tensor): void {
    check.checkNorm(x, gain, out)
    const [from, by, to] = [x, gain, out].map((t) => check.own(t, ReferenceTensor).values)
    for (let start = 0; start < from.length; start += x.cols) {
      let squares = 0
      for (let k = 0; k < x.cols; k++) squares += from[start + k] ** 2
      const factor = 1 / Math.sqrt(squares / x.cols + epsilon)
      for (let k = 0; k < x.cols; k++) to[start + k] = from[start + k] * factor * by[k]
    }
  }

  rope(x: Tensor, options: RopeOptions): void {
    const size = check.checkRope(x, options)
    const { values } = check.own(x, ReferenceTensor)
    const table = check.own(options.table, ReferenceTensor)
    const half = table.cols / 2
    const [near, far] = options.pairs === 'half' ? [1, half] : [2, 1]
    for (let row = 0; row < x.rows; row++) {
      const angles = options.positions[row] * table.cols
      for (let head = 0; head < options.heads; head++) {
        for (let i = 0; i < half; i++) {
          const p = row * x.cols + head * size + i * near
          const [u, v] = [values[p], values[p + far]]
          const [cos, sin] = [table.values[angles + i], table.values[angles + half + i]]
          values[p] = u * cos - v * sin
          values[p + far] = u * sin + v * cos
        }
      }
    }
  }

  gatedActivation(gate: Tensor, up: Tensor, out: Tensor): void {
    check.checkSame(gate, up, out)
    const [g, u, o] = [gate, up, out].map((t) => check.own(t, ReferenceTensor).values)
    for (let i = 0; i < g.length; i++) o[i] = (g[i] / (1 + Math.exp(-g[i]))) * u[i]
  }

  add(x: Tensor, y: Tensor): void {
    check.checkSame(x, y)
    const [a, b] = [x, y].map((t) => check.own(t, ReferenceTensor).values)
    for (let i = 0; i < a.length; i++) a[i] += b[i]
  }

  cache(shape: CacheShape): KvCache {
    check.checkCache(shape)
    const pool = new ReferencePool(shape)
    return new ReferenceCache(pool, new PageTable(pool.pages))
  }

  pass(sequences: readonly Sequence[]): Pass {
    const caches = sequences.map(({ cache }) => check.own(cache, ReferenceCache))
    return new ReferencePass(check.onePool(caches), caches, sequences)
  }

  append(pass: Pass, layer: number, k: Tensor, v?: Tensor): void {
    const { pool, caches, starts, positions } = this.#current(pass)
    check.checkAppend(pool, pass, layer, k, v)
    const keys = check.own(k, ReferenceTensor).values
    const values = v ? check.own(v, ReferenceTensor).values : undefined
    for (const [i, { table }] of caches.entries())
      for (let row = starts[i]; row < starts[i + 1]; row++) {
        const position = positions[row]
        const at = pool.row(table.pages, layer, position)
        const from = row * k.cols
        if (pool.groups > 0 && position % PAGE === 0) pool.startPage(table.pages, layer, position / PAGE)
        const shift =
          pool.groups > 0 ? pool.shift(table.pages[Math.floor(position / PAGE)], layer) : undefined
        const own = keys.subarray(from, from + k.cols)
        store(pool, at, 'keys', shift ? own.map((x, i) => x - shift[i]) : own, row)
        if (values) store(pool, at, 'values', values.subarray(from, from + k.cols), row)
      }
  }

  attention(q: Tensor, pass: Pass, out: Tensor, options: AttentionOptions): void {
    const { pool, caches, starts, positions } = this.#current(pass)
    const how = check.checkAttention(q, pool, pass, out, options)
    const { layer, heads } = how
    const [query, result] = [q, out].map((t) => check.own(t, ReferenceTensor).values)
    const { headSize, kvHeads, valueSize } = pool
    for (const [i, { table }] of caches.entries())
      for (let row = starts[i]; row < starts[i + 1]; row++) {
        const rows = Array.from({ length: positions[row] + 1 }, (_, t) => pool.row(table.pages, layer, t))
        for (let head = 0; head < heads; head++) {
          const at = row * q.cols + head * headSize
          const kvHead = Math.floor((head * kvHeads) / heads)
          const places = rows.map((first) => first + kvHead)
          const own = query.subarray(at, at + headSize)
          const shifts = () => table.pages.map((page) => pool.shift(page, layer, kvHead))
          result.set(
            pool.groups > 0 ? attendCodes(own, pool, places, shifts(), how) : attend(own, pool, places, how),
            (row * heads + head) * valueSize,
          )
        }
      }
  }

  #current(pass: Pass): ReferencePass {
    const own = check.own(pass, ReferencePass)
    own.checkCurrent((cache) => check.own(cache, ReferenceCache))
    return own
  }

  /** Everything here is the garbage collector's, but for the pages of a cache that others share. */
  free(object: Weight | Digits | KvCache): void {
    if (object instanceof ReferenceCache) object.release()
  }
  close(): void {}
}

/** A row of keys or values, of all heads. */
function store(
  pool: ReferencePool,
  at: number,
  which: 'keys' | 'values',
  x: Float32Array,
  row: number,
): void {
  const { kvHeads, headSize, groups, type } = pool
  if (groups === 0) {
    const numbers = type === 'f16' ? x.map((value) => fp16.round(value)) : x
    pool[which].set(numbers, at * headSize)
    return
  }
  if (!x.every(Number.isFinite)) throw check.noCode(row)
  const shape = { rows: kvHeads, cols: headSize, format: type as CodeFormat, groupSize: pool.latent }
  const { codes, scales } = quantizeRows(x, shape)
  pool[which].set(codes, at * headSize)
  const to = which === 'keys' ? pool.keyScales : pool.valueScales
  to.set(scales, at * groups)
}

type How = Required<AttentionOptions>

/** One query against those of the rows at `places`, one for each position, that its window leaves. */
function attend(
  q: Float32Array,
  pool: ReferencePool,
  all: readonly number[],
  { scale, window, softcap }: How,
): Float64Array {
  const { headSize, keys } = pool
  const places = all.slice(-window)
  const scores = Float64Array.from(places, (place) => {
    let sum = 0
    for (let d = 0; d < headSize; d++) sum += q[d] * keys[place * headSize + d]
    return softcap > 0 ? softcap * Math.tanh((scale * sum) / softcap) : scale * sum
  })
  softmax(scores)
  const out = new Float64Array(pool.valueSize)
  for (const [t, place] of places.entries()) {
    const value = pool.value(place)
    for (let d = 0; d < out.length; d++) out[d] += scores[t] * value[d]
  }
  return out
}

function attendCodes(
  q: Float32Array,
  pool: ReferencePool,
  places: readonly number[],
  shiftsOfPages: readonly Float32Array[],
  { scale, passes, window, softcap }: How,
): Float64Array {
  if (!q.every(Number.isFinite)) return new Float64Array(pool.valueSize).fill(Number.NaN)
  const [keys, values] = [pool.quantized('keys', places), pool.quantized('values', places)]
  const shifts = new Float32Array(Math.ceil(places.length / PAGE) * q.length)
  for (let page = 0; page * PAGE < places.length; page++) shifts.set(shiftsOfPages[page], page * q.length)
  return msdAttention(
    { q, rows: 1, keys, values, shifts },
    { scale, passes, window, softcap: softcap || undefined },
  )
}

/**
 * Row n of the weight times token t, as msd.md §1: the integers Σ q · code of each group are exact (below
 * 2^23 · 2^7 · 2^5, far from 2^53), scales and minimums apply to them.
 */
function digitProduct(x: ReferenceDigits, t: number, w: ReferenceWeight, n: number): number {
  const { cols, group } = w
  const ranges = Math.ceil(cols / x.range)
  let y = 0
  for (let k0 = 0; k0 < cols; k0 += group) {
    let product = 0
    let sum = 0
    for (let k = k0; k < k0 + group; k++) {
      const q = x.q[t * cols + k]
      product += q * w.codes[n * cols + k]
      sum += q
    }
    const g = (n * cols + k0) / group
    const scale = x.scales[t * ranges + Math.floor(k0 / x.range)]
    y += scale * (w.scales[g] * product - (w.minimums?.[g] ?? 0) * sum)
  }
  return y
}

function floatProduct(x: ReferenceTensor, t: number, w: ReferenceWeight, n: number): number {
  let y = 0
  for (let k = 0; k < w.cols; k++) y += x.values[t * w.cols + k] * w.values[n * w.cols + k]
  return y
}

/** In place, in float64. */
function softmax(scores: Float64Array): void {
  let maximum = Number.NEGATIVE_INFINITY
  for (const score of scores) maximum = Math.max(maximum, score)
  let sum = 0
  for (let t = 0; t < scores.length; t++) {
    scores[t] = Math.exp(scores[t] - maximum)
    sum += scores[t]
  }
  for (let t = 0; t < scores.length; t++) scores[t] /= sum
}
