import { describe, expect, test } from 'vitest'
import type { TrainingOperations } from '../../src/backend/index.js'
import { expectBits, expectVaried } from '../helpers/contract.js'
import { randomNormal, seededRandom } from '../helpers/quants.js'
import { documentsOf, FUSED, TRAINING } from '../helpers/training.js'

/** Training is the same bits for every number of threads, and on every instruction set (kernels/train/contract.h). */

type Results = Readonly<Record<string, ArrayLike<number>>>

/** Elements of a task: more than three of them, and a tail. */
const LONG = 3 * 16_384 + 7
const [ROWS, COLS] = [517, 100]

/** Every operation but those with an exponential. */
function withoutExponential(operations: TrainingOperations<Float32Array>): Results {
  const normal = (length: number, seed: number) => randomNormal(length, 800 + seed)
  const [x, gain, dy] = [normal(ROWS * COLS, 1), normal(COLS, 2), normal(ROWS * COLS, 3)]
  const [normed, dx, dgain] = [new Float32Array(ROWS * COLS), normal(ROWS * COLS, 4), normal(COLS, 5)]
  operations.rmsNorm(x, gain, 1e-5, normed)
  operations.rmsNormBackward(dy, x, gain, 1e-5, dx, dgain)

  const product = normal(ROWS * COLS, 6)
  operations.product(product, x, normal(COLS * COLS, 7), { m: ROWS, n: COLS, k: COLS, transposeB: true })
  const weights = normal(COLS * COLS, 8)
  operations.product(weights, dy, x, { m: COLS, n: COLS, k: ROWS, transposeA: true, add: true })

  const random = seededRandom(809)
  const positions = Int32Array.from({ length: ROWS }, () => Math.floor(random() * 40))
  const [turned, back, table] = [x.slice(), x.slice(), normal(40 * 20, 9)]
  operations.rope(turned, 5, 20, table, positions, false)
  operations.rope(back, 5, 20, table, positions, true)

  const ids = positions.map((position, row) => 5 * position + (row % 5))
  const [embedded, dtable] = [new Float32Array(ROWS * COLS), normal(200 * COLS, 10)]
  operations.embed(ids, normal(200 * COLS, 11), COLS, embedded)
  operations.embedBackward(ids, dy, COLS, dtable)

  const [sum, parameters] = [normal(LONG, 12), normal(LONG, 13)]
  operations.add(sum, parameters)
  const squares = [operations.squares(sum)]
  const [means, variances] = [normal(LONG, 14), normal(LONG, 15).map(Math.abs)]
  const step = { step: 3, rate: 0.01, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, decay: 0.1, gradientScale: 0.3 }
  operations.adamw(parameters, sum, means, variances, step)
  const all = { normed, dx, dgain, product, weights, turned, back, embedded, dtable }
  return { ...all, sum, squares, parameters, means, variances }
}

function withExponential(operations: TrainingOperations<Float32Array>): Results {
  const documents = documentsOf([100, 1, 17, 60, 49, 3])
  const heads = { heads: 6, kvHeads: 3, headSize: 20 }
  const { rows } = documents
  const [queries, keys] = [rows * 120, rows * 60]
  const normal = (length: number, seed: number) => randomNormal(length, 850 + seed)
  const [q, k, v, dout] = [normal(queries, 1), normal(keys, 2), normal(keys, 3), normal(queries, 4)]
  const attended = new Float32Array(queries)
  const [dq, dk, dv] = [new Float32Array(queries), new Float32Array(keys), new Float32Array(keys)]
  operations.attention(documents, heads, q, k, v, attended)
  operations.attentionBackward(documents, heads, { q, k, v, dout, dq, dk, dv })

  const [gate, up, d] = [normal(LONG, 5), normal(LONG, 6), normal(LONG, 7)]
  const [activated, dgate, dup] = [gate.slice(), gate.slice(), gate.slice()]
  operations.swiglu(gate, up, activated)
  operations.swigluBackward(d, gate, up, dgate, dup)

  const logits = randomNormal(40 * 5000, 858, 4)
  const targets = Int32Array.from({ length: 40 }, (_, row) => 100 * row + 7)
  const [logProbabilities, inverseSums] = [new Float64Array(40), new Float64Array(40)]
  operations.logProbabilities(logits, targets, 0.8, logProbabilities, inverseSums)
  const exponentials = logits.slice()
  const gradient = Float64Array.from(randomNormal(40, 859))
  operations.logProbabilitiesBackward(logits, targets, 0.8, gradient, inverseSums)
  const all = { attended, dq, dk, dv, activated, dgate, dup }
  return { ...all, exponentials, logProbabilities, inverseSums, dlogits: logits }
}

function runs(variant: { create(threads: number): TrainingOperations<Float32Array> }, threads: number) {
  const operations = variant.create(threads)
  try {
    expect(operations.threads).toBe(threads)
    return { plain: withoutExponential(operations), exponential: withExponential(operations) }
  } finally {
    operations.close()
  }
}

function expectSame(actual: Results, expected: Results, where: string): void {
  expect(Object.keys(actual)).toEqual(Object.keys(expected))
  for (const [name, values] of Object.entries(expected)) {
    if (values.length > 1) expectVaried(values, name)
    expectBits(actual[name], values, 1, `${name}, ${where}`)
  }
}

test.each(TRAINING)('$label: 1, 2, 3 and 5 threads give the same bits', (variant) => {
  const first = runs(variant, 1)
  for (const threads of [2, 3, 5]) {
    const other = runs(variant, threads)
    expectSame(other.plain, first.plain, `${threads} threads`)
    expectSame(other.exponential, first.exponential, `${threads} threads`)
  }
})

describe('variants agree bit for bit', () => {
  const results = new Map(TRAINING.map((variant) => [variant.variant, runs(variant, 2)]))

  test('in everything without an exponential: all of them', () => {
    const [first, ...others] = TRAINING
    for (const { variant } of others)
      expectSame(
        results.get(variant)!.plain,
        results.get(first.variant)!.plain,
        `${variant}, ${first.variant}`,
      )
  })

  test('in attention, activation and probabilities: those with a fused multiply-add', () => {
    // None, on a CPU without AVX2.
    const [first, ...others] = FUSED
    for (const { variant } of others) {
      const where = `${variant}, ${first.variant}`
      expectSame(results.get(variant)!.exponential, results.get(first.variant)!.exponential, where)
    }
  })
})
