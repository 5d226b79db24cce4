import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type AisOptions, aisDiagnostics, aisWeights, rolloutWeights } from '../../src/rl/ais.js'
import { k3, sequenceOffsets } from '../../src/rl/batch.js'

const EPSILON = 2 ** -52

describe('k3, e^d − 1 − d', () => {
  // 60 digits by Python's decimal, rounded.
  test.each([
    [1, 0.7182818284590452],
    [0.5, 0.14872127070012814],
    [-0.5, 0.10653065971263342],
    [0.25, 0.034025416687741485],
    [-0.25, 0.028800783071404868],
    [31 / 64, 0.13878521661930562],
    [-31 / 64, 0.10045712779067824],
    [2 ** -6, 0.00012270858668574745],
    [2 ** -10, 4.769924165352428e-7],
    [-(2 ** -20), 4.547472063262089e-13],
    [-40, 39],
  ])('of %s is exact to a few roundings', (d, expected) => {
    expect(Math.abs(k3(d) / expected - 1)).toBeLessThan(4 * EPSILON)
  })

  test('is never negative, and 0 only for 0', () => {
    fc.assert(
      fc.property(fc.double({ max: Number.MAX_VALUE, noNaN: true }), (d) => {
        // Below 2^−500 the square underflows.
        if (Math.abs(d) > 2 ** -500) expect(k3(d)).toBeGreaterThan(0)
        else expect(k3(d)).toBeGreaterThanOrEqual(0)
      }),
    )
    expect(k3(0)).toBe(0)
  })
})

test('sequenceOffsets', () => {
  expect(Array.from(sequenceOffsets([3, 0, 2]))).toEqual([0, 3, 3, 5])
})

describe('errors name the array and the index', () => {
  const good = [-1, -2, -3]
  test.each<[string, () => unknown]>([
    ['logpRollout holds 2 numbers, but there are 3 tokens', () => aisDiagnostics(good, [-1, -2])],
    ['mask holds 4 numbers', () => aisDiagnostics(good, good, [1, 1, 1, 1])],
    ['mask[1] is 0.5', () => aisDiagnostics(good, good, [1, 0.5, 1])],
    ['mask[2] is NaN', () => aisDiagnostics(good, good, [1, 0, Number.NaN])],
    ['the mask leaves none of the 3 tokens', () => aisDiagnostics(good, good, [0, false, 0])],
    ['there are no tokens', () => aisDiagnostics([], [])],
    ['logpTrain[1] is NaN', () => aisDiagnostics([-1, Number.NaN, -3], good)],
    ['logpTrain[2] is Infinity', () => aisDiagnostics([-1, -2, Infinity], good)],
    ['logpTrain[0] is 0.001', () => aisDiagnostics([0.001, -2, -3], good)],
    ['logpRollout[1] is NaN', () => aisDiagnostics(good, [-1, Number.NaN, -3])],
    ['logpRollout[2] is −∞', () => aisDiagnostics(good, [-1, -2, -Infinity])],
    ['truncation is 0.5', () => aisWeights(good, good, { truncation: 0.5 })],
    ['kappa0 is -1', () => aisWeights(good, good, { kappa0: -1 })],
    ['lower is 2', () => rolloutWeights('mis', good, good, { lower: 2 })],
    ["no method 'best'", () => rolloutWeights('best' as 'ais', good, good)],
    ['level is word', () => aisWeights(good, good, { level: 'word' as 'token' })],
    ["level 'sequence' needs sequences", () => aisWeights(good, good, { level: 'sequence' } as AisOptions)],
    ['sequences holds 1 offsets', () => aisWeights(good, good, { level: 'sequence', sequences: [0] })],
    ['sequences[0] is 1', () => aisWeights(good, good, { level: 'sequence', sequences: [1, 3] })],
    ['sequences[2] is 1', () => aisWeights(good, good, { level: 'sequence', sequences: [0, 2, 1, 3] })],
    ['sequences[1] is 1.5', () => aisWeights(good, good, { level: 'sequence', sequences: [0, 1.5, 3] })],
    ['sequences[1] is 4', () => aisWeights(good, good, { level: 'sequence', sequences: [0, 4] })],
    ['lengths[1] is -1', () => sequenceOffsets([3, -1])],
  ])('%s', (message, call) => {
    expect(call).toThrow(RangeError)
    expect(call).toThrow(message)
  })

  test('a log-probability that rounding leaves above 0 is none', () => {
    expect(aisDiagnostics([1e-5, -2, -3], good).count).toBe(3)
  })
})
