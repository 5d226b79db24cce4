import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type Backend,
  CacheFullError,
  type CacheType,
  createNativeBackend,
  createReferenceBackend,
  type KvCache,
} from '../../src/backend/index.js'
import { modelConfig } from '../../src/engine/config.js'
import { Graph } from '../../src/engine/graph.js'
import { keyTurn } from '../../src/engine/rope.js'
import { loadWeights, type ModelWeights } from '../../src/engine/weights.js'
import { openGguf } from '../../src/format/index.js'
import { seededRandom } from '../helpers/quants.js'
import { skipWithoutData, storiesPath } from '../helpers/stories.js'
import { type TinyModel, tinyModelWriter } from '../helpers/tiny-model.js'
import { largestDifference, largestMagnitude } from '../helpers/tolerance.js'

/**
 * A model whose sequences fork, go back, cross pages, leave their window behind and run out of room: each must get the bits
 * that it gets alone.
 */

const CONTEXT = 400
const BATCH = 64

/** A model's graph and its sequences, as an engine of several would keep them. */
class Sequences {
  private constructor(
    readonly backend: Backend,
    readonly graph: Graph,
    readonly vocabulary: number,
    readonly root: (capacity: number) => KvCache,
  ) {}

  static async load(path: string, type: CacheType, backend: Backend): Promise<Sequences> {
    await using file = await openGguf(path)
    const config = modelConfig(file)
    const weights: ModelWeights = await loadWeights(file, config, backend, {})
    const { layers, kvHeads, headSize, vocabulary } = config
    const keyShift =
      type === 'int8' || type === 'mxfp4' ? keyTurn(weights.rope, config.rope.pairs) : undefined
    const graph = new Graph(backend, config, weights, {
      passes: 2,
      granularity: 'group',
      context: CONTEXT,
      batch: BATCH,
    })
    return new Sequences(backend, graph, vocabulary, (capacity) =>
      backend.cache({ type, layers, kvHeads, headSize, capacity, keyShift }),
    )
  }

  /** Runs ids[cache.length …] of each sequence, at most a batch in all. @returns the logits after the last of each */
  async run(parts: readonly { cache: KvCache; ids: readonly number[] }[]): Promise<Float32Array[]> {
    const fresh = parts.map(({ cache, ids }) => ids.slice(cache.length))
    const sequences = parts.map(({ cache }, i) => ({
      cache,
      position: cache.length,
      tokens: fresh[i].length,
    }))
    await this.graph.forward(fresh.flat(), sequences)
    const logits: Float32Array[] = []
    for await (const { values, rows } of this.graph.logits(0, fresh.flat().length))
      for (let row = 0; row < rows; row++)
        logits.push(values.slice(row * this.vocabulary, (row + 1) * this.vocabulary))
    let end = 0
    return fresh.map(({ length }) => {
      end += length
      return logits[end - 1]
    })
  }

  /** The logits after `ids` in a cache of their own. */
  async alone(ids: readonly number[]): Promise<Float32Array> {
    const cache = this.root(ids.length)
    let last: Float32Array = new Float32Array(0)
    for (let end = 0; end < ids.length; ) {
      end = Math.min(ids.length, end + BATCH)
      last = (await this.run([{ cache, ids: ids.slice(0, end) }]))[0]
    }
    this.backend.free(cache)
    return last
  }
}

function largest(logits: Float32Array): number {
  return logits.reduce((best, value, id) => (value > logits[best] ? id : best), 0)
}

interface Sequence {
  readonly cache: KvCache
  readonly ids: number[]
}

/** What random forks, rollbacks, ends and new tokens do to some sequences, each checked against itself alone. */
async function live(model: Sequences, pages: number, steps: number, seed: number) {
  const random = seededRandom(seed)
  const below = (n: number) => Math.floor(random() * n)
  const root = model.root(64 * pages)
  let running: Sequence[] = [{ cache: root, ids: [] }]
  const seen = { full: 0, forks: 0, rollbacks: 0, crossed: 0, longest: 0 }
  for (let step = 0; step < steps; step++) {
    const what = below(10)
    const one = running[below(running.length)]
    if (what === 0 && running.length < 6) {
      const at = below(one.ids.length + 1)
      running.push({ cache: one.cache.fork(at), ids: one.ids.slice(0, at) })
      seen.forks++
    } else if (what === 1) {
      one.ids.length = below(one.ids.length + 1)
      one.cache.truncate(one.ids.length)
      seen.rollbacks++
    } else if (what === 2 && running.length > 2) {
      running = running.filter((other) => other !== one)
      model.backend.free(one.cache)
    } else {
      // Some of them go on together, by a token or by several.
      const chosen = running.filter(() => random() < 0.6)
      if (chosen.length === 0) continue
      const count = Math.max(1, Math.min(what === 3 ? 40 : 3, Math.floor(BATCH / chosen.length)))
      const parts = chosen.map(({ cache, ids }) => {
        const tokens = Array.from({ length: 1 + below(count) }, () => 3 + below(model.vocabulary - 3))
        return { cache, ids: [...ids, ...tokens].slice(0, CONTEXT) }
      })
      const ready = parts.filter(({ cache, ids }) => ids.length > cache.length)
      if (ready.length === 0) continue
      const lengths = running.map(({ cache }) => cache.length)
      let logits: Float32Array[]
      try {
        logits = await model.run(ready)
      } catch (error) {
        expect(error).toBeInstanceOf(CacheFullError)
        expect(
          running.map(({ cache }) => cache.length),
          'a full pool changes nothing',
        ).toEqual(lengths)
        seen.full++
        continue
      }
      for (const [i, { cache, ids }] of ready.entries()) {
        const sequence = running.find((other) => other.cache === cache) as Sequence
        if (Math.floor(sequence.ids.length / 64) < Math.floor(ids.length / 64)) seen.crossed++
        sequence.ids.splice(0, sequence.ids.length, ...ids)
        seen.longest = Math.max(seen.longest, ids.length)
        expect(logits[i], `step ${step}, ${ids.length} tokens`).toEqual(await model.alone(ids))
      }
    }
  }
  for (const { cache } of running) model.backend.free(cache)
  return seen
}

const native = () => createNativeBackend() as Backend
const write = tinyModelWriter()
const window: TinyModel = {
  type: 'Q4_0',
  context: CONTEXT,
  seed: 61,
  metadata: { 'llama.attention.sliding_window': { u32: 50 } },
}

describe.each(['f32', 'f16', 'int8', 'mxfp4'] as const)('sequences of one pool, %s', (type) => {
  let backend: Backend
  let model: Sequences
  beforeAll(async () => {
    backend = native()
    model = await Sequences.load(write({ type: 'Q4_0', context: CONTEXT, seed: 60 }), type, backend)
  })
  afterAll(() => backend.close())

  test.each([1, 2, 3])('fork, go back, end and go on in any order, seed %i', async (seed) => {
    const seen = await live(model, 9, 150, seed)
    for (const [what, count] of Object.entries(seen)) expect(count, what).toBeGreaterThan(0)
    expect(seen.longest).toBeGreaterThan(130)
  })

  test('past the window', async () => {
    const windowed = await Sequences.load(write(window), type, backend)
    const seen = await live(windowed, 9, 150, 1)
    expect(seen.longest).toBeGreaterThan(130)
    // What left the window has no effect, what is in it has; but keys of codes are shifted by the mean of those before.
    const ids = Array.from({ length: 180 }, (_, i) => 3 + ((i * i) % 200))
    const changed = (at: number) => ids.map((id, i) => (i === at ? id + 1 : id))
    const want = await windowed.alone(ids)
    // Two layers reach back twice as far.
    const left = await windowed.alone(changed(180 - 1 - 2 * 49 - 1))
    if (type === 'f32' || type === 'f16') expect(left).toEqual(want)
    else
      expect(largestDifference(left, want)).toBeLessThan(largestMagnitude(want) / (type === 'int8' ? 50 : 4))
    expect(await windowed.alone(changed(180 - 1 - 2 * 49 + 1))).not.toEqual(want)
  })
})

describe.skipIf(skipWithoutData)('stories260K with the default cache', () => {
  test('a greedy text goes on across pages, forks and rollbacks as it does alone', async () => {
    const backend = native()
    const model = await Sequences.load(storiesPath('f32'), 'int8', backend)
    const ids = [1, 403, 407, 261, 378]
    const greedy = async (from: readonly number[], count: number, cache: KvCache) => {
      const all = [...from]
      for (let i = 0; i < count; i++) all.push(largest((await model.run([{ cache, ids: all }]))[0]))
      return all
    }
    const whole = model.root(2 * CONTEXT)
    const text = await greedy(ids, 200, whole)
    const back = whole.fork(150)
    expect(await greedy(text.slice(0, 151), 54, back)).toEqual(text)
    whole.truncate(63)
    expect(await greedy(text.slice(0, 64), 141, whole)).toEqual(text)
    // The reference backend, with the same codes, comes to the same text.
    const reference = await Sequences.load(storiesPath('f32'), 'int8', createReferenceBackend())
    expect(await reference.alone(text.slice(0, 100)).then(largest)).toBe(text[100])
    backend.close()
  })
})
