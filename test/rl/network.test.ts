import { describe, expect, test } from 'vitest'
import { ReferenceTraining } from '../../src/backend/index.js'
import { type Batch, Network } from '../../src/rl/trainer/network.js'
import { Optimizer } from '../../src/rl/trainer/optimizer.js'
import { type ModelShape, trainingBytes } from '../../src/rl/trainer/shape.js'
import { expectBits, expectWithin } from '../helpers/contract.js'
import { batchOf, SMALL } from './models.js'

const operations = new ReferenceTraining(Float64Array)
/** Unit roundoff of float64. */
const UNIT = 2 ** -53

function networkOf(shape: ModelShape, rows: number, seed = 3): Network<Float64Array> {
  const network = new Network(operations, shape, rows)
  network.initialise(seed)
  return network
}

const crossEntropy = (tokens: number) => (part: Float64Array) =>
  new Float64Array(part.length).fill(-1 / tokens)

function gradientOf(
  network: Network<Float64Array>,
  batches: readonly Batch[],
  temperature = 1,
): Float64Array {
  network.clearGradients()
  const tokens = batches.reduce((sum, { ids }) => sum + ids.length, 0)
  for (const batch of batches) network.accumulate(batch, crossEntropy(tokens), temperature)
  return network.gradients.slice()
}

/** One batch for each document. */
function documentsOf({ ids, targets, positions, starts }: Batch): Batch[] {
  return Array.from({ length: starts.length - 1 }, (_, d) => {
    const part = (x: Int32Array) => x.slice(starts[d], starts[d + 1])
    return {
      ids: part(ids),
      targets: part(targets),
      positions: part(positions),
      starts: Int32Array.of(0, starts[d + 1] - starts[d]),
    }
  })
}

describe('initialise', () => {
  const shape = {
    ...SMALL,
    vocabulary: 300,
    width: 48,
    feedForward: 96,
    headSize: 12,
    layers: 3,
    tied: false,
  }

  test('the seed decides every parameter', () => {
    const [first, same, other] = [5, 5, 6].map((seed) => networkOf(shape, 4, seed).parameters)
    expectBits(same, first, 1, 'the same seed')
    expect(first.filter((value, i) => value === other[i]).length / first.length).toBeLessThan(0.05)
  })

  test('float32 gets the same numbers, rounded', () => {
    const network = new Network(new ReferenceTraining(Float32Array), shape, 4)
    network.initialise(5)
    expectBits(network.parameters, Float32Array.from(networkOf(shape, 4, 5).parameters), 1, 'rounded')
  })

  const network = networkOf(shape, 4, 7)
  test.each(network.layout.parameters)('$name is normal, of its deviation', ({ name, kind, rows, cols }) => {
    const values = network.parameter(name)
    expect(values.length).toBe(rows * cols)
    if (kind === 'vector') {
      expect(values.every((value) => value === 1)).toBe(true)
      return
    }
    const n = values.length
    const residual = /attn_output|ffn_down/.test(name) ? 2 * shape.layers : 1
    const deviation = 1 / Math.sqrt(cols * residual)
    const standard = values.map((value) => value / deviation)
    const moment = (power: number) => standard.reduce((sum, z) => sum + z ** power, 0) / n
    // Means of z, z², z⁴ have the variances 1/n, 2/n, 96/n: six deviations are left with probability 2e-9.
    expect(Math.abs(moment(1))).toBeLessThan(6 / Math.sqrt(n))
    expect(Math.abs(moment(2) - 1)).toBeLessThan(6 * Math.sqrt(2 / n))
    expect(Math.abs(moment(4) - 3)).toBeLessThan(6 * Math.sqrt(96 / n))
    // Neighbours, which come from one pair of uniform numbers, are independent: their product has variance 1.
    const neighbours = standard.reduce((sum, z, i) => (i % 2 ? sum + z * standard[i - 1] : sum), 0)
    expect(Math.abs(neighbours)).toBeLessThan(6 * Math.sqrt(n / 2))
  })
})

describe('evaluate and accumulate', () => {
  const batch = batchOf(SMALL, [7, 1, 4], 5)

  test('give the same log-probabilities; evaluate leaves no gradient', () => {
    const network = networkOf(SMALL, batch.ids.length)
    for (const temperature of [1, 0.7]) {
      const values = network.evaluate(batch, temperature)
      expect(network.gradients.every((g) => g === 0)).toBe(true)
      const parts: number[][] = []
      const all = network.accumulate(
        batch,
        (part, begin) => {
          parts.push([begin, ...part])
          return new Float64Array(part.length).fill(1)
        },
        temperature,
      )
      expectBits(all, values, 1, `temperature ${temperature}`)
      expect(parts).toEqual([[0, ...values]])
      expect(network.gradients.some((g) => g !== 0)).toBe(true)
      network.clearGradients()
    }
  })

  test('probabilities of all targets are 1 together', () => {
    const network = networkOf(SMALL, batch.ids.length)
    const totals = new Float64Array(batch.ids.length)
    for (let token = 0; token < SMALL.vocabulary; token++) {
      const targets = new Int32Array(batch.ids.length).fill(token)
      network.evaluate({ ...batch, targets }).forEach((value, row) => {
        totals[row] += Math.exp(value)
      })
    }
    // Each is off by its logarithm's rounding, all of them by their sum's.
    expectWithin(
      totals,
      totals.map(() => 1),
      () => 16 * SMALL.vocabulary * UNIT,
      'totals',
    )
  })

  test('a batch smaller than the network does not see what an earlier one left', () => {
    const network = networkOf(SMALL, 40)
    const fresh = { values: network.evaluate(batch), gradient: gradientOf(network, [batch]) }
    gradientOf(network, [batchOf(SMALL, [16, 16, 8], 9)])
    expectBits(network.evaluate(batch), fresh.values, 1, 'values')
    expectBits(gradientOf(network, [batch]), fresh.gradient, 1, 'gradient')
  })

  test('several passes sum to the gradient of one', () => {
    const network = networkOf(SMALL, batch.ids.length)
    const [whole, parts] = [gradientOf(network, [batch]), gradientOf(network, documentsOf(batch))]
    expectNear(parts, whole, batch.ids.length)
    const values = documentsOf(batch).flatMap((part) => [...network.evaluate(part)])
    expectBits(values, network.evaluate(batch), 1, 'log-probabilities')
  })

  test('an objective of zeros adds nothing, and one of twice the size adds twice as much', () => {
    const network = networkOf(SMALL, batch.ids.length)
    network.accumulate(batch, (part) => new Float64Array(part.length))
    expect(network.gradients.every((g) => g === 0)).toBe(true)
    network.accumulate(batch, (part) => new Float64Array(part.length).fill(-1))
    const once = network.gradients.slice()
    network.clearGradients()
    network.accumulate(batch, (part) => new Float64Array(part.length).fill(-2))
    expectBits(
      network.gradients,
      once.map((g) => 2 * g),
      1,
      'a power of two is exact',
    )
  })

  test('a vocabulary whose logits do not fit at once: the objective sees parts, the sum is the same', () => {
    // 2^21 logits at a time: 6 rows.
    const shape = {
      ...SMALL,
      vocabulary: 300_000,
      width: 2,
      heads: 1,
      kvHeads: 1,
      headSize: 2,
      feedForward: 2,
      layers: 1,
    }
    const large = batchOf(shape, [5, 6, 3], 8)
    const network = networkOf(shape, large.ids.length)
    const begins: number[] = []
    const values = network.accumulate(large, (part, begin) => {
      begins.push(begin, part.length)
      return new Float64Array(part.length).fill(-1 / large.ids.length)
    })
    expect(begins).toEqual([0, 6, 6, 6, 12, 2])
    const whole = network.gradients.slice()
    const parts = documentsOf(large)
    expectBits(
      parts.flatMap((part) => [...network.evaluate(part)]),
      values,
      1,
      'log-probabilities',
    )
    expectNear(gradientOf(network, parts), whole, large.ids.length)
  })
})

/**
 * Sums over the same rows in two orders: each is off by rows · 2^-53 of its terms, of which none is larger than the whole
 * gradient is long.
 */
function expectNear(actual: Float64Array, expected: Float64Array, rows: number): void {
  const norm = Math.sqrt(expected.reduce((sum, g) => sum + g * g, 0))
  expect(norm).toBeGreaterThan(0)
  expectWithin(actual, expected, () => 2 * rows * UNIT * norm, 'gradients')
}

describe('a batch that does not fit is refused', () => {
  const network = networkOf(SMALL, 12)
  const batch = batchOf(SMALL, [7, 5], 5)
  const changed = (name: 'ids' | 'targets' | 'positions' | 'starts', at: number, value: number) => {
    const copy = structuredClone(batch)
    copy[name][at] = value
    return copy
  }
  const short = (name: 'targets' | 'positions') => ({ ...batch, [name]: batch[name].subarray(1) })

  test.each([
    ['too many rows', batchOf(SMALL, [7, 6], 5), /1 to 12 tokens.*13/],
    ['no rows', batchOf(SMALL, [], 5), /1 to 12 tokens.*0/],
    ['an id beyond the vocabulary', changed('ids', 3, 23), /23 is not within/],
    ['a negative id', changed('ids', 0, -1), /-1 is not within/],
    ['a target beyond the vocabulary', changed('targets', 11, 23), /23 is not within/],
    ['a negative target', changed('targets', 2, -7), /-7 is not within/],
    ['a document longer than the context', changed('positions', 6, 16), /16 is beyond the context of 16/],
    ['a negative position', changed('positions', 0, -1), /-1 is beyond/],
    ['too few targets', short('targets'), /as many/],
    ['too few positions', short('positions'), /as many/],
    ['documents of fewer rows', changed('starts', 2, 11), /as many/],
  ] as const)('%s', (_, wrong, message) => {
    for (const use of [() => network.evaluate(wrong), () => network.accumulate(wrong, crossEntropy(12))]) {
      expect(use).toThrow(RangeError)
      expect(use).toThrow(message)
    }
    expect(network.gradients.every((g) => g === 0)).toBe(true)
  })

  test('and a name that no parameter has', () => {
    expect(() => network.parameter('output.weight')).toThrow(/output\.weight/)
    expect(() => network.gradient('blk.2.attn_q.weight')).toThrow(/blk\.2/)
  })
})

test('trainingBytes: what a network and its optimizer allocate, but for logits and rotary table', () => {
  let floats = 0
  const counting = new ReferenceTraining(Float32Array)
  counting.allocate = (length) => {
    floats += length
    return new Float32Array(length)
  }
  const shape = { ...SMALL, width: 48, layers: 3, feedForward: 96, headSize: 12, tied: false }
  const rows = 64
  const network = new Network(counting, shape, rows)
  new Optimizer(counting, network)
  const rest = rows * shape.vocabulary + shape.context * shape.headSize
  expect(trainingBytes(shape, rows)).toBe(4 * (floats - rest))
})
