import type { Documents, Floats, TrainingOperations } from '../../backend/index.js'
import { Random } from '../../engine/random.js'
import { ropeFrequencies, ropeTable } from '../../engine/rope.js'
import { type ModelShape, type Parameter, type ParameterLayout, parameterLayout } from './shape.js'

/** Documents packed one after the other. */
export interface Batch extends Documents {
  /** [rows] */
  readonly ids: Int32Array
  /** [rows]: the token that follows each. */
  readonly targets: Int32Array
}

/**
 * What is made small: called with the log-probabilities of some rows' targets, it returns the derivative of the loss
 * with respect to each of them.
 * @param begin the first of these rows
 */
export type Objective = (logProbabilities: Float64Array, begin: number) => Float64Array

/** What a layer's backward pass needs of its forward pass; [rows, …] each. */
interface Saved<A> {
  /** The residual stream as it comes in. */
  input: A
  attentionNormed: A
  query: A
  key: A
  value: A
  attended: A
  /** The stream after attention. */
  middle: A
  feedForwardNormed: A
  gate: A
  up: A
  activated: A
}

interface Buffers<A> {
  layers: Saved<A>[]
  stream: A
  normed: A
  /** Gradients: of the stream, and of what a product took. */
  dstream: A
  dnormed: A
  dquery: A
  dkey: A
  dvalue: A
  dattended: A
  dactivated: A
}

/** Elements of the logits that exist at a time. */
const LOGITS = 2 ** 21

/**
 * The engine's Llama graph (src/engine/graph.ts) with its gradient: forward keeps what backward needs, both in the
 * precision of the operations.
 */
export class Network<A extends Floats = Float32Array> {
  readonly shape: ModelShape
  readonly layout: ParameterLayout
  /** All parameters, by `layout`. */
  readonly parameters: A
  /** Derivatives of the loss, summed since `clearGradients`. */
  readonly gradients: A
  readonly #operations: TrainingOperations<A>
  readonly #most: number
  readonly #whole: Buffers<A>
  readonly #rope: A
  readonly #logits: A
  readonly #logitRows: number
  readonly #places: ReadonlyMap<string, Parameter>

  /** @param rows most tokens of one batch */
  constructor(operations: TrainingOperations<A>, shape: ModelShape, rows: number) {
    this.#operations = operations
    this.shape = shape
    this.layout = parameterLayout(shape)
    this.#most = rows
    this.parameters = operations.allocate(this.layout.length)
    this.gradients = operations.allocate(this.layout.length)
    this.#places = new Map(this.layout.parameters.map((parameter) => [parameter.name, parameter]))
    const { width, heads, kvHeads, headSize, feedForward, layers, context, ropeBase, vocabulary } = shape
    const table = ropeTable(ropeFrequencies(headSize, ropeBase, { type: 'none' }), context)
    this.#rope = operations.allocate(table.length)
    this.#rope.set(table)
    const tensor = (cols: number) => operations.allocate(rows * cols)
    this.#whole = {
      layers: Array.from({ length: layers }, () => ({
        input: tensor(width),
        attentionNormed: tensor(width),
        query: tensor(heads * headSize),
        key: tensor(kvHeads * headSize),
        value: tensor(kvHeads * headSize),
        attended: tensor(heads * headSize),
        middle: tensor(width),
        feedForwardNormed: tensor(width),
        gate: tensor(feedForward),
        up: tensor(feedForward),
        activated: tensor(feedForward),
      })),
      stream: tensor(width),
      normed: tensor(width),
      dstream: tensor(width),
      dnormed: tensor(width),
      dquery: tensor(heads * headSize),
      dkey: tensor(kvHeads * headSize),
      dvalue: tensor(kvHeads * headSize),
      dattended: tensor(heads * headSize),
      dactivated: tensor(feedForward),
    }
    this.#logitRows = Math.max(1, Math.min(rows, Math.floor(LOGITS / vocabulary)))
    this.#logits = operations.allocate(this.#logitRows * vocabulary)
  }

  /** Most tokens of one batch. */
  get rows(): number {
    return this.#most
  }

  /** A parameter's values [rows · cols], sharing memory with `parameters`. */
  parameter(name: string): A {
    return this.#view(this.parameters, name)
  }

  /** A parameter's gradient [rows · cols], sharing memory with `gradients`. */
  gradient(name: string): A {
    return this.#view(this.gradients, name)
  }

  clearGradients(): void {
    this.gradients.fill(0)
  }

  /**
   * Normal numbers of deviation 1/√columns, so that a product is as large as what it takes; those that are added to the
   * stream smaller by √(2 · layers), so that its size does not grow with depth (Radford et al., "Language Models are
   * Unsupervised Multitask Learners", 2019, §2.3). Gains are 1.
   */
  initialise(seed: number): void {
    const random = new Random(seed)
    const residual = 1 / Math.sqrt(2 * this.shape.layers)
    for (const { name, kind, cols } of this.layout.parameters) {
      const values = this.parameter(name)
      if (kind === 'vector') {
        values.fill(1)
        continue
      }
      const isResidual = /attn_output|ffn_down/.test(name)
      const deviation = (isResidual ? residual : 1) / Math.sqrt(cols)
      for (let i = 0; i < values.length; i += 2) {
        const [x, y] = normalPair(random)
        values[i] = deviation * x
        if (i + 1 < values.length) values[i + 1] = deviation * y
      }
    }
  }

  /**
   * Log-probabilities of the targets, softmax(logits / temperature).
   * @throws RangeError for a batch with more rows than the network has room for, or longer documents than its context
   */
  evaluate(batch: Batch, temperature = 1): Float64Array {
    const b = this.#forward(batch)
    const all = new Float64Array(batch.ids.length)
    this.#head(b, batch, temperature, (logProbabilities, begin) => {
      all.set(logProbabilities, begin)
      return null
    })
    return all
  }

  /**
   * Adds the gradient of a loss to `gradients`.
   * @returns the log-probabilities of the targets
   */
  accumulate(batch: Batch, objective: Objective, temperature = 1): Float64Array {
    const o = this.#operations
    const { width, epsilon } = this.shape
    const b = this.#forward(batch)
    const all = new Float64Array(batch.ids.length)
    b.dstream.fill(0)
    this.#head(b, batch, temperature, (logProbabilities, begin) => {
      all.set(logProbabilities, begin)
      return objective(logProbabilities, begin)
    })
    o.rmsNormBackward(
      b.dnormed,
      b.stream,
      this.parameter('output_norm.weight'),
      epsilon,
      b.dstream,
      this.gradient('output_norm.weight'),
    )
    for (let layer = this.shape.layers - 1; layer >= 0; layer--) this.#layerBackward(b, layer, batch)
    o.embedBackward(batch.ids, b.dstream, width, this.gradient('token_embd.weight'))
    return all
  }

  #place(name: string): Parameter {
    const place = this.#places.get(name)
    if (place) return place
    throw new RangeError(`the model has no parameter called '${name}'`)
  }

  #view(all: A, name: string): A {
    const { offset, rows, cols } = this.#place(name)
    return all.subarray(offset, offset + rows * cols) as A
  }

  #forward(batch: Batch): Buffers<A> {
    this.#check(batch)
    const o = this.#operations
    const { shape } = this
    const { width, epsilon } = shape
    const b = this.#buffers(batch.ids.length)
    o.embed(batch.ids, this.parameter('token_embd.weight'), width, b.stream)
    b.layers.forEach((s, layer) => {
      const name = (suffix: string) => `blk.${layer}.${suffix}.weight`
      s.input.set(b.stream)
      o.rmsNorm(s.input, this.parameter(name('attn_norm')), epsilon, s.attentionNormed)
      this.#product(s.attentionNormed, name('attn_q'), s.query)
      this.#product(s.attentionNormed, name('attn_k'), s.key)
      this.#product(s.attentionNormed, name('attn_v'), s.value)
      o.rope(s.query, shape.heads, shape.headSize, this.#rope, batch.positions, false)
      o.rope(s.key, shape.kvHeads, shape.headSize, this.#rope, batch.positions, false)
      o.attention(batch, shape, s.query, s.key, s.value, s.attended)
      this.#product(s.attended, name('attn_output'), b.stream, true)
      s.middle.set(b.stream)
      o.rmsNorm(s.middle, this.parameter(name('ffn_norm')), epsilon, s.feedForwardNormed)
      this.#product(s.feedForwardNormed, name('ffn_gate'), s.gate)
      this.#product(s.feedForwardNormed, name('ffn_up'), s.up)
      o.swiglu(s.gate, s.up, s.activated)
      this.#product(s.activated, name('ffn_down'), b.stream, true)
    })
    o.rmsNorm(b.stream, this.parameter('output_norm.weight'), epsilon, b.normed)
    return b
  }

  /**
   * Logits, a few rows at a time, and back from them to dnormed where the objective asks for it.
   * @param objective null: no gradient
   */
  #head(
    b: Buffers<A>,
    { ids, targets }: Batch,
    temperature: number,
    objective: (logProbabilities: Float64Array, begin: number) => Float64Array | null,
  ): void {
    const o = this.#operations
    const { width, vocabulary, tied } = this.shape
    const head = tied ? 'token_embd.weight' : 'output.weight'
    for (let begin = 0; begin < ids.length; begin += this.#logitRows) {
      const rows = Math.min(this.#logitRows, ids.length - begin)
      const part = (x: A, cols: number) => x.subarray(begin * cols, (begin + rows) * cols) as A
      const logits = this.#logits.subarray(0, rows * vocabulary) as A
      const normed = part(b.normed, width)
      this.#product(normed, head, logits)
      const wanted = targets.subarray(begin, begin + rows)
      const logProbabilities = new Float64Array(rows)
      const inverseSums = new Float64Array(rows)
      o.logProbabilities(logits, wanted, temperature, logProbabilities, inverseSums)
      const gradient = objective(logProbabilities, begin)
      if (!gradient) continue
      o.logProbabilitiesBackward(logits, wanted, temperature, gradient, inverseSums)
      this.#productBackward(logits, normed, head, part(b.dnormed, width))
    }
  }

  /** dstream: from the gradient of the layer's output to that of its input. */
  #layerBackward(b: Buffers<A>, layer: number, batch: Batch): void {
    const o = this.#operations
    const { shape } = this
    const s = b.layers[layer]
    const name = (suffix: string) => `blk.${layer}.${suffix}.weight`
    const normBackward = (suffix: string, x: A) =>
      o.rmsNormBackward(
        b.dnormed,
        x,
        this.parameter(name(suffix)),
        shape.epsilon,
        b.dstream,
        this.gradient(name(suffix)),
      )
    this.#productBackward(b.dstream, s.activated, name('ffn_down'), b.dactivated)
    o.swigluBackward(b.dactivated, s.gate, s.up, s.gate, s.up)
    this.#productBackward(s.gate, s.feedForwardNormed, name('ffn_gate'), b.dnormed)
    this.#productBackward(s.up, s.feedForwardNormed, name('ffn_up'), b.dnormed, true)
    normBackward('ffn_norm', s.middle)

    this.#productBackward(b.dstream, s.attended, name('attn_output'), b.dattended)
    const { query: q, key: k, value: v } = s
    const { dattended: dout, dquery: dq, dkey: dk, dvalue: dv } = b
    o.attentionBackward(batch, shape, { q, k, v, dout, dq, dk, dv })
    o.rope(dq, shape.heads, shape.headSize, this.#rope, batch.positions, true)
    o.rope(dk, shape.kvHeads, shape.headSize, this.#rope, batch.positions, true)
    this.#productBackward(dq, s.attentionNormed, name('attn_q'), b.dnormed)
    this.#productBackward(dk, s.attentionNormed, name('attn_k'), b.dnormed, true)
    this.#productBackward(dv, s.attentionNormed, name('attn_v'), b.dnormed, true)
    normBackward('attn_norm', s.input)
  }

  /** y = x · Wᵀ */
  #product(x: A, name: string, y: A, add = false): void {
    const weight = this.parameter(name)
    const { rows, cols } = this.#place(name)
    this.#operations.product(y, x, weight, {
      m: x.length / cols,
      n: rows,
      k: cols,
      transposeB: true,
      add,
    })
  }

  /** dx = dy · W, dW += dyᵀ · x */
  #productBackward(dy: A, x: A, name: string, dx: A, add = false): void {
    const { rows, cols } = this.#place(name)
    const m = x.length / cols
    this.#operations.product(dx, dy, this.parameter(name), { m, n: cols, k: rows, add })
    this.#operations.product(this.gradient(name), dy, x, {
      m: rows,
      n: cols,
      k: m,
      transposeA: true,
      add: true,
    })
  }

  #buffers(rows: number): Buffers<A> {
    const most = this.#most
    const cut = (x: A) => x.subarray(0, (x.length / most) * rows) as A
    const { layers, ...rest } = this.#whole
    const all = <T extends object>(buffers: T) =>
      Object.fromEntries(Object.entries(buffers).map(([name, x]) => [name, cut(x)])) as T
    return { layers: layers.map(all), ...all(rest) }
  }

  #check({ ids, targets, starts, positions }: Batch): void {
    const rows = ids.length
    if (rows === 0 || rows > this.#most)
      throw new RangeError(`a batch has 1 to ${this.#most} tokens here, not ${rows}`)
    if (targets.length !== rows || positions.length !== rows || starts.at(-1) !== rows)
      throw new RangeError(`a batch of ${rows} tokens needs as many targets, positions and rows of documents`)
    for (const list of [ids, targets]) {
      for (const id of list) {
        if (id < 0 || id >= this.shape.vocabulary)
          throw new RangeError(`token id ${id} is not within the vocabulary of ${this.shape.vocabulary}`)
      }
    }
    for (const position of positions) {
      if (position < 0 || position >= this.shape.context)
        throw new RangeError(`position ${position} is beyond the context of ${this.shape.context}`)
    }
  }
}

/** Box and Muller, "A Note on the Generation of Random Normal Deviates", 1958. */
function normalPair(random: Random): [number, number] {
  const radius = Math.sqrt(-2 * Math.log(1 - random.nextDouble()))
  const angle = 2 * Math.PI * random.nextDouble()
  return [radius * Math.cos(angle), radius * Math.sin(angle)]
}
