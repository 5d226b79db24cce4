import { describe, expect, test } from 'vitest'
import { ReferenceTraining } from '../../src/backend/index.js'
import { Random } from '../../src/engine/random.js'
import { type Batch, Network } from '../../src/rl/trainer/network.js'
import type { ModelShape } from '../../src/rl/trainer/shape.js'
import { batchOf, lively, SMALL } from './models.js'

/** Six-point central difference: its error is O(h⁶ · f⁽⁷⁾), and rounding adds ε · |f| / h. */
function difference(f: (x: number) => number, h: number): number {
  const at = (n: number) => f(n * h) - f(-n * h)
  return (45 * at(1) - 9 * at(2) + at(3)) / (60 * h)
}

/** Σ c_i · log p_i, with random c of both signs. */
function loss(network: Network<Float64Array>, batch: Batch, weights: Float64Array, temperature: number) {
  const logProbabilities = network.evaluate(batch, temperature)
  return logProbabilities.reduce((sum, value, i) => sum + weights[i] * value, 0)
}

const BRANCHES: readonly (readonly [string, Partial<ModelShape>, number])[] = [
  ['tied head', {}, 1],
  ['untied head', { tied: false }, 1],
  ['a key head for each query head', { kvHeads: 4 }, 1],
  ['one key head', { kvHeads: 1 }, 1],
  ['temperature 0.7', {}, 0.7],
]

describe.each(BRANCHES)('gradients in float64, %s', (_, change, temperature) => {
  const shape = { ...SMALL, ...change }
  const operations = new ReferenceTraining(Float64Array)
  const batch = batchOf(shape, [7, 1, 4], 5)
  const network = new Network(operations, shape, batch.ids.length)
  const random = new Random(11)
  lively(network, 3)
  const weights = Float64Array.from(batch.ids, () => random.nextDouble() * 2 - 1)
  network.accumulate(batch, (_, begin) => weights.subarray(begin), temperature)

  test.each(network.layout.parameters.map(({ name }) => name))('%s', (name) => {
    const values = network.parameter(name)
    const gradient = network.gradient(name)
    const size = Math.sqrt(gradient.reduce((sum, g) => sum + g * g, 0))
    expect(size, 'a gradient that is not zero').toBeGreaterThan(1e-3)
    let error = 0
    let squares = 0
    const tried = Math.min(values.length, 40)
    for (let n = 0; n < tried; n++) {
      const i = Math.floor(random.nextDouble() * values.length)
      const value = values[i]
      const expected = difference((x) => {
        values[i] = value + x
        return loss(network, batch, weights, temperature)
      }, 1e-3)
      values[i] = value
      error += (gradient[i] - expected) ** 2
      squares += expected ** 2
    }
    expect(squares).toBeGreaterThan(0)
    expect(Math.sqrt(error / squares)).toBeLessThan(1e-6)
  })
})
