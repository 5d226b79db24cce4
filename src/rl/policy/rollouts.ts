import {
  type Backend,
  type BackendOptions,
  type KvCache,
  PAGE,
  type Sequence,
  selectBackend,
} from '../../backend/index.js'
import { breathe } from '../../engine/breathe.js'
import type { ModelConfig } from '../../engine/config.js'
import { Graph } from '../../engine/graph.js'
import { createSampler, type Sampler, type SamplerOptions } from '../../engine/sampler.js'
import { type ModelWeights, matricesOf } from '../../engine/weights.js'
import type { Network } from '../trainer/network.js'
import type { ModelShape } from '../trainer/shape.js'
import { configOf, packNetwork } from './pack.js'

/** How a policy that samples can be quantised; Q2_K needs rows of a multiple of 256 weights. */
export const ROLLOUT_TYPES = ['F32', 'F16', 'Q8_0', 'Q4_0', 'MXFP4', 'Q2_K'] as const
export type RolloutType = (typeof ROLLOUT_TYPES)[number]

export interface RolloutEngineOptions extends BackendOptions {
  /** How the policy's matrices are quantised. Default `Q4_0`. */
  readonly type?: RolloutType
  /** Digits of each activation. Default 1. */
  readonly passes?: 1 | 2 | 3
  /** Completions that are sampled together. Default 64. */
  readonly sequences?: number
  /** Longest prompt and completion, in tokens. Default: the model's context. */
  readonly context?: number
}

export interface SampleOptions extends Omit<SamplerOptions, 'repetitionPenalty' | 'repetitionWindow'> {
  /** Tokens of a completion at most. */
  readonly maxTokens: number
  /** Tokens that end a completion; the one drawn is its last token. */
  readonly endIds: ReadonlySet<number>
  readonly signal?: AbortSignal
}

/** A completion that the policy sampled. */
export interface Rollout {
  /** Which of the prompts. */
  readonly prompt: number
  /** Of the completion, with the token that ended it. */
  readonly tokens: Int32Array
  /** Of each token in the distribution that it was drawn from: temperature, top-k, top-p, min-p included. */
  readonly logProbabilities: Float64Array
  /** An end token was drawn; else it is as long as was allowed. */
  readonly ended: boolean
}

/** Tokens of one pass; logits exist for a pass's last rows only. */
const BATCH = 256

/** A sequence that is being sampled. */
/** A prompt, all but its last token, in the cache: completions of it are forks. */
interface Trunk {
  readonly prompt: Int32Array
  readonly cache: KvCache
}

interface Running {
  readonly index: number
  readonly prompt: Int32Array
  readonly cache: KvCache
  readonly sampler: Sampler
  readonly tokens: number[]
  readonly logProbabilities: number[]
}

/**
 * The low-bit engine as the policy that samples: the engine's graph, on weights that `update` takes from the network
 * that is trained, in memory. Many sequences go through the layers together.
 */
export class RolloutEngine {
  readonly type: RolloutType
  readonly passes: 1 | 2 | 3
  readonly #backend: Backend
  readonly #config: ModelConfig
  readonly #context: number
  /** Holds nothing itself: sequences are forks of it. */
  #root: KvCache | null = null
  readonly #most: number
  #weights: ModelWeights | null = null
  #graph: Graph | null = null

  /** @throws Error where no backend can be had; RangeError for impossible options */
  constructor(shape: ModelShape, options: RolloutEngineOptions = {}) {
    const { type = 'Q4_0', passes = 1, sequences = 64, context = shape.context } = options
    if (!Number.isInteger(context) || context < 2 || context > shape.context)
      throw new RangeError(`the context must be 2 to ${shape.context} tokens, not ${context}`)
    if (!Number.isInteger(sequences) || sequences < 1)
      throw new RangeError(`sequences must be a positive whole number, not ${sequences}`)
    this.type = type
    this.passes = passes
    this.#config = configOf(shape)
    this.#context = context
    this.#most = Math.min(sequences, BATCH)
    this.#backend = selectBackend(options).backend
  }

  get backend(): string {
    return `${this.#backend.name} ${this.#backend.variant}`
  }

  /** Quantises the network's parameters; what is sampled from now on follows them. */
  async update(network: Network): Promise<void> {
    const previous = this.#weights
    this.#weights = await packNetwork(network, this.type, this.#backend, this.#config)
    const { passes } = this
    const options = { passes, granularity: 'group' as const, context: this.#context, batch: BATCH }
    this.#graph = new Graph(this.#backend, this.#config, this.#weights, options)
    // A tied head is the embedding.
    if (previous)
      for (const weight of new Set([previous.embedding, ...matricesOf(previous)])) this.#backend.free(weight)
  }

  /**
   * One completion for each of the prompts; the same prompt (the same array) many times in a row is
   * computed once. Completion i is drawn with the seed
   * seed + i, so it does not depend on which others are sampled with it.
   * @throws RangeError for a prompt that is empty or leaves no room for maxTokens
   */
  async sample(prompts: readonly Int32Array[], options: SampleOptions): Promise<Rollout[]> {
    const { maxTokens, endIds, signal, seed = 0, ...filters } = options
    if (!Number.isInteger(maxTokens) || maxTokens < 1)
      throw new RangeError(`maxTokens must be a positive whole number, not ${maxTokens}`)
    prompts.forEach((prompt, i) => {
      if (prompt.length > 0 && prompt.length + maxTokens <= this.#context) return
      throw new RangeError(
        `prompt ${i} has ${prompt.length} tokens; with ${maxTokens} more it must fit a context of ${this.#context}`,
      )
    })
    const done: Rollout[] = new Array(prompts.length)
    const root = this.#pool()
    const live = new Set<KvCache>()
    const take = (cache: KvCache) => {
      live.add(cache)
      return cache
    }
    const drop = (cache: KvCache) => {
      live.delete(cache)
      this.#backend.free(cache)
    }
    let running: Running[] = []
    let trunk: Trunk | undefined
    let next = 0
    try {
      while (running.length > 0 || next < prompts.length) {
        await breathe(signal)
        const fresh = prompts.slice(next, next + this.#most - running.length)
        const trunks = trunk ? [trunk] : []
        for (const prompt of fresh)
          if (trunks.at(-1)?.prompt !== prompt) trunks.push({ prompt, cache: take(root.fork(0)) })
        await this.#prefill(trunk ? trunks.slice(1) : trunks)
        for (const prompt of fresh) {
          while (trunks[0].prompt !== prompt) drop((trunks.shift() as Trunk).cache)
          const cache = take(trunks[0].cache.fork(prompt.length - 1))
          const sampler = createSampler({ ...filters, seed: seed + next })
          running.push({ index: next++, prompt, cache, sampler, tokens: [], logProbabilities: [] })
        }
        trunk = trunks[0]
        await this.#decode(running)
        const goesOn = ({ tokens }: Running) =>
          tokens.length < maxTokens && !endIds.has(tokens[tokens.length - 1])
        for (const sequence of running) {
          if (goesOn(sequence)) continue
          const { index, tokens, logProbabilities } = sequence
          drop(sequence.cache)
          done[index] = {
            prompt: index,
            tokens: Int32Array.from(tokens),
            logProbabilities: Float64Array.from(logProbabilities),
            ended: endIds.has(tokens[tokens.length - 1]),
          }
        }
        running = running.filter(goesOn)
      }
    } finally {
      for (const cache of live) this.#backend.free(cache)
    }
    return done
  }

  /** Frees weights, caches and threads. */
  close(): void {
    this.#backend.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** All but the last tokens of prompts. */
  async #prefill(trunks: readonly Trunk[]): Promise<void> {
    let ids: number[] = []
    let parts: Sequence[] = []
    const flush = async () => {
      if (ids.length > 0) await this.#loaded.forward(ids, parts)
      ids = []
      parts = []
    }
    for (const { prompt, cache } of trunks) {
      const last = prompt.length - 1
      for (let position = 0; position < last; ) {
        if (ids.length === BATCH) await flush()
        const tokens = Math.min(last - position, BATCH - ids.length)
        ids.push(...prompt.subarray(position, position + tokens))
        parts.push({ cache, position, tokens })
        position += tokens
      }
    }
    await flush()
  }

  /** One more token for each. */
  async #decode(sequences: readonly Running[]): Promise<void> {
    const graph = this.#loaded
    const ids = sequences.map(({ prompt, tokens }) => tokens.at(-1) ?? prompt[prompt.length - 1])
    const parts = sequences.map(({ prompt, tokens, cache }) => ({
      cache,
      position: prompt.length - 1 + tokens.length,
      tokens: 1,
    }))
    await graph.forward(ids, parts)
    const { vocabulary } = this.#config
    for await (const { row, rows, values } of graph.logits(0, sequences.length)) {
      for (let i = 0; i < rows; i++) {
        const { sampler, tokens, logProbabilities } = sequences[row + i]
        const drawn = sampler.sample(values.subarray(i * vocabulary, (i + 1) * vocabulary), [])
        tokens.push(drawn.id)
        logProbabilities.push(drawn.logProbability)
      }
    }
  }

  get #loaded(): Graph {
    if (this.#graph) return this.#graph
    throw new Error('the policy has no weights yet; call update(network) first')
  }

  #pool(): KvCache {
    const { layers, kvHeads, headSize } = this.#config
    // Whole pages for as many sequences as run, and for as many prompts, and one that the last round left.
    const capacity = (2 * this.#most + 1) * Math.ceil(this.#context / PAGE) * PAGE
    this.#root ??= this.#backend.cache({ type: 'f32', layers, kvHeads, headSize, capacity })
    return this.#root
  }
}
