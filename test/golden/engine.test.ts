import { loadModel, type Model } from 'multiscale'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { goldenLogits, goldens, STORIES, skipWithoutData, storiesPath } from '../helpers/stories.js'
import {
  digitTolerance,
  floatTolerance,
  largestDifference,
  largestMagnitude,
  rootMeanSquare,
} from '../helpers/tolerance.js'

/** The whole engine against float64 (shared/data/README.md), on all backends. */

const BACKENDS = ['reference', 'native', 'wasm'] as const
const GREEDY = { maxTokens: 200, temperature: 0, ignoreEos: true }
const { vocabulary, layers } = STORIES

/** Of the logits after a prompt of so many tokens. */
const exactly = (tokens: number, expected: Float32Array) =>
  floatTolerance(STORIES, tokens - 1, largestMagnitude(expected))

describe.skipIf(skipWithoutData).each(BACKENDS)('stories260K in float32, %s', (backend) => {
  let model: Model
  beforeAll(async () => {
    model = await loadModel(storiesPath('f32'), { backend, cacheType: 'f32' })
  })
  afterAll(() => model.close())

  test.each(goldens)('$name: prompt ids, 200 greedy ids and their text', async (golden) => {
    const { text, tokens, promptTokens, finishReason } = await model.generate(golden.text, GREEDY).result
    expect(promptTokens).toEqual(golden.prompt_ids)
    expect(tokens).toEqual(golden.greedy_ids)
    expect(text).toBe(golden.greedy_text)
    expect(finishReason).toBe('length')
  })

  test.each(goldens)('$name: logits at every position', async (golden) => {
    const ids = [...golden.prompt_ids, ...golden.greedy_ids.slice(0, -1)]
    const expected = goldenLogits(golden.logits_file)
    const actual = await model.logits(ids)
    expect(actual.length).toBe(ids.length * vocabulary)
    for (const row of ids.keys()) {
      const part = [row * vocabulary, (row + 1) * vocabulary] as const
      const [a, e] = [actual.subarray(...part), expected.subarray(...part)]
      expect(largestDifference(a, e), `row ${row}`).toBeLessThanOrEqual(exactly(row + 1, e))
    }
  })
})

describe.skipIf(skipWithoutData)('the tolerance can fail', () => {
  test('keys and values rounded to float16 exceed it, though no id changes', async () => {
    await using model = await loadModel(storiesPath('f32'), { backend: 'native', cacheType: 'f16' })
    for (const golden of goldens) {
      const ids = [...golden.prompt_ids, ...golden.greedy_ids.slice(0, -1)]
      const expected = goldenLogits(golden.logits_file)
      const difference = largestDifference(await model.logits(ids), expected)
      expect(difference).toBeGreaterThan(exactly(ids.length, expected))
      // Rounding to 11 bits instead of 24, in nothing but the cache, costs at most what rounding everything to 11 bits would.
      expect(difference).toBeLessThan(2 ** 13 * exactly(ids.length, expected))
      expect((await model.generate(golden.text, GREEDY).result).tokens).toEqual(golden.greedy_ids)
    }
  })
})

describe.skipIf(skipWithoutData)('the default cache, int8', () => {
  test('costs less than a hundredth of a nat a token in a model with heads of 8', async () => {
    await using exact = await loadModel(storiesPath('f32'), { cacheType: 'f32' })
    await using model = await loadModel(storiesPath('f32'))
    expect(model.info.cacheType).toBe('int8')
    const entropy = async (of: Model, ids: readonly number[]) =>
      -(await of.score(ids)).reduce((a, b) => a + b) / (ids.length - 1)
    for (const golden of goldens) {
      const ids = [...golden.prompt_ids, ...golden.greedy_ids]
      const [want, got] = [await entropy(exact, ids), await entropy(model, ids)]
      expect(got, golden.name).not.toBe(want)
      expect(Math.abs(got - want), golden.name).toBeLessThan(0.01)
    }
  })

  test('native and reference keep the same codes', async () => {
    await using native = await loadModel(storiesPath('f32'), { backend: 'native' })
    await using reference = await loadModel(storiesPath('f32'), { backend: 'reference' })
    const [{ prompt_ids, greedy_ids }] = goldens
    const ids = [...prompt_ids, ...greedy_ids.slice(0, 100)]
    const [a, b] = [await native.logits(ids), await reference.logits(ids)]
    // A code on the edge may fall either way; most do not.
    expect(rootMeanSquare(a, b)).toBeLessThan(rootMeanSquare(a, await exactLogits(ids)) / 3)
  })
})

async function exactLogits(ids: readonly number[]): Promise<Float32Array> {
  await using model = await loadModel(storiesPath('f32'), { cacheType: 'f32' })
  return await model.logits(ids)
}

describe.skipIf(skipWithoutData).each(BACKENDS)('stories260K in float16, %s', (backend) => {
  test('logits after the prompts, and greedy ids', async () => {
    await using model = await loadModel(storiesPath('f16'), { backend, cacheType: 'f32' })
    for (const golden of goldens) {
      const { greedy_ids, logits_file } = golden.weights.f16
      const expected = goldenLogits(logits_file)
      const actual = await lastLogits(model, golden.prompt_ids)
      expect(largestDifference(actual, expected)).toBeLessThanOrEqual(
        exactly(golden.prompt_ids.length, expected),
      )
      expect((await model.generate(golden.text, GREEDY).result).tokens).toEqual(greedy_ids)
    }
  })
})

// q, k and v; the attention's output; gate and up; ffn_down is F16 in these files. Then the head.
const PRODUCTS = 3 * layers + 1
/** Activations of a scale: all quantised matrices have 64 columns. */
const GROUPS = { group: 32, row: STORIES.width }
const cases = BACKENDS.flatMap((backend) =>
  (['q8_0', 'q4_0'] as const).flatMap((type) =>
    (['group', 'row'] as const).map((granularity) => ({ backend, type, granularity })),
  ),
)

describe.skipIf(skipWithoutData).each(cases)('$type, $backend, a scale a $granularity', (setup) => {
  const { backend, type, granularity } = setup
  /** Root mean square over all prompts, by passes. */
  const errors: number[] = []

  test.each([1, 2, 3] as const)('%i digits: logits after the prompts', async (passes) => {
    await using model = await loadModel(storiesPath(type), { backend, granularity, passes, cacheType: 'f32' })
    const all: Float32Array[] = []
    for (const golden of goldens) {
      const expected = goldenLogits(golden.weights[type].logits_file)
      const actual = await lastLogits(model, golden.prompt_ids)
      const float = exactly(golden.prompt_ids.length, expected)
      const digits = digitTolerance(passes, PRODUCTS, GROUPS[granularity], largestMagnitude(expected))
      const difference = largestDifference(actual, expected)
      expect(difference, golden.name).toBeLessThanOrEqual(float + digits)
      // The third digit leaves next to nothing: 24 bits are what float32 itself has.
      if (passes === 3) expect(difference, golden.name).toBeLessThanOrEqual(float)
      all.push(actual.map((value, i) => value - expected[i]))
    }
    errors[passes] = rootMeanSquare(
      all.flatMap((part) => [...part]),
      new Float32Array(3 * vocabulary),
    )
  })

  test('each digit is worth 8 bits', () => {
    const bound = (passes: 1 | 2 | 3) => digitTolerance(passes, PRODUCTS, GROUPS[granularity], 1)
    // Errors of three prompts are a small sample of what the bounds bound: give each ratio 2 of its 8 (and 6) bits.
    expect(errors[1] / errors[2]).toBeGreaterThan(bound(1) / bound(2) / 4)
    expect(errors[1] / errors[2]).toBeLessThan((bound(1) / bound(2)) * 4)
    expect(errors[2] / errors[3]).toBeGreaterThan(bound(2) / bound(3) / 4)
  })

  // The closest of these decisions are decided by min_margin ≥ 0.004, two digits are off by 0.001.
  test('two digits: 200 greedy ids of the weights in exact arithmetic', async () => {
    await using model = await loadModel(storiesPath(type), { backend, granularity, cacheType: 'f32' })
    // The reference takes half a second a prompt.
    for (const golden of backend !== 'reference' ? goldens : goldens.slice(0, 1)) {
      const { tokens } = await model.generate(golden.text, GREEDY).result
      expect(tokens, golden.name).toEqual(golden.weights[type].greedy_ids)
    }
  })
})

function lastLogits(model: Model, ids: readonly number[]): Promise<Float32Array> {
  return model.logits(ids, { from: ids.length - 1 })
}
