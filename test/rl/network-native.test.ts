import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ReferenceTraining, type TrainingOperations } from '../../src/backend/index.js'
import { Network } from '../../src/rl/trainer/network.js'
import { PRESETS } from '../../src/rl/trainer/presets.js'
import type { ModelShape } from '../../src/rl/trainer/shape.js'
import { expectBits, UNIT } from '../helpers/contract.js'
import { FUSED, TRAINING } from '../helpers/training.js'
import { batchOf, lively, SMALL } from './models.js'

const SHAPES: Readonly<Record<string, ModelShape>> = {
  nano: { ...PRESETS.nano.shape, vocabulary: 300 },
  'nano, untied': { ...PRESETS.nano.shape, vocabulary: 300, tied: false, layers: 2 },
}
const LENGTHS = [50, 1, 17, 29]
const weightOf = (row: number) => Math.sin(1 + row)
const objective = (part: Float64Array, begin: number) => part.map((_, i) => weightOf(begin + i))

/**
 * How far a gradient may be from exact arithmetic, relatively, as a vector. Forward, the roundings along the longest path
 * are those of `floatTolerance`; backward a product takes the place of each, and the gradient of a weight sums over rows
 * on top: 2 L + rows. Being independent they stay below λ · √(2 L + rows) · 2^-24, λ = 6, as there.
 */
function gradientTolerance(shape: ModelShape, rows: number, longest: number): number {
  const { layers, width, heads, headSize, feedForward, vocabulary } = shape
  const layer = 4 * width + headSize + 2 * longest + heads * headSize + feedForward
  return 6 * Math.sqrt(2 * (layers * layer + 2 * width + vocabulary) + rows) * UNIT
}

const norm = (x: ArrayLike<number>) => Math.sqrt(Array.from(x).reduce((sum, v) => sum + v * v, 0))

describe.each(Object.entries(SHAPES))('float32 kernels against float64, %s', (_, shape) => {
  const batch = batchOf(shape, LENGTHS, 21)
  const rows = batch.ids.length
  const exact = new Network(new ReferenceTraining(Float64Array), shape, rows)
  lively(exact, 22)
  // Both begin with the same numbers.
  exact.parameters.set(Float32Array.from(exact.parameters))
  const values = exact.accumulate(batch, objective)
  const tolerance = gradientTolerance(shape, rows, Math.max(...LENGTHS))

  test.each(TRAINING)('$label: log-probabilities and every gradient', ({ create }) => {
    const operations = create()
    const network = new Network(operations, shape, rows + 7)
    network.parameters.set(exact.parameters)
    const actual = network.accumulate(batch, objective)
    operations.close()
    const difference = norm(actual.map((value, i) => value - values[i]))
    expect(difference, 'log-probabilities').toBeLessThanOrEqual(tolerance * norm(values))
    for (const { name } of network.layout.parameters) {
      const [gradient, expected] = [network.gradient(name), exact.gradient(name)]
      const error = norm(gradient.map((g, i) => g - expected[i]))
      expect(norm(expected), name).toBeGreaterThan(0)
      expect(error / norm(expected), name).toBeLessThanOrEqual(tolerance)
    }
    // A gradient that is off by a thousandth is wrong, and would be seen.
    expect(tolerance).toBeLessThan(1e-3)
  })
})

describe('bits', () => {
  const shape = SHAPES.nano
  const batch = batchOf(shape, LENGTHS, 23)
  const run = (operations: TrainingOperations<Float32Array>) => {
    const network = new Network(operations, shape, batch.ids.length)
    lively(network, 24)
    const values = network.accumulate(batch, objective)
    operations.close()
    return { values, gradients: network.gradients }
  }
  let first: ReturnType<typeof run> | undefined
  beforeAll(() => {
    first = FUSED.length > 0 ? run(FUSED[0].create(1)) : undefined
  })
  afterAll(() => {
    first = undefined
  })

  test.each(FUSED)(
    '$label: a whole pass is the same for every variant and number of threads',
    ({ create }) => {
      for (const threads of [1, 2, 3]) {
        const { values, gradients } = run(create(threads))
        expectBits(values, first!.values, 1, `log-probabilities, ${threads} threads`)
        expectBits(gradients, first!.gradients, 1, `gradients, ${threads} threads`)
      }
    },
  )
})

test.each(TRAINING)('$label: documents out of order are refused', ({ create }) => {
  const operations = create()
  const network = new Network(operations, SMALL, 12)
  const batch = { ...batchOf(SMALL, [7, 5], 5), starts: Int32Array.of(0, 13, 12) }
  expect(() => network.evaluate(batch)).toThrow(/documents/)
  operations.close()
})
