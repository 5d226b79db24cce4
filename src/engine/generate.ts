import type { Engine } from './engine.js'
import { logSoftmaxAt, topLogProbabilities } from './logits.js'
import { createSampler } from './sampler.js'
import { createStopMatcher } from './stop.js'
import {
  ContextLimitError,
  type GenerateOptions,
  type GenerationChunk,
  type GenerationResult,
  type TokenAlternatives,
} from './types.js'

/** The ids of a prompt. @throws RangeError for ids outside the vocabulary; ContextLimitError if there is no room */
export async function promptIds(
  engine: Engine,
  prompt: string | ArrayLike<number>,
  options: GenerateOptions,
): Promise<number[]> {
  const { addSpecial, parseSpecial, signal } = options
  const encode = async (text: string) =>
    (await engine.tokenizer.encodeParallel(text, { addSpecial, parseSpecial, signal })).ids
  const ids = Array.from(typeof prompt === 'string' ? await encode(prompt) : prompt)
  const { vocabulary, context } = engine.info
  for (const id of ids) {
    if (!Number.isInteger(id) || id < 0 || id >= vocabulary) {
      throw new RangeError(`token id ${id} is not within the vocabulary of ${vocabulary} tokens`)
    }
  }
  if (ids.length === 0) throw new RangeError('the prompt is empty and the model adds no token of its own')
  const room = context - ids.length
  const wanted = options.maxTokens ?? Math.max(1, room)
  if (!Number.isInteger(wanted) || wanted < 0)
    throw new RangeError(`maxTokens must be a whole number, not ${wanted}`)
  if (wanted > room) {
    throw new ContextLimitError(
      `${ids.length} prompt tokens and ${wanted} new ones do not fit a context of ${context}; ` +
        'shorten the prompt, ask for fewer tokens, or load with a longer context',
    )
  }
  return ids
}

/**
 * Prefill, then token by token: evaluate, sample, decode, match stop strings. Yields a chunk per token and one
 * last without tokens if text was held back; returns the whole.
 */
export async function* generate(
  engine: Engine,
  prompt: string | ArrayLike<number>,
  options: GenerateOptions = {},
): AsyncGenerator<GenerationChunk, GenerationResult> {
  const { maxTokens, stop = [], ignoreEos = false, logProbabilities, signal } = options
  const sampler = createSampler(samplerOptions(options))
  if (!Array.isArray(stop)) throw new TypeError(`stop must be an array of texts, not ${typeof stop}`)
  const stops = createStopMatcher(stop)
  const promptTokens = await promptIds(engine, prompt, options)
  const limit = maxTokens ?? engine.info.context - promptTokens.length
  const decoder = engine.tokenizer.decodeStream({ after: promptTokens.at(-1) })
  const history = [...promptTokens]
  const tokens: number[] = []
  let text = ''
  let finishReason: GenerationResult['finishReason'] = 'length'
  let stopped: string | undefined

  const started = performance.now()
  let prefilled = started
  let cachedTokens = 0
  while (tokens.length < limit) {
    const { logits, reused } = await engine.evaluate(history, { signal })
    if (tokens.length === 0) {
      prefilled = performance.now()
      cachedTokens = reused
    }
    const { id } = sampler.sample(logits, history)
    if (!ignoreEos && engine.tokenizer.endIds.has(id)) {
      finishReason = 'end'
      break
    }
    tokens.push(id)
    history.push(id)
    const piece = stops.push(decoder.push(id))
    text += piece.text
    const alternatives =
      logProbabilities === undefined ? undefined : [alternativesOf(logits, id, logProbabilities)]
    yield { text: piece.text, tokens: [id], logProbabilities: alternatives }
    if (piece.stopped !== undefined) {
      finishReason = 'stop'
      stopped = piece.stopped
      break
    }
  }
  const finished = performance.now()
  if (stopped === undefined) {
    // What is still held back: half a character, or the beginning of a stop string that never came.
    const last = stops.push(decoder.flush())
    const rest = last.text + stops.flush()
    text += rest
    if (rest) yield { text: rest, tokens: [] }
  }

  const prefillSeconds = (prefilled - started) / 1000
  const decodeSeconds = (finished - prefilled) / 1000
  const computed = promptTokens.length - cachedTokens
  const passes = tokens.length - (finishReason === 'end' ? 0 : 1)
  const stats = {
    promptTokens: promptTokens.length,
    cachedTokens,
    generatedTokens: tokens.length,
    prefillSeconds,
    decodeSeconds,
    prefillTokensPerSecond: prefillSeconds > 0 ? computed / prefillSeconds : 0,
    decodeTokensPerSecond: passes > 0 && decodeSeconds > 0 ? passes / decodeSeconds : 0,
  }
  return { text, tokens, promptTokens, finishReason, stopped, stats }
}

function alternativesOf(logits: Float32Array, id: number, count: number): TokenAlternatives {
  return { id, logProbability: logSoftmaxAt(logits, id), alternatives: topLogProbabilities(logits, count) }
}

function samplerOptions(options: GenerateOptions) {
  const { temperature, topK, topP, minP, repetitionPenalty, repetitionWindow, seed } = options
  return { temperature, topK, topP, minP, repetitionPenalty, repetitionWindow, seed }
}
