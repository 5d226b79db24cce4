import { loadModel, type Model } from 'multiscale'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { goldens, STORIES, skipWithoutData, storiesPath } from '../helpers/stories.js'

const GREEDY = { temperature: 0, ignoreEos: true } as const
const { vocabulary } = STORIES
const U = 2 ** -53

describe.skipIf(skipWithoutData)('logits, scores and log-probabilities', () => {
  let model: Model
  const [golden] = goldens
  const ids = [...(golden?.prompt_ids ?? []), ...(golden?.greedy_ids.slice(0, 40) ?? [])]
  beforeAll(async () => {
    model = await loadModel(storiesPath('q8_0'))
  })
  afterAll(() => model.close())

  test('score is the log-softmax of logits', async () => {
    const logits = await model.logits(ids)
    const scores = await model.score(ids)
    expect(logits).toHaveLength(ids.length * vocabulary)
    expect(scores).toHaveLength(ids.length - 1)
    for (const [i, score] of scores.entries()) {
      const row = logits.subarray(i * vocabulary, (i + 1) * vocabulary)
      const expected = logSoftmax(row)[ids[i + 1]]
      // Sums of `vocabulary` exponentials in float64, in two orders; the logarithm's result is of the size of a logit.
      expect(Math.abs(score - expected)).toBeLessThanOrEqual(2 * vocabulary * U * (1 + Math.abs(expected)))
    }
    expect(new Set(scores).size).toBeGreaterThan(ids.length / 2)
  })

  test('from: the same numbers from a later position on', async () => {
    const [logits, scores] = [await model.logits(ids), await model.score(ids)]
    for (const from of [1, 17, ids.length - 1]) {
      expect(await model.logits(ids, { from })).toEqual(logits.subarray(from * vocabulary))
      expect(await model.score(ids, { from })).toEqual(scores.subarray(from - 1))
    }
    expect(await model.score(ids, { from: ids.length })).toEqual(new Float64Array(0))
    expect(await model.score([1])).toEqual(new Float64Array(0))
  })

  test('log-probabilities of a greedy answer', async () => {
    const generation = model.generate(golden.prompt_ids, { ...GREEDY, maxTokens: 30, logProbabilities: 5 })
    const entries = []
    for await (const { tokens, logProbabilities } of generation) {
      expect(logProbabilities?.map(({ id }) => id) ?? []).toEqual(tokens)
      entries.push(...(logProbabilities ?? []))
    }
    const { tokens } = await generation.result
    expect(entries).toHaveLength(30)
    const scores = await model.score([...golden.prompt_ids, ...tokens], { from: golden.prompt_ids.length })
    for (const [i, { id, logProbability, alternatives }] of entries.entries()) {
      // One pass over everything or a token at a time: the same bits.
      expect(logProbability).toBe(scores[i])
      expect(alternatives).toHaveLength(5)
      expect(alternatives[0]).toEqual({ id, logProbability })
      const values = alternatives.map((alternative) => alternative.logProbability)
      expect(values).toEqual(values.toSorted((a, b) => b - a))
      expect(new Set(alternatives.map((alternative) => alternative.id)).size).toBe(5)
    }
  })

  test('log-probabilities are those of the model, whatever the temperature and the filters', async () => {
    const options = {
      temperature: 3,
      topK: 40,
      repetitionPenalty: 1.5,
      seed: 5,
      maxTokens: 10,
      ignoreEos: true,
    }
    const generation = model.generate(golden.prompt_ids, { ...options, logProbabilities: 0 })
    const entries = []
    for await (const { logProbabilities } of generation) entries.push(...(logProbabilities ?? []))
    const all = [...golden.prompt_ids, ...(await generation.result).tokens]
    const scores = await model.score(all, { from: golden.prompt_ids.length })
    expect(entries.map(({ logProbability }) => logProbability)).toEqual([...scores])
    expect(entries.every(({ alternatives }) => alternatives.length === 0)).toBe(true)
  })

  test('text to tokens and back', async () => {
    for (const { text, prompt_ids } of goldens) {
      const tokens = await model.tokenize(text)
      expect(Array.from(tokens)).toEqual(prompt_ids)
      expect(await model.detokenize(tokens)).toBe(text)
      expect(Array.from(await model.tokenize(text, { addSpecial: false }))).toEqual(prompt_ids.slice(1))
    }
    expect(await model.detokenize([1, 403], { skipSpecial: false })).toMatch(/^<s>/)
    expect(Array.from(await model.tokenize('<s>', { addSpecial: false, parseSpecial: true }))).toEqual([1])
  })
})

describe.skipIf(skipWithoutData).each(['native', 'reference'] as const)('the same bits, %s', (backend) => {
  const [golden] = goldens
  const ids = [...(golden?.prompt_ids ?? []), ...(golden?.greedy_ids.slice(0, 60) ?? [])]
  const options = { backend, passes: 2 } as const

  test('with and without a prefix in the cache', async () => {
    await using fresh = await loadModel(storiesPath('q4_0'), options)
    await using used = await loadModel(storiesPath('q4_0'), options)
    const expected = await fresh.logits(ids)

    const first = await used.generate(ids.slice(0, 20), { maxTokens: 1 }).result
    expect(first.stats.cachedTokens).toBe(0)
    // A common prefix, then other tokens, then the first again: what was overwritten is computed again.
    const other = [...ids.slice(0, 12), ...ids.slice(30, 40)]
    expect((await used.generate(other, { maxTokens: 1 }).result).stats.cachedTokens).toBe(12)
    expect((await used.generate(ids, { maxTokens: 1 }).result).stats.cachedTokens).toBe(12)
    expect((await used.generate(ids, { maxTokens: 1 }).result).stats.cachedTokens).toBe(ids.length - 1)
    const last = ids.length - 1
    expect(await used.logits(ids, { from: last })).toEqual(expected.subarray(last * vocabulary))
    expect(await used.logits(ids, { from: 15 })).toEqual(expected.subarray(15 * vocabulary))
  })

  test('an answer stays in the cache for the next turn', async () => {
    await using model = await loadModel(storiesPath('q4_0'), options)
    const { tokens, promptTokens } = await model.generate(golden.text, { ...GREEDY, maxTokens: 10 }).result
    const next = await model.generate([...promptTokens, ...tokens, 432], { ...GREEDY, maxTokens: 1 }).result
    // All but the last token of the answer, which was drawn but not yet read.
    expect(next.stats.cachedTokens).toBe(promptTokens.length + 9)
  })

  test('whatever the batch', async () => {
    const results = []
    for (const batch of [256, 1, 7]) {
      await using model = await loadModel(storiesPath('q4_0'), { ...options, batch })
      results.push(await model.logits(ids))
    }
    expect(results[1]).toEqual(results[0])
    expect(results[2]).toEqual(results[0])
  })
})

function logSoftmax(row: Float32Array): number[] {
  const top = Math.max(...row)
  const total = Array.from(row, (value) => Math.exp(value - top)).reduce((a, b) => a + b)
  return Array.from(row, (value) => value - top - Math.log(total))
}
