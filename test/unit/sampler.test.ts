import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  createSampler,
  logSoftmaxAt,
  type SamplerOptions,
  topLogProbabilities,
} from '../../src/engine/sampler.js'

/** Few distinct values, so that ties are common, and −∞ as a grammar would mask tokens. */
const anyLogits = fc
  .array(
    fc.oneof(
      fc.integer({ min: -8, max: 8 }),
      fc.double({ min: -30, max: 30, noNaN: true }),
      fc.constant(-Infinity),
    ),
    { minLength: 1, maxLength: 60 },
  )
  .filter((values) => values.some((value) => value > -Infinity))
  .map((values) => Float32Array.from(values))

interface Token {
  id: number
  weight: number
}
const sumOf = (tokens: Token[]) => tokens.reduce((sum, { weight }) => sum + weight, 0)

/**
 * The documented definition, step by step, nothing clever. Also how close a cumulated probability came to
 * topP.
 */
function byDefinition(logits: Float32Array, history: number[], options: SamplerOptions) {
  const {
    temperature = 0.8,
    topK = 0,
    topP = 1,
    minP = 0,
    repetitionPenalty = 1,
    repetitionWindow = 64,
  } = options
  const recent = new Set(repetitionWindow === 0 ? [] : history.slice(-repetitionWindow))
  const penalised = Array.from(logits, (logit, id) => {
    if (!recent.has(id)) return logit
    return logit > 0 ? logit / repetitionPenalty : logit * repetitionPenalty
  })
  const top = Math.max(...penalised)
  let tokens = penalised
    .map((logit, id) => ({ id, weight: Math.exp((logit - top) / temperature), logit }))
    .sort((a, b) => b.logit - a.logit || a.id - b.id)
    .map(({ id, weight }) => ({ id, weight }))
  if (topK > 0) tokens = tokens.slice(0, topK)
  let closest = Infinity
  if (topP < 1) {
    const total = sumOf(tokens)
    let sum = 0
    const nucleus: Token[] = []
    for (const token of tokens) {
      if (sum >= topP * total) break
      nucleus.push(token)
      sum += token.weight
      closest = Math.min(closest, Math.abs(sum / total - topP))
    }
    tokens = nucleus
  }
  tokens = tokens.filter(({ weight }) => weight > 0 && weight >= minP * tokens[0]!.weight)
  const total = sumOf(tokens)
  const distribution = tokens.map(({ id, weight }) => ({ id, probability: weight / total }))
  return { distribution: distribution.sort((a, b) => a.id - b.id), closest }
}

const anyOptions = fc.record(
  {
    temperature: fc.double({ min: 0.05, max: 5, noNaN: true }),
    topK: fc.integer({ min: 0, max: 70 }),
    topP: fc.oneof(fc.constant(1), fc.double({ min: 0.001, max: 1, noNaN: true })),
    minP: fc.double({ min: 0, max: 1, noNaN: true }),
    repetitionPenalty: fc.double({ min: 0.5, max: 3, noNaN: true }),
    repetitionWindow: fc.oneof(fc.integer({ min: 0, max: 10 }), fc.constant(Infinity)),
  },
  { requiredKeys: [] },
)

describe('the sampling distribution', () => {
  test('is that of the definition, for any filters together', () => {
    const anyHistory = fc.array(fc.nat(), { maxLength: 12 })
    fc.assert(
      fc.property(anyLogits, anyHistory, anyOptions, (logits, raw, options) => {
        const history = raw.map((id) => id % logits.length)
        const { distribution: expected, closest } = byDefinition(logits, history, options)
        // A cumulated probability equal to topP but for rounding may fall on either side: sums of ≤ 60
        // doubles.
        fc.pre(closest > 60 * Number.EPSILON)
        const { ids, probabilities } = createSampler(options).distribution(logits, history)
        expect(Array.from(ids)).toEqual(expected.map(({ id }) => id))
        expected.forEach(({ probability }, i) => {
          expect(Math.abs(probabilities[i]! - probability)).toBeLessThanOrEqual(64 * Number.EPSILON)
        })
      }),
      { numRuns: 2000 },
    )
  })

  test('of a large vocabulary, where the selection cannot look at everything', () => {
    const logits = Float32Array.from({ length: 50_000 }, (_, i) => 6 * Math.sin(i * i) - (i % 7))
    for (const options of [
      { topK: 40 },
      { topP: 0.9 },
      { topP: 0.9999999 },
      { minP: 0.05 },
      { topK: 4000, topP: 0.5 },
    ]) {
      const { distribution } = byDefinition(logits, [], options)
      const { ids } = createSampler(options).distribution(logits, [])
      expect(Array.from(ids)).toEqual(distribution.map(({ id }) => id))
    }
  })

  test('equal logits: the lower id counts as the more probable', () => {
    const logits = new Float32Array(10)
    expect(Array.from(createSampler({ topK: 3 }).distribution(logits, []).ids)).toEqual([0, 1, 2])
    expect(Array.from(createSampler({ topP: 0.35 }).distribution(logits, []).ids)).toEqual([0, 1, 2, 3])
    expect(createSampler({ temperature: 0 }).sample(logits, [])).toEqual({ id: 0, logProbability: 0 })
  })

  test('filters that keep everything keep everything', () => {
    const logits = Float32Array.of(1, 2, 3)
    const all = createSampler({ topK: 99, topP: 1, minP: 0 }).distribution(logits, [])
    expect(all).toEqual(createSampler().distribution(logits, []))
    expect(all.ids).toHaveLength(3)
  })

  test('the smallest temperatures end in the arg-max, without overflow', () => {
    const logits = Float32Array.of(3e38, -3e38, 2.9e38)
    for (const temperature of [0, Number.MIN_VALUE, 1e-300, 1])
      expect(Array.from(createSampler({ temperature }).distribution(logits, []).ids)).toEqual([0])
  })
})

describe('the repetition penalty', () => {
  const logits = Float32Array.of(2, -2, 1)
  const logRatio = (options: SamplerOptions, history: number[], a: number, b: number) => {
    const { probabilities } = createSampler({ temperature: 1, ...options }).distribution(logits, history)
    return Math.log(probabilities[a]! / probabilities[b]!)
  }

  test('divides what is positive and multiplies what is negative, once a token', () => {
    expect(logRatio({ repetitionPenalty: 2 }, [0, 0, 1], 0, 2)).toBeCloseTo(1 - 1, 12)
    expect(logRatio({ repetitionPenalty: 2 }, [0, 0, 1], 1, 2)).toBeCloseTo(-4 - 1, 12)
  })

  test('looks back 64 tokens unless told otherwise', () => {
    const history = [0, ...Array<number>(64).fill(2)]
    expect(logRatio({ repetitionPenalty: 2 }, history, 0, 1)).toBeCloseTo(2 + 2, 12)
    expect(logRatio({ repetitionPenalty: 2, repetitionWindow: Infinity }, history, 0, 1)).toBeCloseTo(
      1 + 2,
      12,
    )
    expect(logRatio({ repetitionPenalty: 2, repetitionWindow: 0 }, history, 2, 1)).toBeCloseTo(1 + 2, 12)
  })

  test('counts for the arg-max too', () => {
    expect(createSampler({ temperature: 0, repetitionPenalty: 3 }).sample(logits, Uint32Array.of(0)).id).toBe(
      2,
    )
  })
})

describe('drawing', () => {
  /** χ² of the draws against probabilities; only cells that are expected often enough may count. */
  function chiSquare(counts: number[], probabilities: ArrayLike<number>) {
    const n = counts.reduce((a, b) => a + b, 0)
    return counts.reduce(
      (sum, count, i) => sum + (count - n * probabilities[i]!) ** 2 / (n * probabilities[i]!),
      0,
    )
  }
  /**
   * The value that χ² with `k` degrees of freedom exceeds once in a million (Wilson and Hilferty; z = 4.753).
   */
  const limit = (k: number) => k * (1 - 2 / (9 * k) + 4.753 * Math.sqrt(2 / (9 * k))) ** 3

  test.each([
    { temperature: 1 },
    { temperature: 0.8 },
    { temperature: 1.5, topK: 6 },
    { temperature: 1, topP: 0.9 },
    { temperature: 1, minP: 0.1 },
    { temperature: 2, topK: 9, topP: 0.95, minP: 0.05, repetitionPenalty: 1.5 },
  ])('follows the distribution: %j', (options) => {
    const logits = Float32Array.from({ length: 12 }, (_, i) => 2 * Math.sin(3 * i))
    const sampler = createSampler({ ...options, seed: 42 })
    const { ids, probabilities } = sampler.distribution(logits, [1, 2])
    expect(ids.length).toBeGreaterThan(2)
    const counts = Array.from(ids, () => 0)
    const n = 20_000
    let worst = 0
    for (let i = 0; i < n; i++) {
      const { id, logProbability } = sampler.sample(logits, [1, 2])
      const place = ids.indexOf(id)
      counts[place]!++
      worst = Math.max(worst, Math.abs(logProbability - Math.log(probabilities[place]!)))
    }
    // Two roundings of a quotient, then of a logarithm below 10 in magnitude.
    expect(worst).toBeLessThan(32 * Number.EPSILON)
    expect(n * Math.min(...probabilities)).toBeGreaterThan(5)
    expect(chiSquare(counts, probabilities)).toBeLessThan(limit(ids.length - 1))
    // The test can fail: a distribution 10 % off is found out.
    const tilted = probabilities.map((p, i) => p * (i % 2 ? 1.1 : 0.9))
    const total = tilted.reduce((a, b) => a + b, 0)
    expect(
      chiSquare(
        counts,
        tilted.map((p) => p / total),
      ),
    ).toBeGreaterThan(limit(ids.length - 1))
  })

  test('the same seed draws the same; a restored state goes on', () => {
    const logits = Float32Array.from({ length: 100 }, (_, i) => Math.cos(i))
    const draw = (sampler: ReturnType<typeof createSampler>) =>
      Array.from({ length: 20 }, () => sampler.sample(logits, []).id)
    const sampler = createSampler({ seed: 5 })
    const first = draw(sampler)
    expect(draw(createSampler({ seed: 5 }))).toEqual(first)
    expect(draw(createSampler({ seed: 6 }))).not.toEqual(first)
    const { state } = sampler.random
    const second = draw(sampler)
    sampler.random.state = state
    expect(draw(sampler)).toEqual(second)
  })

  test('the size of the vocabulary may change between steps', () => {
    const sampler = createSampler({ topK: 5 })
    expect(sampler.distribution(new Float32Array(3), []).ids).toHaveLength(3)
    expect(sampler.distribution(new Float32Array(9), []).ids).toHaveLength(5)
  })
})

describe('log-probabilities of the model', () => {
  test('are those of the softmax, however large the logits', () => {
    fc.assert(
      fc.property(anyLogits, fc.nat(), fc.integer({ min: 0, max: 70 }), (logits, raw, count) => {
        const shifted = logits.map((logit) => logit + 1000)
        const top = Math.max(...shifted)
        const normaliser = Math.log(shifted.reduce((sum, logit) => sum + Math.exp(logit - top), 0))
        const expected = Array.from(shifted, (logit, id) => ({
          id,
          logProbability: logit - top - normaliser,
        }))
        const id = raw % logits.length
        // Logits near 1000 and a sum of up to 60 terms, all in float64; −∞ is itself.
        const tolerance = 1000 * 64 * Number.EPSILON
        const isClose = (a: number, b: number) => a === b || Math.abs(a - b) <= tolerance
        expect(isClose(logSoftmaxAt(shifted, id), expected[id]!.logProbability)).toBe(true)
        const best = expected
          .sort((a, b) => b.logProbability - a.logProbability || a.id - b.id)
          .slice(0, count)
        const found = topLogProbabilities(shifted, count)
        expect(found.map((token) => token.id)).toEqual(best.map((token) => token.id))
        found.forEach((token, i) => {
          expect(isClose(token.logProbability, best[i]!.logProbability)).toBe(true)
        })
      }),
      { numRuns: 500 },
    )
  })

  test('errors', () => {
    expect(() => logSoftmaxAt(new Float32Array(3), 3)).toThrow('Token id 3 is outside the 3 logits')
    expect(() => topLogProbabilities(new Float32Array(3), -1)).toThrow('must be an integer ≥ 0')
    expect(() => topLogProbabilities(Float32Array.of(1, Number.NaN), 1)).toThrow(
      'NaN logits (first at token 1)',
    )
  })
})

describe('errors', () => {
  test.each([
    ['NaN', [1, Number.NaN, 3], 'The model produced NaN logits (first at token 1)'],
    ['+∞', [1, Infinity], 'infinite logit (token 1)'],
    ['all −∞', [-Infinity, -Infinity], 'All logits are −∞'],
    ['none', [], 'There are no logits'],
  ])('logits: %s', (_what, logits, message) => {
    for (const temperature of [0, 1])
      expect(() => createSampler({ temperature }).sample(Float32Array.from(logits), [])).toThrow(message)
  })

  test('a history that does not fit the logits', () => {
    const sampler = createSampler({ repetitionPenalty: 1.1 })
    expect(() => sampler.sample(new Float32Array(3), [3])).toThrow('The history holds token id 3')
  })

  test.each<[object, string]>([
    [{ temperature: -1 }, 'temperature must be a finite number ≥ 0; it is -1'],
    [{ temperature: Number.NaN }, 'temperature must be a finite number ≥ 0; it is NaN'],
    [{ temperature: '1' }, 'temperature must be a finite number ≥ 0; it is 1'],
    [{ topK: 1.5 }, 'topK must be an integer ≥ 0'],
    [{ topP: 0 }, 'topP must be above 0 and at most 1'],
    [{ topP: 1.1 }, 'topP must be above 0 and at most 1'],
    [{ minP: -0.1 }, 'minP must be from 0 to 1'],
    [{ repetitionPenalty: 0 }, 'repetitionPenalty must be a finite number > 0'],
    [{ repetitionWindow: -1 }, 'repetitionWindow must be an integer ≥ 0, or Infinity'],
    [{ seed: -3 }, 'The seed must be an integer from 0'],
    [{ topk: 3 }, "There is no sampler option 'topk'; there are temperature, topK"],
  ])('option %j', (options, message) => {
    expect(() => createSampler(options)).toThrow(message)
  })
})
