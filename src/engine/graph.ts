import type { Backend, DigitOptions, Digits, Sequence, Tensor, Weight } from '../backend/index.js'
import type { ModelConfig } from './config.js'
import { logitRows } from './memory.js'
import { ropeTable } from './rope.js'
import type { AttentionTensors, ProductInput } from './visit.js'
import type { ModelWeights } from './weights.js'

export interface GraphOptions extends DigitOptions {
  /** Positions of the cache. */
  readonly context: number
  /** Most tokens of one pass through the layers. */
  readonly batch: number
}

export interface ForwardOptions {
  /** Called before each layer, so that a long pass can be interrupted; what it throws ends the pass. */
  readonly between?: () => Promise<void>
  /** Called after each layer's attention; what it throws ends the pass. */
  readonly visit?: (attention: AttentionTensors) => Promise<void>
  /** Called before each layer's products with what goes into them. */
  readonly visitInput?: (layer: number, input: ProductInput, x: Tensor) => Promise<void>
}

/** Buffers of a pass over `rows` tokens; views of the largest ones. */
interface Buffers {
  readonly stream: Tensor
  readonly normed: Tensor
  readonly query: Tensor
  readonly key: Tensor
  readonly value: Tensor
  readonly attended: Tensor
  readonly gate: Tensor
  readonly up: Tensor
}

/**
 * The Llama graph (Touvron et al., arXiv 2302.13971), written once over opaque tensors: embedding, then per layer
 * x += Wo · attention(rope(Wq n), rope(Wk n), Wv n) with n = RMSNorm(x), x += Wdown · (silu(Wgate n') ∘ Wup n')
 * with n' = RMSNorm(x), and the output head.
 *
 * Activations meet quantised weights as digits, split once and shared by q, k, v and by gate, up; float weights
 * take them as they are.
 */
export class Graph {
  readonly #backend: Backend
  readonly #config: ModelConfig
  readonly #weights: ModelWeights
  readonly #options: GraphOptions
  readonly #rope: Tensor
  readonly #buffers: Buffers
  readonly #logits: Tensor
  readonly #digits = new Map<number, Digits>()
  #views: { rows: number; buffers: Buffers } | null = null

  constructor(backend: Backend, config: ModelConfig, weights: ModelWeights, options: GraphOptions) {
    this.#backend = backend
    this.#config = config
    this.#weights = weights
    this.#options = options
    const { width, heads, kvHeads, headSize, feedForward, vocabulary } = config
    this.#rope = backend.tensor(options.context, config.rope.width)
    backend.upload(this.#rope, ropeTable(weights.rope, options.context))
    const tensor = (cols: number) => backend.tensor(options.batch, cols)
    this.#buffers = {
      stream: tensor(width),
      normed: tensor(width),
      query: tensor(heads * headSize),
      key: tensor(kvHeads * headSize),
      value: tensor(kvHeads * headSize),
      attended: tensor(heads * headSize),
      gate: tensor(feedForward),
      up: tensor(feedForward),
    }
    this.#logits = backend.tensor(logitRows(options.batch, vocabulary), vocabulary)
  }

  /**
   * Runs tokens of one or more sequences through the layers and stores their keys and values. What a sequence gets does
   * not depend on the others.
   * @param ids at most `batch` token ids, those of the first sequence first
   */
  async forward(
    ids: ArrayLike<number>,
    sequences: readonly Sequence[],
    { between, visit, visitInput }: ForwardOptions = {},
  ): Promise<void> {
    const b = this.#backend
    const { epsilon, heads, kvHeads, headSize, rope, window, softcap } = this.#config
    const v = this.#view(ids.length)
    const pass = b.pass(sequences)
    const turn = { table: this.#rope, positions: pass.positions, pairs: rope.pairs }
    const scale = 1 / Math.sqrt(headSize)
    b.embed(this.#weights.embedding, ids, v.stream)
    for (const [layer, w] of this.#weights.layers.entries()) {
      if (between) await between()
      b.rmsNorm(v.stream, w.attentionNorm, epsilon, v.normed)
      if (visitInput) await visitInput(layer, 'q', v.normed)
      this.#product(v.normed, [
        [w.query, v.query, w.queryBias],
        [w.key, v.key, w.keyBias],
        [w.value, v.value, w.valueBias],
      ])
      b.rope(v.query, { heads, ...turn })
      b.rope(v.key, { heads: kvHeads, ...turn })
      b.append(pass, layer, v.key, v.value)
      b.attention(v.query, pass, v.attended, { layer, heads, scale, window, softcap })
      if (visit) {
        const { query, key, value, attended } = v
        await visit({ layer, positions: pass.positions, query, key, value, attended })
      }
      if (visitInput) await visitInput(layer, 'output', v.attended)
      this.#product(v.attended, [[w.output, v.normed]])
      b.add(v.stream, v.normed)
      b.rmsNorm(v.stream, w.feedForwardNorm, epsilon, v.normed)
      if (visitInput) await visitInput(layer, 'gate', v.normed)
      this.#product(v.normed, [
        [w.gate, v.gate],
        [w.up, v.up],
      ])
      b.gatedActivation(v.gate, v.up, v.gate)
      if (visitInput) await visitInput(layer, 'down', v.gate)
      this.#product(v.gate, [[w.down, v.normed]])
      b.add(v.stream, v.normed)
    }
  }

  /**
   * Logits after rows begin … end − 1 of the last pass, in pieces.
   * @param into where to put them, if one piece holds them all: [rows · vocabulary]; by default each piece is new
   * @returns pieces of { row, rows, values [rows · vocabulary] }, row counted from 0 at the pass's first token
   */
  async *logits(
    begin: number,
    end: number,
    into?: Float32Array,
  ): AsyncGenerator<{ row: number; rows: number; values: Float32Array }> {
    const b = this.#backend
    for (let row = begin; row < end; row += this.#logits.rows) {
      const rows = Math.min(this.#logits.rows, end - row)
      const normed = b.rows(this.#buffers.normed, 0, rows)
      const logits = b.rows(this.#logits, 0, rows)
      b.rmsNorm(
        b.rows(this.#buffers.stream, row, row + rows),
        this.#weights.outputNorm,
        this.#config.epsilon,
        normed,
      )
      this.#product(normed, [[this.#weights.head, logits]])
      yield { row, rows, values: await b.read(logits, into) }
    }
  }

  /** Products of one activation with several weights: split once if any of them is quantised. */
  #product(x: Tensor, products: [weight: Weight, out: Tensor, bias?: Tensor][]): void {
    const digits = products.some(([weight]) => weight.quantized) ? this.#decompose(x) : null
    for (const [weight, out, bias] of products) {
      this.#backend.linear(digits && weight.quantized ? digits : x, weight, out, bias)
    }
  }

  #decompose(x: Tensor): Digits {
    let digits = this.#digits.get(x.cols)
    if (!digits) {
      const { batch, passes, granularity } = this.#options
      digits = this.#backend.digits(batch, x.cols, { passes, granularity })
      this.#digits.set(x.cols, digits)
    }
    this.#backend.decompose(x, digits)
    return digits
  }

  #view(rows: number): Buffers {
    if (this.#views?.rows !== rows) {
      const views = Object.entries(this.#buffers).map(([name, tensor]) => [
        name,
        this.#backend.rows(tensor, 0, rows),
      ])
      this.#views = { rows, buffers: Object.fromEntries(views) }
    }
    return this.#views.buffers
  }
}
