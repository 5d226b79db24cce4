import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Random } from '../../src/engine/random.js'
import { sequenceOffsets } from '../../src/rl/batch.js'
import { type GrpoBatch, type GrpoOptions, groupAdvantages, grpoLoss } from '../../src/rl/grpo.js'

const EPSILON = 2 ** -52

describe('groupAdvantages', () => {
  test('a worked example: two groups, each by itself', () => {
    // Group 1: mean 1/2, deviation 1/2. Group 2: mean 20, deviation √(2/3) · 10.
    const advantages = groupAdvantages([1, 0, 0, 1].concat([10, 20, 30, 20]), 4)
    const first = 0.5 / (0.5 + 1e-6)
    const second = 10 / (Math.sqrt(50) + 1e-6)
    ;[first, -first, -first, first, -second, 0, second, 0].forEach((expected, i) => {
      expect(advantages[i]).toBeCloseTo(expected, 14)
    })
  })

  test('equal rewards: exactly 0, though their rounded mean is not one of them', () => {
    expect((0.1 + 0.1 + 0.1) / 3).not.toBe(0.1)
    expect(Array.from(groupAdvantages([0.1, 0.1, 0.1, -7, -7, -7], 3))).toEqual([0, 0, 0, 0, 0, 0])
    expect(Array.from(groupAdvantages([5, 6], 1))).toEqual([0, 0])
  })

  test('mean 0, population deviation 1 but for the 1e-6; no overflow, no underflow', () => {
    for (const scale of [1, 1e300, 1e160, 1e-3]) {
      const rewards = [0.3, -0.2, 0.9, 0.4].map((reward) => reward * scale)
      const advantages = Array.from(groupAdvantages(rewards, 4))
      const square = advantages.reduce((sum, a) => sum + a * a, 0) / 4
      expect(Math.abs(advantages.reduce((sum, a) => sum + a, 0))).toBeLessThan(32 * EPSILON)
      const deviation = 0.3905124837953327 * scale
      expect(Math.sqrt(square)).toBeCloseTo(deviation / (deviation + 1e-6), 14)
    }
    // Far below 1e-6 an advantage is the difference in millionths.
    expect(groupAdvantages([0, 2e-200], 2)[1]).toBeCloseTo(1e-194, 206)
  })

  test.each<[string, number[], number]>([
    ['groupSize is 0', [1], 0],
    ['groupSize is 1.5', [1], 1.5],
    ['rewards holds 3 numbers', [1, 2, 3], 2],
    ['rewards holds 0 numbers', [], 2],
    ['rewards[1] is NaN', [1, Number.NaN], 2],
    ['further apart', [1.7e308, -1.7e308], 2],
  ])('%s', (message, rewards, groupSize) => {
    expect(() => groupAdvantages(rewards, groupSize)).toThrow(message)
  })
})

/** One token of ratio r and advantage A, in a batch of its own. */
function single(ratio: number, advantage: number, options: GrpoOptions = {}) {
  const batch = { logp: [-5 + Math.log(ratio)], logpOld: [-5], advantages: [advantage], sequences: [0, 1] }
  return grpoLoss(batch, options)
}

describe('grpoLoss', () => {
  test('a worked example', () => {
    // Two sequences of 1 and 2 tokens, the middle one masked: N = 2.
    const { loss, gradient, clippedShare, kl, meanRatio } = grpoLoss(
      {
        logp: [Math.log(0.3), Math.log(0.5), Math.log(0.2)],
        logpOld: [Math.log(0.2), Math.log(0.5), Math.log(0.4)],
        advantages: [1, 2],
        sequences: [0, 1, 3],
        mask: [1, 0, 1],
        weights: [1.5, 9, 0.5],
        reference: [Math.log(0.3), Math.log(0.5), Math.log(0.4)],
      },
      { kl: 0.1 },
    )
    // Token 0: r = 1.5 > 1.28 is clipped; ref = π.
    // Token 2: r = 0.5 < 0.8, but A > 0, so not clipped; ref = 2π.
    const k3 = 2 - 1 - Math.log(2)
    expect(loss).toBeCloseTo((1.5 * -1.28 + 0.5 * (-0.5 * 2 + 0.1 * k3)) / 2, 14)
    expect(gradient[0]).toBeCloseTo(0, 14)
    expect(gradient[1]).toBe(0)
    expect(gradient[2]).toBeCloseTo((0.5 * (-0.5 * 2 + 0.1 * (1 - 2))) / 2, 14)
    expect(clippedShare).toBe(0.5)
    expect(kl).toBeCloseTo(k3 / 2, 14)
    expect(meanRatio).toBeCloseTo(1, 14)
  })

  test.each([
    ['not clipped', 1.1, 1, 1.1, true],
    ['above, A > 0: clipped', 1.5, 1, 1.28, false],
    ['above, A < 0: the worse one counts', 1.5, -1, 1.5, true],
    ['below, A > 0: the worse one counts', 0.5, 1, 0.5, true],
    ['below, A < 0: clipped', 0.5, -1, 0.8, false],
    ['A = 0', 1.5, 0, 0, true],
  ])('%s', (_, ratio, advantage, expected, moves) => {
    const { loss, gradient, clippedShare } = single(ratio, advantage)
    expect(loss).toBeCloseTo(-expected * advantage, 14)
    expect(gradient[0]).toBeCloseTo(moves ? -ratio * advantage : 0, 14)
    expect(clippedShare).toBe(moves ? 0 : 1)
  })

  test('the bounds are separate, and can be taken away', () => {
    expect(single(1.25, 1, { clipHigh: 0.2 }).loss).toBeCloseTo(-1.2, 14)
    expect(single(0.85, -1, { clip: 0.1 }).loss).toBeCloseTo(0.9, 14)
    expect(single(50, 1, { clipHigh: Infinity }).loss).toBeCloseTo(-50, 12)
    expect(single(1e-9, -1, { clip: 1 }).gradient[0]).toBeCloseTo(1e-9, 20)
  })

  test('at ratio 1: the policy gradient, a token mean over the batch whatever the lengths', () => {
    const logp = [-1, -2, -3, -0.5]
    const advantages = [3, -1]
    const weights = [1, 0.5, 2, 1.25]
    const batch: GrpoBatch = { logp, logpOld: logp, advantages, sequences: sequenceOffsets([1, 3]), weights }
    const { loss, gradient, clippedShare, kl, meanRatio } = grpoLoss(batch)
    expect(Array.from(gradient)).toEqual([-3 / 4, 0.5 / 4, 2 / 4, 1.25 / 4])
    expect(loss).toBe((-3 + 0.5 + 2 + 1.25) / 4)
    expect([clippedShare, kl, meanRatio]).toEqual([0, 0, 1])
  })

  test('masked tokens do not count, whatever they hold', () => {
    const { NaN: nan } = Number
    const options = { kl: 0.3 }
    const short = grpoLoss(
      {
        logp: [-1, -2, -1.5],
        logpOld: [-1.1, -2, -1],
        advantages: [1, -2],
        sequences: [0, 2, 3],
        weights: [1, 2, 0.5],
        reference: [-1, -1, -2],
      },
      options,
    )
    const padded = grpoLoss(
      {
        logp: [nan, -1, -2, 3, -1.5],
        logpOld: [nan, -1.1, -2, -Infinity, -1],
        // A sequence that is masked as a whole may have any finite advantage.
        advantages: [1, 1e9, -2],
        sequences: [0, 3, 4, 5],
        mask: [false, true, true, false, true],
        weights: [nan, 1, 2, -1, 0.5],
        reference: [nan, -1, -1, Infinity, -2],
      },
      options,
    )
    expect(Array.from(padded.gradient)).toEqual([
      0,
      short.gradient[0],
      short.gradient[1],
      0,
      short.gradient[2],
    ])
    expect({ ...padded, gradient: 0 }).toEqual({ ...short, gradient: 0 })
  })

  test('advantages of 0: only the divergence from the reference moves the policy', () => {
    const batch: GrpoBatch = { logp: [-1, -3], logpOld: [-2, -1], advantages: [0], sequences: [0, 2] }
    expect(grpoLoss(batch).gradient.every((slope) => slope === 0)).toBe(true)
    const weights = [2, 1]
    const { gradient, loss, kl } = grpoLoss({ ...batch, weights, reference: [-1, -2] }, { kl: 0.5 })
    expect(gradient[0]).toBeCloseTo(0, 15)
    expect(gradient[1]).toBeCloseTo((0.5 * (1 - Math.E)) / 2, 14)
    expect(loss).toBeCloseTo((0.5 * (Math.E - 2)) / 2, 14)
    expect(kl).toBeCloseTo((Math.E - 2) / 2, 14)
  })

  test('the gradient is that of central differences, in every branch', () => {
    const clip = 0.2
    const clipHigh = 0.28
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 31 }), fc.constantFrom(0, 0.7), (seed, kl) => {
        const random = new Random(seed)
        const uniform = (low: number, high: number) => low + (high - low) * random.nextDouble()
        // Ratios on either side of both bounds, at least 0.02 from each: no kink within a step.
        const ranges: [number, number][] = [
          [0.3, 0.78],
          [0.82, 1.26],
          [1.3, 3],
        ]
        const sequences = sequenceOffsets([6, 0, 12, 1, 11])
        const tokens = Array.from({ length: 30 }, (_, i) => i)
        const logpOld = tokens.map(() => uniform(-4, -2))
        const logp = tokens.map((i) => logpOld[i]! + Math.log(uniform(...ranges[i % 3]!)))
        const batch = {
          logpOld,
          advantages: [uniform(0.2, 2), 1, uniform(-2, -0.2), 0, uniform(-1, 1)],
          sequences,
          mask: tokens.map((i) => i % 7 !== 5),
          weights: tokens.map(() => uniform(0.3, 2)),
          reference: tokens.map((i) => logp[i]! + uniform(-1, 1)),
        }
        const options = { clip, clipHigh, kl }
        const { gradient, clippedShare } = grpoLoss({ ...batch, logp }, options)
        expect(clippedShare).toBeGreaterThan(0)
        expect(clippedShare).toBeLessThan(1)

        const step = 2 ** -17
        for (const i of tokens) {
          const at = (shift: number) => {
            const shifted = logp.map((value, j) => (i === j ? value + shift : value))
            return grpoLoss({ ...batch, logp: shifted }, options).loss
          }
          const slope = (at(step) - at(-step)) / (2 * step)
          // A sum of 30 terms below 16 (weight 2, ratio 3, advantage 2, divergence) is off by 30 · 16 · ε / N
          // at most; the step leaves step²/6 · third derivative, below step² · 2 · 16 / 6 / N.
          const noise = ((30 * 16 * EPSILON) / step + step ** 2 * 6) / 26
          expect(Math.abs(slope - gradient[i]!)).toBeLessThan(1e-6 * Math.abs(gradient[i]!) + noise)
        }
      }),
      { numRuns: 50, seed: 1 },
    )
  })

  const good: GrpoBatch = { logp: [-1, -2], logpOld: [-1, -2], advantages: [1], sequences: [0, 2] }
  test.each<[string, Partial<GrpoBatch>, GrpoOptions]>([
    ['logpOld holds 1 numbers, but there are 2 tokens', { logpOld: [-1] }, {}],
    ['logp[1] is NaN', { logp: [-1, Number.NaN] }, {}],
    ['logp[0] is −∞', { logp: [-Infinity, -1] }, {}],
    ['logpOld[0] is −∞', { logpOld: [-Infinity, -1] }, {}],
    ['reference[1] is 0.5', { reference: [-1, 0.5] }, {}],
    ['advantages holds 2 numbers, but there are 1 sequences', { advantages: [1, 2] }, {}],
    ['advantages[0] is Infinity', { advantages: [Infinity] }, {}],
    ['sequences[1] is 1; the last offset', { sequences: [0, 1] }, {}],
    ['weights[1] is -1', { weights: [1, -1] }, {}],
    ['weights holds 1 numbers', { weights: [1] }, {}],
    ['the mask leaves none', { mask: [0, 0] }, {}],
    ['exp(logp − logpOld) of token 1 overflows', { logpOld: [-1, -800] }, {}],
    ['exp(reference − logp) of token 0 overflows', { reference: [0, 0], logp: [-900, -2] }, {}],
    ['the loss of token 1 overflows', { weights: [1, 1e308], advantages: [10] }, {}],
    ['clip is 1.1', {}, { clip: 1.1 }],
    ['clipHigh is -0.1', {}, { clipHigh: -0.1 }],
    ['kl is NaN', {}, { kl: Number.NaN }],
    ['there is no reference', {}, { kl: 0.1 }],
  ])('error: %s', (message, change, options) => {
    const call = () => grpoLoss({ ...good, ...change }, options)
    expect(call).toThrow(RangeError)
    expect(call).toThrow(message)
  })
})
