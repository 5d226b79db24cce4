import type { Model } from '../../engine/model.js'
import { Random } from '../../engine/random.js'

/** Tokens per second. */
export interface Speeds {
  readonly prefill: number
  /** Of the tokens after the first, which comes with the prompt. */
  readonly decode: number
}

export interface Contestant {
  /** Reads a prompt that it has not seen and generates `decode` ≥ 2 tokens, the most probable ones, past any end of text. */
  run(ids: Uint32Array, decode: number, signal?: AbortSignal): Promise<Speeds>
}

/** Random ids; no two seeds share a beginning, so that no cache helps. */
export function promptIds(length: number, vocabulary: number, seed: number): Uint32Array {
  const random = new Random(seed)
  // Control tokens and bytes come first in most vocabularies.
  const first = Math.min(300, vocabulary >> 1)
  return Uint32Array.from({ length }, () => first + Math.floor((vocabulary - first) * random.nextDouble()))
}

export function multiscaleContestant(model: Model): Contestant {
  return {
    async run(ids, decode, signal) {
      const options = { maxTokens: decode, ignoreEos: true, temperature: 0, signal }
      const { stats } = await model.generate(ids, options).result
      return { prefill: stats.prefillTokensPerSecond, decode: stats.decodeTokensPerSecond }
    },
  }
}
