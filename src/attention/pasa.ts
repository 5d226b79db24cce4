import { f16round } from '@petamoriken/float16'
import { type AttentionInput, type AttentionOptions, checkInput } from './problem.js'

/** 1 − 2^−5: β, 1 − β = 2^−5 and β / (1 − β) = 31 are all binary16 numbers, and binary32 and bfloat16 ones. */
export const PASA_BETA = 1 - 2 ** -5

export interface PasaOptions extends AttentionOptions {
  /** Share of a block's mean key that is taken from its keys, 0 … 1 − 2^−10; 0 is plain FlashAttention. Default PASA_BETA. */
  readonly beta?: number
  /** Keys that share a mean. Default 128. */
  readonly block?: number
  /** `half` rounds every intermediate to binary16; `float64` shows that the mathematics is that of attention. Default `half`. */
  readonly arithmetic?: 'half' | 'float64'
}

/**
 * Attention that binary16 holds where the scores do not fit into it (Cheng et al., arXiv 2503.01873, PASA). Of each
 * block's keys β times their mean is taken, K' = K − β · mean(K); the scores S' = Q · K'ᵀ lack the large common part,
 * and what it was is known from them: S = S' + c · rowmean(S'), c = β / (1 − β).
 *
 * Every intermediate is rounded to binary16, but for the sums within a matrix product or a mean, which accumulate in
 * binary64 and are rounded once, as matrix units do.
 * @returns [rows, valueSize]; infinities and NaN where binary16 overflowed
 * @throws RangeError for lengths that do not agree or options out of range
 */
export function pasaAttention(input: AttentionInput, options: PasaOptions = {}): Float64Array {
  const { beta = PASA_BETA, block = 128, arithmetic = 'half' } = options
  if (!(beta >= 0 && beta <= 1 - 2 ** -10))
    throw new RangeError(`pasaAttention: beta must be from 0 to 1 - 2^-10, not ${beta}`)
  if (!Number.isSafeInteger(block) || block < 1)
    throw new RangeError(`pasaAttention: block must be a positive whole number, not ${block}`)
  const checked = checkInput('pasaAttention', input, options)
  const round = arithmetic === 'half' ? f16round : (x: number) => x
  const { keys, rows, valueSize, visible } = checked
  const q = Float64Array.from(checked.q, round)
  const k = Float64Array.from(checked.k, round)
  const v = Float64Array.from(checked.v, round)
  const blocks = Array.from({ length: Math.ceil(keys / block) }, (_, i) => ({
    begin: i * block,
    end: Math.min(keys, (i + 1) * block),
  }))
  const shifted = shiftKeys(k, blocks, checked.headSize, beta, round)
  const out = new Float64Array(rows * valueSize)
  for (let row = 0; row < rows; row++) {
    const query = q.subarray(row * checked.headSize, (row + 1) * checked.headSize)
    const state = new RoundedSoftmax(valueSize, round)
    const { first, end: last } = visible(row)
    for (const { begin, end } of blocks) {
      const from = Math.max(begin, first)
      const to = Math.min(end, last)
      if (from >= to) continue
      const scores = scoresOf(query, shifted, begin, end, checked.scale, round)
      // A block's mean is that of all its keys, those that the row does not see among them.
      const taken = recover(scores, beta, round)
      const seen = scores.subarray(from - begin, to - begin)
      const values = v.subarray(from * valueSize, to * valueSize)
      if (options.softcap === undefined) state.add(seen, taken, values)
      else
        state.add(
          seen.map((score) => round(checked.cap(round(score + taken)))),
          0,
          values,
        )
    }
    out.set(state.finish(), row * valueSize)
  }
  return out
}

type Round = (x: number) => number
interface Block {
  readonly begin: number
  readonly end: number
}

/** K' = K − β · mean(K) of each block. */
function shiftKeys(
  k: Float64Array,
  blocks: readonly Block[],
  headSize: number,
  beta: number,
  round: Round,
): Float64Array {
  if (beta === 0) return k
  const shifted = new Float64Array(k.length)
  for (const { begin, end } of blocks)
    for (let d = 0; d < headSize; d++) {
      let sum = 0
      for (let key = begin; key < end; key++) sum += k[key * headSize + d]
      const shift = round(beta * round(sum / (end - begin)))
      for (let key = begin; key < end; key++)
        shifted[key * headSize + d] = round(k[key * headSize + d] - shift)
    }
  return shifted
}

function scoresOf(
  query: Float64Array,
  k: Float64Array,
  begin: number,
  end: number,
  scale: number,
  round: Round,
): Float64Array {
  const scores = new Float64Array(end - begin)
  for (let key = begin; key < end; key++) {
    let sum = 0
    for (let d = 0; d < query.length; d++) sum += query[d] * k[key * query.length + d]
    scores[key - begin] = round(round(scale) * round(sum))
  }
  return scores
}

/** c · rowmean(S'): the part of the scores that the shift took away. */
function recover(scores: Float64Array, beta: number, round: Round): number {
  const mean = round(scores.reduce((a, b) => a + b, 0) / scores.length)
  return round(round(beta / (1 - beta)) * mean)
}

/** An online softmax of which every intermediate is rounded. */
class RoundedSoftmax {
  readonly #round: Round
  readonly #sums: Float64Array
  #total = 0
  #maximum = Number.NEGATIVE_INFINITY
  #reference = 0

  constructor(valueSize: number, round: Round) {
    this.#sums = new Float64Array(valueSize)
    this.#round = round
  }

  /** Scores, less a part `taken` that they have in common, and the values [scores, valueSize] that belong to them. */
  add(scores: Float64Array, taken: number, values: Float64Array): void {
    const round = this.#round
    const sums = this.#sums
    const before = round(this.#maximum + round(this.#reference - taken))
    const maximum = scores.reduce((a, b) => Math.max(a, b), before)
    const factor = before === Number.NEGATIVE_INFINITY ? 0 : round(Math.exp(round(before - maximum)))
    const weights = scores.map((score) => round(Math.exp(round(score - maximum))))
    this.#total = round(round(this.#total * factor) + round(weights.reduce((a, b) => a + b, 0)))
    for (let d = 0; d < sums.length; d++) {
      let sum = 0
      for (let i = 0; i < weights.length; i++) sum += weights[i] * values[i * sums.length + d]
      sums[d] = round(round(sums[d] * factor) + round(sum))
    }
    this.#maximum = maximum
    this.#reference = taken
  }

  finish(): Float64Array {
    return this.#sums.map((sum) => this.#round(sum / this.#total))
  }
}
