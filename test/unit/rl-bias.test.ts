import { describe, expect, test } from 'vitest'
import { Random } from '../../src/engine/random.js'
import { type RolloutMethod, rolloutWeights } from '../../src/rl/ais.js'

/**
 * A bandit of 8 arms: the gradient of the expected reward by the logit of arm 0, estimated from arms that a
 * quantised copy of the policy draws. With few arms the expectations are sums, so that what the estimates
 * have to come to, and how far they may be off, is known.
 */

const ARMS = 8
const BATCH = 64
const BATCHES = 4000
/** Standard errors that a mean may be off: a normal variable is beyond 5 once in 1.7 million times. */
const Z = 5

const arms = Array.from({ length: ARMS }, (_, arm) => arm)
const sum = (values: number[]) => values.reduce((total, value) => total + value, 0)

function softmax(logits: number[]): number[] {
  const total = sum(logits.map(Math.exp))
  return logits.map((logit) => Math.exp(logit) / total)
}

const logits = arms.map((arm) => 2 * Math.sin(1.7 * arm + 0.4))
const policy = softmax(logits)
/** Logits in steps of 2, as crude as a few bits make them. */
const rollout = softmax(logits.map((logit) => 2 * Math.round(logit / 2)))
/** One arm's share of the gradient: reward · ∂log π(arm)/∂logit 0. */
const share = arms.map((arm) => (Math.cos(0.9 * arm) + 1) * (Number(arm === 0) - policy[0]!))

const truth = sum(arms.map((arm) => policy[arm]! * share[arm]!))

/** Mean and variance of weight · share for an arm that the rollout policy draws. */
function moments(weight: (ratio: number) => number): { mean: number; variance: number } {
  const values = arms.map((arm) => weight(policy[arm]! / rollout[arm]!) * share[arm]!)
  const mean = sum(arms.map((arm) => rollout[arm]! * values[arm]!))
  return { mean, variance: sum(arms.map((arm) => rollout[arm]! * (values[arm]! - mean) ** 2)) }
}

const EXACT = {
  none: moments(() => 1),
  is: moments((ratio) => ratio),
  tis: moments((ratio) => Math.min(ratio, 2)),
  mis: moments((ratio) => (ratio >= 0.5 && ratio <= 2 ? ratio : 0)),
}

function draw(random: Random): number {
  let rest = random.nextDouble()
  for (const arm of arms) {
    rest -= rollout[arm]!
    if (rest < 0) return arm
  }
  return ARMS - 1
}

/** The estimates of each batch by each method, all of the same draws, and the largest λ of ais. */
function simulate(seed: number): Record<RolloutMethod, number[]> & { lambda: number[] } {
  const random = new Random(seed)
  const estimates = { none: [], is: [], tis: [], mis: [], ais: [], lambda: [] } as ReturnType<typeof simulate>
  for (let batch = 0; batch < BATCHES; batch++) {
    const drawn = Array.from({ length: BATCH }, () => draw(random))
    const train = drawn.map((arm) => Math.log(policy[arm]!))
    const sampled = drawn.map((arm) => Math.log(rollout[arm]!))
    for (const method of ['none', 'is', 'tis', 'mis', 'ais'] as const) {
      const { weights, lambda } = rolloutWeights(method, train, sampled)
      estimates[method].push(sum(drawn.map((arm, i) => weights[i]! * share[arm]!)) / BATCH)
      if (method === 'ais') estimates.lambda.push(lambda)
    }
  }
  return estimates
}

const mean = (values: number[]) => sum(values) / values.length
function standardError(values: number[]): number {
  const centre = mean(values)
  return Math.sqrt(sum(values.map((value) => (value - centre) ** 2)) / (values.length - 1) / values.length)
}

describe('gradients from the draws of a quantised policy, seed 1', () => {
  const estimates = simulate(1)

  test.each(['none', 'is', 'tis', 'mis'] as const)('%s comes to its exact expectation', (method) => {
    const { mean: expected, variance } = EXACT[method]
    const error = Math.sqrt(variance / (BATCH * BATCHES))
    expect(Math.abs(mean(estimates[method]) - expected)).toBeLessThan(Z * error)
  })

  test('full importance sampling is unbiased; no correction is not', () => {
    expect(Math.abs(EXACT.is.mean - truth)).toBeLessThan(ARMS * 2 ** -52)
    const { mean: expected, variance } = EXACT.none
    const error = Math.sqrt(variance / (BATCH * BATCHES))
    expect(Math.abs(expected - truth)).toBeGreaterThan(2 * Z * error)
    expect(Math.abs(mean(estimates.none) - truth)).toBeGreaterThan(Z * error)
  })

  test('the bias of ais lies between that of the truncated weights and that of none', () => {
    // Differences of the same draws, whose error is smaller than that of either.
    const sign = Math.sign(EXACT.none.mean - truth)
    const compare = (a: number[], b: number[]) => a.map((value, i) => sign * (value - b[i]!))
    for (const difference of [compare(estimates.none, estimates.ais), compare(estimates.ais, estimates.tis)])
      expect(mean(difference)).toBeGreaterThan(Z * standardError(difference))
    expect(sign * (EXACT.tis.mean - truth)).toBeGreaterThan(0)
  })

  test('variance: none < ais < tis < is', () => {
    const order = ['none', 'ais', 'tis', 'is'] as const
    const squares = order.map((method) => {
      const centre = mean(estimates[method])
      return estimates[method].map((value) => (value - centre) ** 2)
    })
    for (let i = 1; i < order.length; i++) {
      const difference = squares[i]!.map((value, batch) => value - squares[i - 1]![batch]!)
      expect(mean(difference), `${order[i]} beside ${order[i - 1]}`).toBeGreaterThan(
        Z * standardError(difference),
      )
    }
  })

  test('λ is a mixture, neither 0 nor 1', () => {
    expect(Math.min(...estimates.lambda)).toBeGreaterThan(0)
    expect(Math.max(...estimates.lambda)).toBeLessThan(1)
    expect(standardError(estimates.lambda)).toBeGreaterThan(0)
  })

  test('the same policy: every method gives the same estimates', () => {
    const drawn = Array.from({ length: BATCH }, (_, i) => Math.log(policy[i % ARMS]!))
    for (const method of ['none', 'is', 'tis', 'mis', 'ais'] as const)
      expect(rolloutWeights(method, drawn, drawn).weights.every((weight) => weight === 1)).toBe(true)
  })
})
