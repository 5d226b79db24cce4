import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type Backend,
  CacheFullError,
  cachePositionBytes,
  type KvCache,
  type Sequence,
} from '../../src/backend/index.js'
import { expectBits, tensorOf } from '../helpers/contract.js'
import { randomNormal } from '../helpers/quants.js'
import { SUBJECTS } from './backends.js'

/** Sequences of one cache: they share pages and never see each other's tokens. */

const [LAYERS, KV_HEADS, HEADS, SIZE] = [2, 2, 6, 24]
const [KV_WIDTH, WIDTH] = [KV_HEADS * SIZE, HEADS * SIZE]
const SHAPE = { layers: LAYERS, kvHeads: KV_HEADS, headSize: SIZE } as const
const ANGLES = Float32Array.from([Math.cos, Math.sin].flatMap((f) => [1, 0.1, 0.01].map((angle) => f(angle))))
/** Keys of codes less the mean of those before: what a page holds depends on the page before it. */
const shapeOf = (type: KvCache['type']) => {
  const codes = type === 'int8' || type === 'mxfp4'
  return { ...SHAPE, type, keyShift: codes ? ({ angles: ANGLES, pairs: 'half' } as const) : undefined }
}

/** Keys, values and queries of a text, in every layer, by position. */
class Text {
  static readonly #known = new Map<number, Float32Array>()
  constructor(readonly seed: number) {}
  part(what: number, width: number, layer: number, begin: number, end: number): Float32Array {
    const seed = this.seed + 1000 * what + 100 * layer
    const all = Text.#known.get(seed) ?? randomNormal(256 * width, seed)
    Text.#known.set(seed, all)
    return all.subarray(begin * width, end * width)
  }
}

/** Appends the texts' tokens to their sequences in one pass and attends to them, in all layers. */
async function run(backend: Backend, parts: readonly (Sequence & { text: Text })[]): Promise<Float32Array[]> {
  const pass = backend.pass(parts)
  const gather = (what: number, width: number, layer: number) => {
    const values = parts.map(({ text, position, tokens }) =>
      text.part(what, width, layer, position, position + tokens),
    )
    return tensorOf(backend, pass.rows, width, Float32Array.from(values.flatMap((x) => [...x])))
  }
  const outs: Float32Array[] = []
  for (let layer = 0; layer < LAYERS; layer++) {
    backend.append(pass, layer, gather(0, KV_WIDTH, layer), gather(1, KV_WIDTH, layer))
    const out = backend.tensor(pass.rows, WIDTH)
    backend.attention(gather(2, WIDTH, layer), pass, out, { layer, heads: HEADS, scale: 0.3 })
    outs.push(await backend.read(out))
  }
  return outs
}

/** The same tokens of one text in a cache of their own. */
async function alone(
  backend: Backend,
  type: KvCache['type'],
  text: Text,
  end: number,
): Promise<Float32Array[]> {
  const cache = backend.cache({ ...shapeOf(type), capacity: end })
  const outs = await run(backend, [{ cache, position: 0, tokens: end, text }])
  backend.free(cache)
  return outs
}

describe.each(SUBJECTS)('$label keeps sequences in pages', ({ create, codeCaches }) => {
  let backend: Backend
  beforeAll(() => {
    backend = create()
  })
  afterAll(() => backend.close())

  const TYPES = codeCaches ? (['f32', 'f16', 'int8', 'mxfp4'] as const) : (['f32', 'f16'] as const)

  test.each(TYPES)(
    '%s: sequences of different length in one pass are as if they were alone',
    async (type) => {
      const root = backend.cache({ ...shapeOf(type), capacity: 700 })
      const ends = [1, 63, 64, 65, 150]
      const texts = ends.map((_, i) => new Text(i + 1))
      const caches = ends.map((_, i) => (i === 0 ? root : root.fork(0)))
      // A prompt in two passes, then a token each.
      const part = (i: number, begin: number, end: number) => ({
        ...{ cache: caches[i], position: begin, tokens: end - begin, text: texts[i] },
      })
      for (const [from, to] of [
        [0, 0.6],
        [0.6, 1],
      ]) {
        const parts = ends.map((end, i) => part(i, Math.floor(from * (end - 1)), Math.floor(to * (end - 1))))
        await run(
          backend,
          parts.filter(({ tokens }) => tokens > 0),
        )
      }
      const got = await run(
        backend,
        ends.map((end, i) => part(i, end - 1, end)),
      )
      for (const [i, end] of ends.entries()) {
        const want = await alone(backend, type, texts[i], end)
        for (let layer = 0; layer < LAYERS; layer++)
          expectBits(
            got[layer].subarray(i * WIDTH, (i + 1) * WIDTH),
            want[layer].subarray((end - 1) * WIDTH),
            WIDTH,
            `sequence of ${end}, layer ${layer}`,
          )
      }
      for (const cache of caches) backend.free(cache)
    },
  )

  test.each(TYPES)('%s: forks share what they have in common, and nothing that they add', async (type) => {
    const [first, second] = [new Text(11), new Text(12)]
    for (const at of [1, 64, 70, 128]) {
      const trunk = backend.cache({ ...shapeOf(type), capacity: 64 * 8 })
      await run(backend, [{ cache: trunk, position: 0, tokens: 130, text: first }])
      const held = trunk.free
      const branch = trunk.fork(at)
      expect(branch.length).toBe(at)
      expect(trunk.free, 'forking takes no page').toBe(held)
      // The branch goes on with the second text, the trunk with its own.
      const mixed = await run(backend, [
        { cache: branch, position: at, tokens: 5, text: second },
        { cache: trunk, position: 130, tokens: 2, text: first },
      ])
      const fresh = backend.cache({ ...shapeOf(type), capacity: 64 * 3 })
      await run(backend, [{ cache: fresh, position: 0, tokens: at, text: first }])
      const want = await run(backend, [{ cache: fresh, position: at, tokens: 5, text: second }])
      const whole = await alone(backend, type, first, 132)
      for (let layer = 0; layer < LAYERS; layer++) {
        const rows = (x: Float32Array, begin: number, end: number) => x.subarray(begin * WIDTH, end * WIDTH)
        expectBits(rows(mixed[layer], 0, 5), want[layer], WIDTH, `branch at ${at}, layer ${layer}`)
        expectBits(rows(mixed[layer], 5, 7), rows(whole[layer], 130, 132), WIDTH, `trunk, layer ${layer}`)
      }
      for (const cache of [trunk, branch, fresh]) backend.free(cache)
    }
  })

  test.each(TYPES)('%s: takes the memory that was announced', (type) => {
    if (backend.name === 'reference') return
    for (const headSize of [8, 24, 64, 80]) {
      const codes = type === 'int8' || type === 'mxfp4'
      const keyShift = { angles: new Float32Array(8), pairs: 'half' } as const
      for (const shift of [undefined, ...(codes ? [keyShift] : [])]) {
        const shape = { layers: 3, kvHeads: 2, headSize, type, keyShift: shift }
        const cache = backend.cache({ ...shape, capacity: 70 })
        expect(cache.byteLength).toBe(128 * cachePositionBytes(shape))
        backend.free(cache)
      }
    }
  })

  test('truncating gives pages back, and what is written again is what counts', async () => {
    const cache = backend.cache({ ...SHAPE, type: 'f16', capacity: 256 })
    const [old, text] = [new Text(21), new Text(22)]
    await run(backend, [{ cache, position: 0, tokens: 250, text: old }])
    expect(cache.free).toBe(0)
    cache.truncate(0)
    expect([cache.free, cache.length]).toEqual([256, 0])
    const want = await alone(backend, 'f16', text, 100)
    const got = await run(backend, [{ cache, position: 0, tokens: 100, text }])
    for (let layer = 0; layer < LAYERS; layer++) expectBits(got[layer], want[layer], WIDTH, `layer ${layer}`)
    cache.truncate(30)
    expect(cache.free).toBe(192)
    const again = await run(backend, [{ cache, position: 30, tokens: 70, text }])
    for (let layer = 0; layer < LAYERS; layer++)
      expectBits(again[layer], want[layer].subarray(30 * WIDTH), WIDTH, `layer ${layer}`)
    backend.free(cache)
  })

  test('a full cache is a clear error that harms nobody', async () => {
    const cache = backend.cache({ ...SHAPE, type: 'f32', capacity: 192 })
    const [one, other] = [new Text(31), new Text(32)]
    await run(backend, [{ cache, position: 0, tokens: 100, text: one }])
    const second = cache.fork(0)
    await run(backend, [{ cache: second, position: 0, tokens: 60, text: other }])
    const both = () =>
      backend.pass([
        { cache, position: 100, tokens: 28 },
        { cache: second, position: 60, tokens: 5 },
      ])
    expect(both).toThrow(CacheFullError)
    expect(both).toThrow(/64 more positions are needed, 0 of 192 are free/)
    expect([cache.length, second.length]).toEqual([100, 60])
    // A fork needs a page of its own as soon as it writes.
    const fork = cache.fork(100)
    expect(() => backend.pass([{ cache: fork, position: 100, tokens: 1 }])).toThrow(CacheFullError)
    backend.free(second)
    const got = await run(backend, [{ cache, position: 100, tokens: 20, text: one }])
    const want = await alone(backend, 'f32', one, 120)
    for (let layer = 0; layer < LAYERS; layer++)
      expectBits(got[layer], want[layer].subarray(100 * WIDTH), WIDTH, `layer ${layer}`)
    for (const it of [cache, fork]) backend.free(it)
  })

  test('a pass ends with its caches as they were', () => {
    const cache = backend.cache({ ...SHAPE, type: 'f32', capacity: 64 })
    const kv = backend.tensor(1, KV_WIDTH)
    const pass = backend.pass([{ cache, position: 0, tokens: 1 }])
    const fork = cache.fork(1)
    expect(() => backend.append(pass, 0, kv, kv)).toThrow(/make a new pass/)
    backend.free(fork)
    backend.append(backend.pass([{ cache, position: 0, tokens: 1 }]), 0, kv, kv)
    cache.truncate(0)
    expect(() =>
      backend.attention(backend.tensor(1, WIDTH), pass, backend.tensor(1, WIDTH), {
        layer: 0,
        heads: HEADS,
        scale: 1,
      }),
    ).toThrow(/make a new pass/)
    backend.free(cache)
  })

  test('the last sequence to be freed frees the pool', () => {
    const cache = backend.cache({ ...SHAPE, type: 'f32', capacity: 64 })
    const fork = cache.fork(0)
    backend.free(cache)
    backend.pass([{ cache: fork, position: 0, tokens: 64 }])
    expect(fork.free).toBe(0)
    backend.free(fork)
    if (backend.name !== 'reference') expect(() => backend.free(fork)).toThrow(/freed/)
  })
})
