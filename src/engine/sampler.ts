import { maximumLogit, selectLargest, selectNucleus, type TokenLogProbability } from './logits.js'
import { Random } from './random.js'

export { logSoftmaxAt, topLogProbabilities } from './logits.js'

/** How the next token is drawn. Every filter is off where it is left out, except as noted. */
export interface SamplerOptions {
  /** Divides the logits; 0 takes the most probable token, always. Default 0.8. */
  temperature?: number
  /** Keep the k most probable tokens; 0 keeps all. Default 0. */
  topK?: number
  /**
   * Keep the fewest tokens, most probable first, whose probabilities add up to at least this. 0 < topP ≤ 1.
   */
  topP?: number
  /** Drop tokens less probable than this fraction of the most probable one. 0 ≤ minP ≤ 1. */
  minP?: number
  /**
   * Logits of tokens in the window are divided by this if positive, multiplied if negative. > 0, default 1.
   */
  repetitionPenalty?: number
  /** How many of the last tokens the penalty looks at; Infinity for all. Default 64. */
  repetitionWindow?: number
  /** A non-negative safe integer: the same seed draws the same tokens. Left out, a random one. */
  seed?: number
}

/** Tokens with a probability above 0, ids ascending; the probabilities add up to 1. */
export interface Distribution {
  ids: Uint32Array
  probabilities: Float64Array
}

/**
 * Draws tokens. The order is that of Hugging Face and vLLM: repetition penalty → temperature → top-k → top-p
 * → min-p → draw, each filter on the renormalised result of the one before. Between equal logits the lower id
 * counts as the more probable. `history` is the tokens so far, prompt included.
 */
export interface Sampler {
  /** The generator behind `sample`, whose `state` can be saved and restored. */
  readonly random: Random
  /**
   * Draws a token; `logProbability` is that of the distribution it was drawn from, so 0 for greedy.
   * @throws Error for logits that are NaN or +∞, or all −∞
   * @throws RangeError for an id in the history's window that is outside the logits
   */
  sample(logits: Float32Array, history: ArrayLike<number>): TokenLogProbability
  /** What `sample` would draw from. Throws as `sample` does. */
  distribution(logits: Float32Array, history: ArrayLike<number>): Distribution
}

const DEFAULTS = {
  temperature: 0.8,
  topK: 0,
  topP: 1,
  minP: 0,
  repetitionPenalty: 1,
  repetitionWindow: 64,
}

type Filters = typeof DEFAULTS

const RANGES: Record<keyof Filters, { text: string; holds: (value: number) => boolean }> = {
  temperature: { text: 'a finite number ≥ 0', holds: (value) => value >= 0 && value < Infinity },
  topK: {
    text: 'an integer ≥ 0 (0 keeps all tokens)',
    holds: (value) => Number.isInteger(value) && value >= 0,
  },
  topP: { text: 'above 0 and at most 1', holds: (value) => value > 0 && value <= 1 },
  minP: { text: 'from 0 to 1', holds: (value) => value >= 0 && value <= 1 },
  repetitionPenalty: { text: 'a finite number > 0', holds: (value) => value > 0 && value < Infinity },
  repetitionWindow: {
    text: 'an integer ≥ 0, or Infinity',
    holds: (value) => value === Infinity || (Number.isInteger(value) && value >= 0),
  },
}

/** @throws RangeError for an option out of its range; Error for an option that does not exist */
export function createSampler(options: SamplerOptions = {}): Sampler {
  const { seed, ...filters } = options
  const random = new Random(seed)
  const candidates = new Candidates(readFilters(filters))
  return {
    random,
    sample(logits, history) {
      candidates.fill(logits, history)
      return candidates.draw(random)
    },
    distribution(logits, history) {
      candidates.fill(logits, history)
      return candidates.distribution()
    },
  }
}

function readFilters(options: Partial<Filters>): Filters {
  const filters = { ...DEFAULTS }
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(DEFAULTS, name))
      throw new Error(
        `There is no sampler option '${name}'; there are ${Object.keys(DEFAULTS).join(', ')}, seed`,
      )
    if (value === undefined) continue
    const range = RANGES[name as keyof Filters]
    if (typeof value !== 'number' || !range.holds(value))
      throw new RangeError(`The sampler option ${name} must be ${range.text}; it is ${value}`)
    filters[name as keyof Filters] = value
  }
  return filters
}

/** The tokens that the filters leave, in buffers that are kept from one step to the next. */
class Candidates {
  private readonly filters: Filters
  /**
   * By token id: the logit with its penalty; for those that top-k leaves, exp((logit − largest) /
   * temperature).
   */
  private logits = new Float64Array(0)
  private weights = new Float64Array(0)
  /** The first `count` are the tokens left, `total` is the sum of their weights. */
  private ids = new Uint32Array(0)
  private count = 0
  private total = 0

  constructor(filters: Filters) {
    this.filters = filters
  }

  fill(logits: Float32Array, history: ArrayLike<number>): void {
    const size = logits.length
    if (this.logits.length !== size) {
      this.logits = new Float64Array(size)
      this.ids = new Uint32Array(size)
      this.weights = new Float64Array(size)
    }
    const { temperature, topK, topP, repetitionPenalty } = this.filters
    // Without a penalty the most probable token is read off the logits themselves.
    const penalised = repetitionPenalty === 1 && temperature === 0 ? logits : this.logits
    if (penalised === this.logits) {
      this.logits.set(logits)
      this.penalise(history)
    }
    const { id: best, logit: top } = maximumLogit(penalised)

    if (temperature === 0) {
      this.weights[best] = 1
      this.ids[0] = best
      this.count = 1
    } else {
      const isCut = topK > 0 && topK < size
      this.count = isCut ? selectLargest(this.logits, topK, this.ids) : this.takeAll()
      // exp((l − max) / T) is 1 for the best token and cannot overflow, however small T is. The order of
      // tokens is that of the logits, not of the weights: those are rounded and may be equal where the logits
      // are not.
      for (let i = 0; i < this.count; i++) {
        const id = this.ids[i]!
        this.weights[id] = Math.exp((this.logits[id]! - top) / temperature)
      }
      if (topP < 1) this.count = selectNucleus(this.logits, this.weights, this.ids, this.count, topP)
      // One order for the draw, whatever the selection did.
      if (isCut || topP < 1) this.ids.subarray(0, this.count).sort()
    }
    this.prune()
  }

  draw(random: Random): TokenLogProbability {
    const { ids, weights } = this
    let rest = random.nextDouble() * this.total
    let drawn = 0
    // By rounding, a rest may be left behind the last token; it is that token's.
    while (drawn + 1 < this.count && rest >= weights[ids[drawn]!]!) rest -= weights[ids[drawn++]!]!
    const id = ids[drawn]!
    return { id, logProbability: Math.log(weights[id]! / this.total) }
  }

  distribution(): Distribution {
    const ids = this.ids.slice(0, this.count)
    return { ids, probabilities: Float64Array.from(ids, (id) => this.weights[id]! / this.total) }
  }

  /** Min-p: drops what is too light beside the best token, and what has underflown to 0. Sums up the rest. */
  private prune(): void {
    let kept = 0
    this.total = 0
    for (let i = 0; i < this.count; i++) {
      const id = this.ids[i]!
      const weight = this.weights[id]!
      if (weight === 0 || weight < this.filters.minP) continue
      this.ids[kept++] = id
      this.total += weight
    }
    this.count = kept
  }

  /** Keskar et al., "CTRL", 2019, eq. for θ, with the sign rule of Hugging Face; each token once. */
  private penalise(history: ArrayLike<number>): void {
    const { repetitionPenalty: penalty, repetitionWindow: window } = this.filters
    if (penalty === 1) return
    const seen = new Set<number>()
    for (let i = Math.max(0, history.length - window); i < history.length; i++) {
      const id = history[i]!
      if (!(id >= 0 && id < this.logits.length && Number.isInteger(id)))
        throw new RangeError(`The history holds token id ${id}, but there are ${this.logits.length} logits`)
      seen.add(id)
    }
    for (const id of seen) {
      const logit = this.logits[id]!
      this.logits[id] = logit > 0 ? logit / penalty : logit * penalty
    }
  }

  private takeAll(): number {
    for (let id = 0; id < this.ids.length; id++) this.ids[id] = id
    return this.ids.length
  }
}
