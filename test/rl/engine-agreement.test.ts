import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ReferenceTraining } from '../../src/backend/index.js'
import { Engine } from '../../src/engine/engine.js'
import { writeGguf } from '../../src/format/index.js'
import { floatTensors, modelMetadata } from '../../src/rl/trainer/gguf.js'
import { type Batch, Network } from '../../src/rl/trainer/network.js'
import type { ModelShape } from '../../src/rl/trainer/shape.js'
import { type TrainedBpe, trainBpe } from '../../src/tokenizer/index.js'
import { NATIVE } from '../contract/backends.js'
import { floatTolerance, largestMagnitude } from '../helpers/tolerance.js'
import { nativeTraining } from '../helpers/training.js'
import { lively } from './models.js'

/** What is trained is what runs: the network's probabilities are those of the engine, from a file of its parameters. */

const TEXT = [
  'Once upon a time there was a little dog. The little dog had a ball.',
  'The cat sat on the mat.',
]
const COMMON = { layers: 2, feedForward: 40, context: 48, epsilon: 1e-3, ropeBase: 500 }
const SHAPES: Readonly<Record<string, Omit<ModelShape, 'vocabulary'>>> = {
  'tied, two queries a key head': { ...COMMON, width: 24, heads: 4, kvHeads: 2, headSize: 6, tied: true },
  'untied, a key head a query': { ...COMMON, width: 32, heads: 2, kvHeads: 2, headSize: 16, tied: false },
  'heads wider than the stream': { ...COMMON, width: 20, heads: 3, kvHeads: 1, headSize: 10, tied: true },
}

let folder: string
let vocabulary: TrainedBpe
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'multiscale-agreement-'))
  vocabulary = await trainBpe(TEXT, { vocabularySize: 280 })
})
afterAll(() => rmSync(folder, { recursive: true }))

/** All ids of the vocabulary turn up, in an order with repetitions. */
const idsOf = (length: number, size: number) => Array.from({ length }, (_, i) => (i * i * 7 + 3 * i) % size)

/** One document: each token but the last is read and predicts the next. */
function batchOf(ids: readonly number[]): Batch {
  const rows = ids.length - 1
  return {
    ids: Int32Array.from(ids.slice(0, -1)),
    targets: Int32Array.from(ids.slice(1)),
    positions: Int32Array.from({ length: rows }, (_, i) => i),
    starts: Int32Array.of(0, rows),
  }
}

describe.each(Object.entries(SHAPES))('%s', (label, partial) => {
  let shape: ModelShape
  let exact: Network<Float64Array>
  let path: string
  let ids: number[]
  beforeAll(async () => {
    shape = { ...partial, vocabulary: vocabulary.tokens.length }
    const network = new Network(new ReferenceTraining(Float32Array), shape, 1)
    lively(network, 31)
    path = join(folder, `${label}.gguf`)
    const metadata = modelMetadata(shape, vocabulary.metadata, 'agreement')
    await writeGguf(path, { metadata, tensors: floatTensors(network) })
    exact = new Network(new ReferenceTraining(Float64Array), shape, shape.context)
    exact.parameters.set(network.parameters)
    ids = idsOf(shape.context, shape.vocabulary)
  })

  /** The largest logit of each row, as the engine has them. */
  async function magnitudes(engine: Engine): Promise<number[]> {
    const all: number[] = []
    for await (const { rows, values } of engine.logits(ids.slice(0, -1), 0))
      for (let row = 0; row < rows; row++)
        all.push(largestMagnitude(values.subarray(row * shape.vocabulary, (row + 1) * shape.vocabulary)))
    return all
  }

  const RUNS = [
    { backend: 'reference' as const, variant: undefined, batch: 7 },
    ...NATIVE.map(({ variant }) => ({ backend: 'native' as const, variant: variant as string, batch: 48 })),
  ]

  test.each(RUNS)('the engine ($backend, $variant) gives the probabilities of the network', async (run) => {
    const { backend, variant, batch } = run
    const engine = await Engine.load(path, { backend, variant, batch, threads: 2, cacheType: 'f32' })
    try {
      expect(engine.info).toMatchObject({ layers: shape.layers, width: shape.width, context: shape.context })
      const expected = exact.evaluate(batchOf(ids))
      const scores = await engine.score(ids, 1)
      const sizes = await magnitudes(engine)
      expect(scores.length).toBe(expected.length)
      const trained = variant === undefined ? undefined : nativeTraining(variant, 2)
      const network = trained && new Network(trained, shape, shape.context)
      network?.parameters.set(exact.parameters)
      const kernels = network?.evaluate(batchOf(ids))
      trained?.close()
      expected.forEach((value, row) => {
        // A log-probability is a logit less a mean of logits: twice as far. Attention's scale and the gains are the same.
        const tolerance = 2 * floatTolerance(shape, row, sizes[row])
        expect(Math.abs(scores[row] - value), `row ${row}`).toBeLessThanOrEqual(tolerance)
        if (kernels) {
          expect(Math.abs(kernels[row] - value), `trained, row ${row}`).toBeLessThanOrEqual(tolerance)
          expect(Math.abs(scores[row] - kernels[row]), `both, row ${row}`).toBeLessThanOrEqual(2 * tolerance)
        }
        // Of a random model another rotation, epsilon or head moves the logits by about their size.
        expect(tolerance, `row ${row}`).toBeLessThan(sizes[row] / 1000)
      })
      expect(new Set(expected).size).toBe(expected.length)
    } finally {
      engine.close()
    }
  })

  test('the file holds every parameter and the tokenizer', async () => {
    const engine = await Engine.load(path, { backend: 'reference', cacheType: 'f32' })
    try {
      expect(engine.tokenizer.vocabSize).toBe(shape.vocabulary)
      const text = 'The little dog sat.'
      expect(engine.tokenizer.decode(engine.tokenizer.encode(text))).toBe(text)
      expect(engine.info.name).toBe('agreement')
    } finally {
      engine.close()
    }
  })
})
