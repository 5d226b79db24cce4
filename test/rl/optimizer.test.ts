import { describe, expect, test } from 'vitest'
import { type AdamWStep, ReferenceTraining } from '../../src/backend/index.js'
import { Network } from '../../src/rl/trainer/network.js'
import { Optimizer } from '../../src/rl/trainer/optimizer.js'
import { expectBits } from '../helpers/contract.js'
import { randomNormal } from '../helpers/quants.js'
import { nativeTraining, TRAINING } from '../helpers/training.js'
import { SMALL } from './models.js'

const RECIPE = { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, decay: 0.1, clip: 1 }

/** Writes down what it is asked to do. */
class Recorded extends ReferenceTraining<Float64Array> {
  readonly steps: AdamWStep[] = []
  readonly lengths: number[] = []

  override adamw(
    parameters: Float64Array,
    gradients: Float64Array,
    means: Float64Array,
    variances: Float64Array,
    step: AdamWStep,
  ): void {
    this.steps.push(step)
    this.lengths.push(parameters.length)
    super.adamw(parameters, gradients, means, variances, step)
  }
}

function trained() {
  const operations = new Recorded(Float64Array)
  const network = new Network(operations, SMALL, 4)
  network.initialise(1)
  return { operations, network, optimizer: new Optimizer(operations, network) }
}

/** A gradient of this length. */
function fill(network: Network<Float64Array>, length: number): void {
  const direction = randomNormal(network.layout.length, 5)
  const size = Math.sqrt(direction.reduce((sum, g) => sum + g * g, 0))
  network.gradients.set(Float64Array.from(direction, (g) => (g * length) / size))
}

describe('Optimizer', () => {
  test.each([
    [0.25, 1, 1],
    [1, 2, 1],
    [4, 1, 0.25],
    [4, 2, 0.5],
    [1e6, 1, 1e-6],
    [1e6, Infinity, 1],
  ])('a gradient of length %d with bound %d is multiplied by %d', (length, clip, scale) => {
    const { operations, network, optimizer } = trained()
    fill(network, length)
    // The sum of squares and the root, in float64.
    expect(Math.abs(optimizer.update(0.01, { ...RECIPE, clip }) / length - 1)).toBeLessThan(1e-12)
    for (const { gradientScale } of operations.steps)
      expect(Math.abs(gradientScale / scale - 1)).toBeLessThan(1e-12)
    expect(operations.steps.length).toBe(2)
  })

  test('decays matrices, not the gains of norms, and updates each parameter once', () => {
    const { operations, network, optimizer } = trained()
    const { vectorsAt, length } = network.layout
    const before = network.parameters.slice()
    optimizer.update(0.01, RECIPE)
    expect(operations.lengths).toEqual([vectorsAt, length - vectorsAt])
    expect(operations.steps.map(({ decay }) => decay)).toEqual([0.1, 0])
    // Without a gradient only the decay moves anything.
    network.parameters.forEach((value, i) => {
      const expected = i < vectorsAt ? before[i] * (1 - 0.01 * 0.1) : 1
      expect(Math.abs(value - expected)).toBeLessThanOrEqual(4 * 2 ** -53 * Math.abs(before[i]))
    })
  })

  test('counts its steps, from 1, and passes the recipe on', () => {
    const { operations, network, optimizer } = trained()
    fill(network, 0.5)
    for (const rate of [0.1, 0.2, 0.3]) optimizer.update(rate, RECIPE)
    expect(optimizer.step).toBe(3)
    expect(operations.steps.map(({ step }) => step)).toEqual([1, 1, 2, 2, 3, 3])
    expect(operations.steps.map(({ rate }) => rate)).toEqual([0.1, 0.1, 0.2, 0.2, 0.3, 0.3])
    for (const { beta1, beta2, epsilon } of operations.steps)
      expect([beta1, beta2, epsilon]).toEqual([0.9, 0.95, 1e-8])
  })

  test('the first step is the sign of the gradient, times the rate', () => {
    const { network, optimizer } = trained()
    fill(network, 1)
    const before = network.parameters.slice()
    optimizer.update(0.01, { ...RECIPE, decay: 0 })
    // m / (√v + ε) = g / (|g| + ε): short of 1 by ε / |g|.
    network.parameters.forEach((value, i) => {
      const g = network.gradients[i]
      const expected = (0.01 * g) / (Math.abs(g) + 1e-8)
      expect(Math.abs(before[i] - value - expected)).toBeLessThan(
        16 * 2 ** -53 * (Math.abs(before[i]) + 0.01),
      )
    })
  })

  test.each([Number.NaN, Infinity, -Infinity])('a gradient with %d changes nothing', (value) => {
    const { network, optimizer } = trained()
    fill(network, 1)
    optimizer.update(0.01, RECIPE)
    const state = () => structuredClone([network.parameters, optimizer.means, optimizer.variances])
    const before = state()
    network.gradients[network.layout.length - 1] = value
    expect(() => optimizer.update(0.01, RECIPE)).toThrow(/update 2 is not finite.*learning rate/)
    state().forEach((values, i) => {
      expectBits(values, before[i], 1, `array ${i}`)
    })
    expect(optimizer.step).toBe(1)
    // And it can go on.
    fill(network, 1)
    optimizer.update(0.01, RECIPE)
    expect(optimizer.step).toBe(2)
  })

  test.each(TRAINING)('$label: a gradient that is not finite, anywhere, changes nothing', ({ variant }) => {
    const operations = nativeTraining(variant, 2)
    const network = new Network(operations, SMALL, 4)
    network.initialise(1)
    const optimizer = new Optimizer(operations, network)
    const before = network.parameters.slice()
    const { length } = network.layout
    for (const at of [0, 1, 15, 16, length >> 1, length - 1])
      for (const value of [Number.NaN, Infinity]) {
        network.clearGradients()
        network.gradients[at] = value
        expect(() => optimizer.update(0.01, RECIPE), `${value} at ${at}`).toThrow(/not finite/)
      }
    expectBits(network.parameters, before, 1, 'parameters')
    expect(optimizer.means.every((m) => m === 0) && optimizer.variances.every((v) => v === 0)).toBe(true)
    operations.close()
  })
})
