import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Backend, cachePositionBytes } from '../../src/backend/index.js'
import { attend, codeBound, exactAttention, filledCache, latentCase } from '../helpers/attention.js'
import { expectBits, expectVaried, expectWithin, tensorOf } from '../helpers/contract.js'
import { NATIVE, REFERENCE, SUBJECTS } from './backends.js'

/** Multi-head latent attention in its absorbed form: rows that all heads share are keys and, their beginning, values. */

const TYPES = ['f32', 'f16', 'int8'] as const
/** Elements of a row, those that are a value, and query heads: tiles of 4, 3, 2 and 1, two tiles, DeepSeek-V2's row. */
const SHAPES = [
  [16, 16, 1],
  [40, 32, 3],
  [96, 64, 20],
  [576, 512, 16],
] as const
const CASES = TYPES.flatMap((type) =>
  SHAPES.map(([headSize, latent, heads]) => ({ type, headSize, latent, heads })),
)
const CONTEXTS = [1, 15, 64, 65, 150]
const KEPT = SUBJECTS.filter(({ codeCaches }) => codeCaches)

const oracle = REFERENCE.create()
const expectations = new Map<string, Promise<Float32Array> | ReturnType<typeof exactAttention>>()

/** Computed once for all backends. */
function once<T extends Promise<Float32Array> | ReturnType<typeof exactAttention>>(
  key: string,
  make: () => T,
): T {
  const known = (expectations.get(key) as T | undefined) ?? make()
  expectations.set(key, known)
  return known
}

describe.each(KEPT)('$label attends to latent rows', ({ kind, create }) => {
  let backend: Backend
  beforeAll(() => {
    backend = create()
  })
  afterAll(() => backend.close())

  test.each(CASES)('$type, $latent of $headSize are values, $heads heads', async (shape) => {
    const { type, headSize, latent, heads } = shape
    for (const context of latent > 64 ? [70] : CONTEXTS) {
      const c = latentCase(type, headSize, latent, heads, context, 300 + headSize + context)
      const cache = filledCache(backend, c)
      const prompt = Math.max(0, context - 7)
      const out = await attend(backend, cache, c, prompt)
      const key = JSON.stringify([shape, context])
      if (type === 'int8') {
        const want = await once(key, () => attend(oracle, filledCache(oracle, c), c, prompt))
        if (context > 1) expectVaried(want, key)
        const bound = codeBound(c, 2)
        expectWithin(out, want, () => bound, key)
      } else {
        const { values, bounds } = once(key, () => exactAttention(c, prompt))
        if (context > 1) expectVaried(values, key)
        expectWithin(out, values, (i) => bounds[i], key)
      }
      // A row's bits do not depend on those beside it.
      const last = await attend(backend, cache, c, context - 1)
      expectBits(last, out.subarray(out.length - last.length), latent, `last of ${context}`)
      backend.free(cache)
    }
  })

  test.each(
    TYPES.flatMap((type) =>
      [1, 15, 64, 90].map((window) => ({ type, window, softcap: window % 2 ? 3 : undefined })),
    ),
  )('$type: a window of $window, scores capped at $softcap', async ({ type, ...options }) => {
    const c = latentCase(type, 48, 32, 5, 150, options.window)
    const [cache, theirs] = [filledCache(backend, c), filledCache(oracle, c)]
    const out = await attend(backend, cache, c, 127, 150, options)
    if (type === 'int8') {
      const bound = codeBound(c, 2, options.softcap)
      expectWithin(out, await attend(oracle, theirs, c, 127, 150, options), () => bound, type)
    } else {
      const { values, bounds } = exactAttention(c, 127, options)
      expectWithin(out, values, (i) => bounds[i], type)
    }
    const last = await attend(backend, cache, c, 149, 150, options)
    expectBits(last, out.subarray(out.length - last.length), 32, 'last')
    backend.free(cache)
  })

  test.skipIf(kind === 'reference')('int8: one digit, and chunks of long contexts', async () => {
    const c = latentCase('int8', 40, 32, 2, 2200, 88)
    const [cache, theirs] = [filledCache(backend, c), filledCache(oracle, c)]
    for (const passes of [1, 2] as const) {
      const options = { passes }
      const many = await attend(backend, cache, c, 2100, 2200, options)
      const few = await attend(backend, cache, c, 2197, 2200, options)
      expectBits(few, many.subarray(many.length - few.length), 32, 'few rows')
      const bound = codeBound(c, passes)
      const want = await once(`chunks ${passes}`, () => attend(oracle, theirs, c, 2197, 2200, options))
      expectWithin(few, want, () => bound, `${passes}`)
    }
    backend.free(cache)
  })

  test.each(TYPES)('%s: a fork goes on as the sequence did, values take no memory', async (type) => {
    const c = latentCase(type, 40, 32, 3, 150, 7)
    const cache = filledCache(backend, c, 640)
    const want = await attend(backend, cache, c, 140)
    const fork = cache.fork(100)
    backend.free(cache)
    const pass = backend.pass([{ cache: fork, position: 100, tokens: 50 }])
    backend.append(pass, 1, tensorOf(backend, 50, 40, c.keys.subarray(100 * 40)))
    expectBits(await attend(backend, fork, c, 140), want, 32, 'fork')
    if (backend.name !== 'reference') {
      const shape = { type, layers: 3, kvHeads: 1, headSize: 40, latent: 32 }
      expect(fork.byteLength).toBe(640 * cachePositionBytes(shape))
      expect(fork.byteLength).toBeLessThan(0.6 * 640 * cachePositionBytes({ ...shape, latent: undefined }))
    }
    backend.free(fork)
  })

  test('what does not fit is a clear error', () => {
    const shape = { type: 'int8', layers: 1, kvHeads: 1, headSize: 40, latent: 32, capacity: 64 } as const
    expect(() => backend.cache({ ...shape, type: 'mxfp4' })).toThrow(/not as 'mxfp4'/)
    expect(() => backend.cache({ ...shape, kvHeads: 2 })).toThrow(/one head/)
    expect(() => backend.cache({ ...shape, headSize: 1100, latent: 560 })).toThrow(/too long/)
    for (const latent of [0, 8, 24, 16, 48, 32.5])
      expect(() => backend.cache({ ...shape, latent }), String(latent)).toThrow(/multiple of 16/)
    const cache = backend.cache(shape)
    const pass = backend.pass([{ cache, position: 0, tokens: 2 }])
    const [k, out] = [backend.tensor(2, 40), backend.tensor(2, 3 * 32)]
    expect(() => backend.append(pass, 0, k, k)).toThrow(/their own values/)
    backend.append(pass, 0, k)
    const q = backend.tensor(2, 3 * 40)
    const how = { layer: 0, heads: 3, scale: 1 }
    expect(() => backend.attention(q, pass, q, how)).toThrow(/does not hold 3 heads of 32/)
    backend.attention(q, pass, out, how)
    backend.free(cache)
    const plain = backend.cache({ ...shape, latent: undefined })
    const other = backend.pass([{ cache: plain, position: 0, tokens: 2 }])
    expect(() => backend.append(other, 0, k)).toThrow(/values are missing/)
    backend.free(plain)
  })
})

describe.each(SUBJECTS.filter(({ codeCaches }) => !codeCaches))('$label', ({ create }) => {
  test('says that it keeps no latent rows', () => {
    const backend = create()
    const shape = { type: 'f16', layers: 1, kvHeads: 1, headSize: 40, latent: 32, capacity: 64 } as const
    expect(() => backend.cache(shape)).toThrow(/no latent rows/)
    backend.close()
  })
})

test('the variants with a fused multiply-add agree bit for bit', async () => {
  const fused = NATIVE.filter(({ label }) => /avx|neondot/.test(label))
  const c = latentCase('int8', 96, 64, 16, 200, 5)
  let first: Float32Array | null = null
  for (const { create, label } of fused) {
    const backend = create()
    const out = await attend(backend, filledCache(backend, c), c, 180)
    first ??= out
    expectBits(out, first, 64, label)
    backend.close()
  }
})
