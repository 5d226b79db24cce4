import { type AttentionOptions, pasaAttention } from '../../../attention/index.js'
import type { ModelConfig } from '../../../engine/config.js'
import { createSampler } from '../../../engine/sampler.js'
import type { Trace } from '../../../engine/trace.js'
import type { AttentionVisitor } from '../../../engine/visit.js'
import { type Head, headOf, joined, optionsOf } from './head.js'
import type { OnPart } from './section.js'

export interface GreedyReport {
  /** Tokens of an answer at most. */
  readonly tokens: number
  readonly prompts: readonly {
    readonly prompt: string
    /** Index of the first token of the answer that differs; null if none does. */
    readonly firstDifference: number | null
    /** Largest difference of a logit, over all tokens after which both had read the same. */
    readonly logitDifference: number
    readonly float32: string
    readonly pasa: string
  }[]
  /** Prompts whose answers differ. */
  readonly different: number
}

/** Beginnings of stories, questions and sums: what the built-in model is made for. */
export const PROMPTS: readonly string[] = [
  'Once upon a time',
  'Once upon a time, there was a little girl named Lily.',
  'Once upon a time, in a quiet corner of the woods, there lived a little squirrel',
  'One day, a boy named Tom found a red ball under a tree.',
  'It was a cold winter morning. The snow was deep, and',
  'The old fisherman had a small boat.',
  'Mia and her brother wanted to bake a cake for their mom.',
  'On a sunny day, a young duck named Pip went to the river.',
  'Ben was afraid of the dark.',
  'In a small village by the sea, there lived a kind baker.',
  'Question: What color is the sky?\nAnswer:',
  'Question: Where do fish live?\nAnswer:',
  'Question: Which month comes after March?\nAnswer:',
  'Question: What do bees make?\nAnswer:',
  'Question: What is 7 + 8?\nAnswer:',
  'Question: What is 3 + 4?\nAnswer:',
  'Question: What is 15 - 6?\nAnswer:',
  'Question: What number comes before 13?\nAnswer:',
  'Question: Sandy has 10 plums. She eats 6 of them. How many plums does she have now?\nAnswer:',
  'Question: What is left when you take 3 from 14?\nAnswer:',
]

/** Greedy answers with binary16 attention in place of the engine's, beside those with the engine's own. */
export async function compareGreedy(trace: Trace, tokens: number, onPart: OnPart): Promise<GreedyReport> {
  const prompts: GreedyReport['prompts'][number][] = []
  for (const prompt of PROMPTS) {
    await onPart(prompts.length, PROMPTS.length)
    const ids = trace.tokenizer.encode(prompt)
    const own = await greedyAnswer(trace, ids, { tokens })
    const visit = replaceAttention(trace.config, pasaAttention)
    const half = await greedyAnswer(trace, ids, { tokens, visit })
    const at = own.ids.findIndex((id, i) => half.ids[i] !== id)
    prompts.push({
      prompt,
      firstDifference: at < 0 ? null : at,
      logitDifference: largestDifference(own.logits, half.logits, at < 0 ? own.ids.length : at + 1),
      float32: trace.tokenizer.decode(own.ids),
      pasa: trace.tokenizer.decode(half.ids),
    })
  }
  const different = prompts.filter(({ firstDifference }) => firstDifference !== null).length
  return { tokens, prompts, different }
}

/** Always the most probable token; the one that ends the text, if it comes, is the last. */
export async function greedyAnswer(
  trace: Trace,
  prompt: ArrayLike<number>,
  options: { readonly tokens: number; readonly visit?: AttentionVisitor },
): Promise<{ ids: number[]; logits: Float32Array[] }> {
  const sampler = createSampler({ temperature: 0 })
  const answer: { ids: number[]; logits: Float32Array[] } = { ids: [], logits: [] }
  trace.truncate(0)
  let next = prompt
  while (answer.ids.length < options.tokens) {
    const logits = await trace.push(next, options)
    const { id } = sampler.sample(logits, [])
    answer.ids.push(id)
    answer.logits.push(logits)
    if (trace.tokenizer.endIds.has(id)) break
    next = [id]
  }
  return answer
}

function largestDifference(a: readonly Float32Array[], b: readonly Float32Array[], steps: number): number {
  let most = 0
  for (let step = 0; step < steps; step++)
    for (let id = 0; id < a[step].length; id++) most = Math.max(most, Math.abs(a[step][id] - b[step][id]))
  return most
}

/** Another attention in place of the model's, for one sequence from its beginning, head by head. */
export function replaceAttention(
  config: ModelConfig,
  attend: (head: Head, options: AttentionOptions) => ArrayLike<number>,
): AttentionVisitor {
  const { heads, headSize, layers } = config
  const none: Float32Array = new Float32Array(0)
  const histories = Array.from({ length: layers }, () => ({ key: none, value: none }))
  return ({ layer, query, key, value, attended }) => {
    const history = histories[layer]
    history.key = joined(history.key, key)
    history.value = joined(history.value, value)
    const out = new Float32Array(attended.length)
    for (let head = 0; head < heads; head++) {
      const own = attend(headOf({ query, ...history }, config, head), optionsOf(config))
      for (let i = 0; i < own.length; i++)
        out[(Math.floor(i / headSize) * heads + head) * headSize + (i % headSize)] = own[i]
    }
    return out
  }
}
