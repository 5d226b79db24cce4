import { type Backend, type CacheType, type KvCache, selectBackend } from '../backend/index.js'
import { openGguf } from '../format/index.js'
import type { Tokenizer } from '../tokenizer/index.js'
import { breathe } from './breathe.js'
import { type ModelConfig, modelConfig, readTokenizer } from './config.js'
import { Graph } from './graph.js'
import { logSoftmaxAt } from './logits.js'
import { checkBackendMemory, checkMemory, defaultCacheType, estimateMemory, holdsCodes } from './memory.js'
import { keyTurn, type RopeFrequencies } from './rope.js'
import { ContextLimitError, type LoadOptions, type ModelInfo } from './types.js'
import { type AttentionVisitor, type InputVisitor, visitNumbers } from './visit.js'
import { loadWeights, matricesOf } from './weights.js'

/** Positions, if the model was trained for that many. */
export const DEFAULT_CONTEXT = 4096
/** Most tokens of one pass. */
export const DEFAULT_BATCH = 256

interface PassOptions {
  readonly signal?: AbortSignal
  readonly visit?: AttentionVisitor
  readonly visitInput?: InputVisitor
}

/**
 * A loaded model with one sequence in its cache. Runs where it is called and occupies that thread for a layer
 * at a time: `loadModel` puts it into a worker.
 */
export class Engine {
  readonly info: ModelInfo
  readonly config: ModelConfig
  readonly rope: RopeFrequencies
  readonly tokenizer: Tokenizer
  readonly #backend: Backend
  readonly #graph: Graph
  #lastLogits: Float32Array | null = null
  readonly #cache: KvCache
  readonly #batch: number
  /** Tokens whose keys and values the cache holds. */
  #cached: number[] = []

  private constructor(parts: {
    info: ModelInfo
    config: ModelConfig
    rope: RopeFrequencies
    tokenizer: Tokenizer
    backend: Backend
    graph: Graph
    cache: KvCache
    batch: number
  }) {
    this.info = parts.info
    this.config = parts.config
    this.rope = parts.rope
    this.tokenizer = parts.tokenizer
    this.#backend = parts.backend
    this.#graph = parts.graph
    this.#cache = parts.cache
    this.#batch = parts.batch
  }

  /** @throws FormatError for a file that cannot be run; Error if memory is short; RangeError for bad options */
  static async load(path: string, options: LoadOptions = {}): Promise<Engine> {
    const started = performance.now()
    const { passes = 2, granularity = 'group', keyShift = true } = options
    const { signal, onProgress } = options
    oneOf('passes', passes, [1, 2, 3])
    oneOf('granularity', granularity, ['group', 'row'])
    if (options.cacheType !== undefined)
      oneOf('cacheType', options.cacheType, ['f32', 'f16', 'int8', 'mxfp4'])
    await using file = await openGguf(path, { signal })
    const config = modelConfig(file)
    const context = chooseContext(config, options.context)
    const batch = Math.min(positive('batch', options.batch ?? DEFAULT_BATCH), context)
    const tokenizer = readTokenizer(file, config)
    const { backend, notice } = selectBackend(options)
    try {
      const { cacheType = defaultCacheType(backend.name, config) } = options
      const shifted = keyShift && holdsCodes(cacheType)
      const estimate = estimateMemory(file, config, {
        backend: backend.name,
        context,
        cacheType,
        keyShift: shifted,
        batch,
      })
      checkMemory(file.name, estimate)
      checkBackendMemory(file.name, estimate, backend.memoryLimit)
      const weights = await loadWeights(file, config, backend, {
        signal,
        onProgress: (loadedBytes, totalBytes) => onProgress?.({ loadedBytes, totalBytes }),
      })
      if (options.threads === undefined) await backend.tune(matricesOf(weights))
      const graph = new Graph(backend, config, weights, { passes, granularity, context, batch })
      const { layers, kvHeads, headSize } = config
      const turn = shifted ? keyTurn(weights.rope, config.rope.pairs) : undefined
      const shape = { type: cacheType, layers, kvHeads, headSize, capacity: context }
      const cache = backend.cache({ ...shape, keyShift: turn })
      const loadSeconds = (performance.now() - started) / 1000
      const info = describe(
        config,
        { context, passes, granularity, cacheType, notice, loadSeconds },
        backend,
        {
          weightBytes: weights.byteLength,
          cacheBytes: cache.byteLength,
        },
      )
      return new Engine({ info, config, rope: weights.rope, tokenizer, backend, graph, cache, batch })
    } catch (error) {
      backend.close()
      throw error
    }
  }

  /**
   * Makes the cache hold exactly `ids` and returns the logits [vocabulary] after the last one. Tokens that the
   * cache already holds from its beginning are not computed again: results are the same bits either way, because no
   * operation depends on the batch a token comes in.
   * @param options.visit sees the attention of the tokens that are computed; `visitInput` what goes into their products
   * @returns the logits, in a buffer that the next call fills anew, and how many tokens were taken from the cache
   * @throws ContextLimitError if ids exceed the context
   */
  async evaluate(
    ids: readonly number[],
    options: PassOptions = {},
  ): Promise<{ logits: Float32Array; reused: number }> {
    const reused = this.#reusable(ids, ids.length - 1)
    let rows = 0
    for (let at = reused; at < ids.length; at += rows) rows = await this.#pass(ids, at, options)
    this.#lastLogits ??= new Float32Array(this.info.vocabulary)
    for await (const { values } of this.#graph.logits(rows - 1, rows, this.#lastLogits))
      return { logits: values, reused }
    throw new Error('unreachable: a pass has at least one row')
  }

  /**
   * Logits after every token from position `from` on.
   * @returns pieces of { position, rows, values [rows · vocabulary] }, in order
   */
  async *logits(
    ids: readonly number[],
    from: number,
    signal?: AbortSignal,
  ): AsyncGenerator<{ position: number; rows: number; values: Float32Array }> {
    const start = this.#reusable(ids, from)
    for (let at = start, rows = 0; at < ids.length; at += rows) {
      rows = await this.#pass(ids, at, { signal })
      const first = Math.max(0, from - at)
      if (first >= rows) continue
      for await (const piece of this.#graph.logits(first, rows)) {
        yield { position: at + piece.row, rows: piece.rows, values: piece.values }
      }
    }
  }

  /**
   * Log-probability (base e) of each of ids[from …] given all tokens before it; from ≥ 1, since nothing precedes the first.
   */
  async score(ids: readonly number[], from: number, signal?: AbortSignal): Promise<Float64Array> {
    if (!Number.isInteger(from) || from < 1 || from > ids.length) {
      throw new RangeError(
        `scores can begin at token 1 to ${ids.length}, not ${from}: a token needs one before it`,
      )
    }
    const scores = new Float64Array(ids.length - from)
    if (scores.length === 0) return scores
    const { vocabulary } = this.info
    for await (const { position, rows, values } of this.logits(ids.slice(0, -1), from - 1, signal)) {
      for (let row = 0; row < rows; row++) {
        const logits = values.subarray(row * vocabulary, (row + 1) * vocabulary)
        scores[position + row + 1 - from] = logSoftmaxAt(logits, ids[position + row + 1])
      }
      // Reading a vocabulary of probabilities is slow enough to let messages in between.
      await breathe(signal)
    }
    return scores
  }

  /** Keeps what the cache holds of the first `tokens` only: the others are computed again. */
  forget(tokens: number): void {
    this.#cached.length = Math.min(this.#cached.length, tokens)
  }

  /** Frees weights, cache and threads. */
  close(): void {
    this.tokenizer.close()
    this.#backend.close()
  }

  /** Drops what the cache holds beyond the prefix it shares with ids, at most `limit` tokens of it. */
  #reusable(ids: readonly number[], limit: number): number {
    if (ids.length === 0) throw new RangeError('there are no tokens to evaluate; the prompt is empty')
    if (ids.length > this.info.context) {
      throw new ContextLimitError(
        `${ids.length} tokens do not fit a context of ${this.info.context}; shorten the text or load with a longer context`,
      )
    }
    let shared = 0
    while (shared < limit && shared < this.#cached.length && this.#cached[shared] === ids[shared]) shared++
    this.#cached.length = shared
    return shared
  }

  /** One pass of at most `batch` tokens from ids[at] on; returns how many. */
  async #pass(
    ids: readonly number[],
    at: number,
    { signal, visit, visitInput }: PassOptions,
  ): Promise<number> {
    const part = ids.slice(at, at + this.#batch)
    await breathe(signal)
    const sequence = { cache: this.#cache, position: at, tokens: part.length }
    await this.#graph.forward(part, [sequence], {
      between: part.length > 1 ? () => breathe(signal) : undefined,
      visit: visit && visitNumbers(this.#backend, visit),
      visitInput:
        visitInput &&
        (async (layer, input, x) => visitInput({ layer, input, x: await this.#backend.read(x) })),
    })
    this.#cached.push(...part)
    return part.length
  }
}

function positive(name: string, value: number): number {
  if (Number.isInteger(value) && value > 0) return value
  throw new RangeError(`${name} must be a positive whole number, not ${value}`)
}

/** Types say so already; JavaScript callers have only this, and the backends would notice after the load or never. */
function oneOf<T>(name: string, value: T, choices: readonly T[]): void {
  if (choices.includes(value)) return
  throw new RangeError(`${name} must be one of ${choices.join(', ')}, not ${value}`)
}

function chooseContext(config: ModelConfig, wanted: number | undefined): number {
  if (wanted === undefined) return Math.min(config.trainedContext, DEFAULT_CONTEXT)
  if (positive('the context', wanted) <= config.trainedContext) return wanted
  throw new RangeError(
    `a context of ${wanted} is more than the ${config.trainedContext} positions that the model was trained for`,
  )
}

function describe(
  config: ModelConfig,
  chosen: {
    context: number
    passes: 1 | 2 | 3
    granularity: 'group' | 'row'
    cacheType: CacheType
    notice: string | undefined
    loadSeconds: number
  },
  { name: backend, variant, threads, decodeThreads }: Backend,
  bytes: { weightBytes: number; cacheBytes: number },
): ModelInfo {
  const { architecture, name, layers, width, heads, kvHeads, vocabulary, trainedContext } = config
  const shape = { architecture, name, layers, width, heads, kvHeads, vocabulary, trainedContext }
  return { ...shape, ...chosen, backend, variant, threads, decodeThreads, ...bytes }
}
