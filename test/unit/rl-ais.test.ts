import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type AisOptions,
  aisDiagnostics,
  aisMixing,
  aisWeights,
  type RolloutMethod,
  rolloutWeights,
} from '../../src/rl/ais.js'
import { sequenceOffsets } from '../../src/rl/batch.js'

const EPSILON = 2 ** -52

/** Rollout probabilities of 1/8, and trainer probabilities that give these weights. */
function withWeights(weights: number[]): [train: number[], rollout: number[]] {
  return [weights.map((w) => Math.log(w / 8)), weights.map(() => Math.log(1 / 8))]
}

const logProbability = fc.double({ min: -20, max: 0, noNaN: true })
const pairs = fc.array(fc.tuple(logProbability, logProbability), { minLength: 1, maxLength: 50 })

describe('aisDiagnostics', () => {
  test('a worked example: weights 1/2 and 3/2', () => {
    const { essRatio, divergence, cv, count } = aisDiagnostics(...withWeights([0.5, 1.5]))
    expect(cv).toBeCloseTo(0.5, 14)
    expect(essRatio).toBeCloseTo(2 ** 2 / (2 * 2.5), 14)
    expect(divergence).toBeCloseTo(Math.log(4 / 3) / 2, 14)
    expect(count).toBe(2)
  })

  test('the definitions, summed as they stand', () => {
    fc.assert(
      fc.property(pairs, (tokens) => {
        const { essRatio, divergence, cv } = aisDiagnostics(
          tokens.map(([train]) => train),
          tokens.map(([, rollout]) => rollout),
        )
        const w = tokens.map(([train, rollout]) => Math.exp(train - rollout))
        const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / w.length
        const rho = mean(w) ** 2 / mean(w.map((value) => value ** 2))
        const kappa = mean(w.map((value) => value - 1 - Math.log(value)))
        const deviation = Math.sqrt(mean(w.map((value) => (value - mean(w)) ** 2))) / mean(w)
        // Sums of 50 terms at most, each off by the rounding of exp of 20 at most: ε · (50 + 20), squared.
        const tolerance = 200 * EPSILON
        expect(Math.abs(essRatio / rho - 1)).toBeLessThan(tolerance)
        expect(Math.abs(essRatio * (1 + cv ** 2) - 1)).toBeLessThan(tolerance)
        expect(Math.abs(divergence - kappa)).toBeLessThan(tolerance * (mean(w) + 21))
        // The plain deviation has an absolute error where the weights hardly differ.
        expect(Math.abs(cv - deviation)).toBeLessThan(tolerance * (1 + cv))
      }),
    )
  })

  test('identical policies give exactly 1, 0, 0', () => {
    fc.assert(
      fc.property(fc.array(logProbability, { minLength: 1 }), (logp) => {
        const diagnostics = aisDiagnostics(logp, logp)
        expect(diagnostics).toEqual({ essRatio: 1, divergence: 0, cv: 0, count: logp.length })
        expect(aisMixing(diagnostics)).toBe(0)
      }),
    )
  })

  test('mismatches too small for w − 1 keep their digits', () => {
    // Weights e^d and e^−d: κ = cosh d − 1, CV = tanh d.
    const d = 2 ** -40
    const { divergence, cv } = aisDiagnostics([-1 + d, -1 - d], [-1, -1])
    expect(Math.abs(divergence / (d ** 2 / 2) - 1)).toBeLessThan(4 * EPSILON)
    expect(Math.abs(cv / d - 1)).toBeLessThan(4 * EPSILON)
  })

  test('finite for any finite log-probabilities, in their ranges', () => {
    const upTo = (magnitude: number) => fc.double({ min: -magnitude, max: 0, noNaN: true })
    const any = fc.oneof(upTo(1e4), upTo(Number.MAX_VALUE))
    const tokens = fc.array(fc.tuple(any, any), { minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(tokens, (values) => {
        const args = [values.map(([train]) => train), values.map(([, rollout]) => rollout)] as const
        const { essRatio, divergence, cv, count } = aisDiagnostics(...args)
        expect(essRatio).toBeGreaterThanOrEqual((1 - 8 * EPSILON) / count)
        expect(essRatio).toBeLessThanOrEqual(1)
        expect(divergence).toBeGreaterThanOrEqual(0)
        expect(divergence).toBeLessThan(Infinity)
        expect(cv).toBeLessThanOrEqual(Math.sqrt(count - 1) * (1 + 8 * EPSILON))
        for (const method of ['none', 'is', 'tis', 'mis', 'ais'] as const) {
          for (const level of ['token', 'sequence'] as const) {
            const options = { level, sequences: [0, count], truncation: 2 }
            const { weights, lambda } = rolloutWeights(method, ...args, options)
            expect(weights.every((w) => w >= 0 && w < Infinity)).toBe(true)
            expect(lambda >= 0 && lambda <= 1).toBe(true)
          }
        }
      }),
    )
  })

  test('differences of 10⁴: κ saturates above, not below', () => {
    const above = aisDiagnostics([-1, -1], [-1e4, -1])
    expect(above.divergence).toBe(Number.MAX_VALUE)
    expect(above.essRatio).toBeCloseTo(1 / 2, 15)
    expect(above.cv).toBeCloseTo(1, 15)
    expect(aisDiagnostics([-1e4, 0], [0, 0]).divergence).toBe((1e4 - 1) / 2)
  })

  test('a token that the trainer cannot produce has weight 0', () => {
    const train = [-Infinity, -1]
    const one = aisDiagnostics(train, [-1, -1])
    expect([one.essRatio, one.divergence, one.cv]).toEqual([0.5, Number.MAX_VALUE, 1])
    expect(Array.from(rolloutWeights('is', train, [-1, -1]).weights)).toEqual([0, 1])
    // All of them: the limit of weights that are equal and go to 0.
    const all = aisWeights([-Infinity, -Infinity], [-1, -2])
    expect(all.lambda).toBe(1)
    expect(Array.from(all.weights)).toEqual([0, 0])
  })
})

describe('aisMixing', () => {
  const diagnostics = { essRatio: 0.8, divergence: 0.02, cv: 0.5, count: 9 }

  test('the formula', () => {
    expect(aisMixing(diagnostics)).toBeCloseTo((0.8 * (1 - Math.exp(-2))) / 1.25, 15)
    expect(aisMixing(diagnostics, { kappa0: 0.02, c0: 0.25 })).toBeCloseTo((0.8 * (1 - Math.exp(-1))) / 5, 15)
    expect(aisMixing(diagnostics, { c0: Infinity })).toBeCloseTo(0.8 * (1 - Math.exp(-2)), 15)
  })

  test('grows with severity and reliability, shrinks with amplification', () => {
    const { essRatio, divergence, cv } = diagnostics
    expect(aisMixing({ ...diagnostics, divergence: divergence * 2 })).toBeGreaterThan(aisMixing(diagnostics))
    expect(aisMixing({ ...diagnostics, essRatio: essRatio + 0.1 })).toBeGreaterThan(aisMixing(diagnostics))
    expect(aisMixing({ ...diagnostics, cv: cv * 2 })).toBeLessThan(aisMixing(diagnostics))
    expect(aisMixing({ ...diagnostics, divergence: 0 })).toBe(0)
  })

  test.each([{ kappa0: 0 }, { kappa0: Infinity }, { kappa0: Number.NaN }, { c0: 0 }, { c0: Number.NaN }])(
    'refuses %j',
    (options) => {
      expect(() => aisMixing(diagnostics, options)).toThrow(Object.keys(options)[0])
    },
  )
})

describe('weights', () => {
  const train = withWeights([0.25, 1, 1.5, 4])[0]
  const rollout = withWeights([0.25, 1, 1.5, 4])[1]

  test.each<[RolloutMethod, number[]]>([
    ['none', [1, 1, 1, 1]],
    ['is', [0.25, 1, 1.5, 4]],
    ['tis', [0.25, 1, 1.5, 2]],
    ['mis', [0, 1, 1.5, 0]],
  ])('%s', (method, expected) => {
    const { weights, lambda, diagnostics } = rolloutWeights(method, train, rollout)
    weights.forEach((weight, i) => {
      expect(weight).toBeCloseTo(expected[i]!, 14)
    })
    expect(lambda).toBe(method === 'none' ? 0 : 1)
    expect(diagnostics).toEqual(aisWeights(train, rollout).diagnostics)
  })

  test('ais mixes the truncated weights, by the diagnostics of the truncated weights', () => {
    const { weights, lambda, diagnostics } = aisWeights(train, rollout)
    const truncated = aisDiagnostics(...withWeights([0.25, 1, 1.5, 2]))
    expect(diagnostics.cv).toBeCloseTo(truncated.cv, 14)
    expect(diagnostics.divergence).toBeCloseTo(truncated.divergence, 14)
    expect(lambda).toBe(aisMixing(diagnostics))
    ;[0.25, 1, 1.5, 2].forEach((w, i) => {
      expect(weights[i]).toBeCloseTo(1 - lambda + lambda * w, 14)
    })
    expect(rolloutWeights('ais', train, rollout)).toEqual({ weights, lambda, diagnostics })
    const raw = aisWeights(train, rollout, { truncation: Infinity })
    expect(raw.diagnostics).toEqual(aisDiagnostics(train, rollout))
  })

  test('masked importance sampling, one-sided', () => {
    const { weights } = rolloutWeights('mis', train, rollout, { lower: 0 })
    expect(weights[0]).toBeCloseTo(0.25, 14)
    expect(weights[3]).toBe(0)
  })

  test('identical policies: every weight of every method is 1', () => {
    for (const method of ['none', 'is', 'tis', 'mis', 'ais'] as const) {
      const { weights } = rolloutWeights(method, rollout, rollout, { truncation: 1 })
      expect(Array.from(weights)).toEqual([1, 1, 1, 1])
    }
  })

  test('masked tokens have weight 0 and do not count, whatever they hold', () => {
    const mask = [1, 0, true, false]
    const padded = [train[0]!, Number.NaN, train[2]!, 7]
    for (const method of ['none', 'is', 'tis', 'mis', 'ais'] as const) {
      const masked = rolloutWeights(method, padded, [rollout[0]!, -Infinity, rollout[2]!, Infinity], { mask })
      const short = rolloutWeights(method, [train[0]!, train[2]!], [rollout[0]!, rollout[2]!])
      expect(Array.from(masked.weights)).toEqual([short.weights[0], 0, short.weights[1], 0])
      expect(masked.diagnostics).toEqual(short.diagnostics)
    }
  })

  test('a sequence has one weight, the geometric mean over the tokens that count', () => {
    const [pi, mu] = withWeights([0.5, 8, 0.5, 4, 1, 0.25])
    const options: AisOptions = {
      level: 'sequence',
      // An empty sequence, and one that is masked as a whole, have no weight.
      sequences: sequenceOffsets([3, 0, 2, 1]),
      mask: [1, 0, 1, 1, 1, 0],
    }
    const { weights, diagnostics } = rolloutWeights('is', pi, mu, options)
    ;[0.5, 0, 0.5, 2, 2, 0].forEach((expected, i) => {
      expect(weights[i]).toBeCloseTo(expected, 14)
    })
    const [meanPi, meanMu] = withWeights([0.5, 2])
    const expected = aisDiagnostics(meanPi, meanMu)
    expect(diagnostics.count).toBe(2)
    expect(diagnostics.cv).toBeCloseTo(expected.cv, 14)
    expect(diagnostics.divergence).toBeCloseTo(expected.divergence, 14)
  })
})
