/**
 * What docs/papers/finom.md says of entropic transport as ε goes to 0, and of what momentum saves.
 */
import { describe, expect, test } from 'vitest'
import { denseSinkhorn, exactW1, sinkhorn1d, wasserstein1ByExtrapolation } from '../../src/transport/index.js'
import { distances, normalized } from '../helpers/transport.js'

const POINTS = 1000
const line = Array.from({ length: POINTS }, (_, i) => (i + 0.5) / POINTS)
const bump = (centre: number, width: number) =>
  normalized(line.map((at) => Math.exp(-(((at - centre) / width) ** 2) / 2)))

/** Orders p of the error C ε^p, between neighbours of `epsilons`, which are halved. */
async function orders(a: number[], b: number[], epsilons: readonly number[]): Promise<number[]> {
  const measures = { x: line, a, y: line, b }
  const exact = exactW1(measures)
  const errors: number[] = []
  for (const epsilon of epsilons)
    errors.push((await sinkhorn1d(measures, { epsilon, tolerance: 1e-9 })).cost - exact)
  return errors.slice(1).map((error, i) => Math.log2(errors[i] / error))
}

describe('the cost as ε goes to 0', () => {
  // All mass goes one way: the wrong way costs twice the distance, so O(ε) of it strays, O(ε) far.
  test('quadratic where mass has to move', async () => {
    const [first, second, third] = await orders(
      bump(0.35, 0.08),
      bump(0.6, 0.08),
      [0.02, 0.01, 0.005, 0.0025],
    )
    expect(first).toBeGreaterThan(1.4)
    expect(second).toBeGreaterThan(first)
    expect(third).toBeGreaterThan(second)
    expect(third).toBeGreaterThan(1.8)
    expect(third).toBeLessThan(2.05)
  })

  // Nothing has to move, and all mass strays O(ε) far.
  test('linear where it has not', async () => {
    const [, , last] = await orders(bump(0.5, 0.1), bump(0.5, 0.1), [0.08, 0.04, 0.02, 0.01])
    expect(last).toBeGreaterThan(0.95)
    expect(last).toBeLessThan(1.05)
  })

  test('faster than any power once ε is below the gaps of discrete points', async () => {
    const measures = {
      x: [0, 0.2, 0.5, 0.9],
      a: [0.1, 0.4, 0.2, 0.3],
      y: [0.1, 0.45, 0.7],
      b: [0.5, 0.2, 0.3],
    }
    const exact = exactW1(measures)
    const errors: number[] = []
    for (const epsilon of [0.08, 0.04, 0.02]) {
      const { cost, converged } = await sinkhorn1d(measures, { epsilon, tolerance: 1e-12 })
      expect(converged).toBe(true)
      errors.push(cost - exact)
    }
    const [first, second] = errors.slice(1).map((error, i) => Math.log2(errors[i] / error))
    // An error C e^(−s/ε) has orders that double.
    expect(second / first).toBeGreaterThan(1.8)
    expect(second).toBeGreaterThan(6)
  })

  test('extrapolated, it is nearer to the exact value than the smallest ε', async () => {
    for (const [a, b] of [
      [bump(0.35, 0.08), bump(0.6, 0.08)],
      [bump(0.5, 0.1), bump(0.5, 0.1)],
    ]) {
      const measures = { x: line, a, y: line, b }
      const exact = exactW1(measures)
      const { value, costs, epsilons, converged } = await wasserstein1ByExtrapolation(measures, {
        epsilon: 0.02,
        tolerance: 1e-9,
      })
      expect(epsilons).toEqual([0.02, 0.01, 0.005])
      expect(converged).toBe(true)
      expect(Math.abs(costs[2] - exact) / Math.abs(value - exact)).toBeGreaterThan(4)
    }
  })
})

test('momentum and a shrinking ε save most of the iterations', async () => {
  const count = 60
  const x = line.filter((_, i) => i % 16 === 0).slice(0, count)
  const a = normalized(x.map((_, i) => 1 + ((i * 7) % 5)))
  const b = normalized(x.map((_, i) => 1 + ((i * 11) % 7)))
  const options = { epsilon: 0.01, tolerance: 1e-6 }
  const plain = denseSinkhorn({ cost: distances(x, x), a, b }, options)
  const ours = await sinkhorn1d({ x, a, y: x, b }, options)
  expect([plain.converged, ours.converged]).toEqual([true, true])
  expect(plain.iterations / ours.iterations).toBeGreaterThan(3)
})
