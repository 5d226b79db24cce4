import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** stories260K and its float64 goldens (shared/data/README.md): a real, tiny Llama. */

const folder = new URL('../../../shared/data/stories260K/', import.meta.url)

/** In CI the data is always there, and a test that lacks it must fail. */
export const skipWithoutData = !process.env.CI && !existsSync(folder)

export type StoriesType = 'f32' | 'f16' | 'q8_0' | 'q4_0'

export const storiesPath = (type: StoriesType) => fileURLToPath(new URL(`stories260K-${type}.gguf`, folder))

/** Vocab-only files: NAME as in shared/data/vocabs. */
export const vocabPath = (name: string) => fileURLToPath(new URL(`../vocabs/ggml-vocab-${name}.gguf`, folder))

/** What the goldens' model is made of; lengths of sums follow from it. */
export const STORIES = { layers: 5, width: 64, heads: 8, headSize: 8, feedForward: 172, vocabulary: 512 }

export interface Golden {
  readonly name: string
  readonly text: string
  readonly prompt_ids: readonly number[]
  /** 200 ids by arg-max, never stopping. */
  readonly greedy_ids: readonly number[]
  readonly greedy_text: string
  readonly logits_file: string
  readonly last_prompt_row: number
  readonly weights: Readonly<Record<'f16' | 'q8_0' | 'q4_0', GoldenWeights>>
}

export interface GoldenWeights {
  readonly logits_file: string
  readonly greedy_ids: readonly number[]
  /** Best minus second-best logit, at the closest of the 200 steps. */
  readonly min_margin: number
}

/** Three prompts; none where the data is missing. */
export const goldens: readonly Golden[] = skipWithoutData
  ? []
  : JSON.parse(readFileSync(new URL('goldens/goldens.json', folder), 'utf8')).prompts

/** Raw little-endian float32. */
export function goldenLogits(file: string): Float32Array {
  const bytes = readFileSync(new URL(`goldens/${file}`, folder))
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
}
