import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { dequantizeRows, quantizeRows } from '../../src/attention/index.js'
import type { Backend, KvCache } from '../../src/backend/index.js'
import {
  type AttentionCase,
  attend,
  attentionCase,
  codeBound,
  exactAttention,
  filledCache,
  LAYER,
} from '../helpers/attention.js'
import { distance } from '../helpers/attention-data.js'
import { expectBits, expectVaried, expectWithin, tensorOf } from '../helpers/contract.js'
import { randomNormal } from '../helpers/quants.js'
import { NATIVE, REFERENCE, SUBJECTS } from './backends.js'

/** Attention over codes: exact integers times scales, on every backend that keeps such caches. */

const TYPES = ['int8', 'mxfp4'] as const
const CONTEXTS = [1, 63, 64, 65, 150]
/** Key heads, and query heads for each. */
const HEADS = [
  [3, 1],
  [2, 3],
  [1, 20],
] as const
const SIZES = [8, 20, 64, 80, 128]
const CASES = TYPES.flatMap((type) =>
  SIZES.flatMap((headSize) =>
    // Twenty heads are more than a tile; of one size, for time's sake.
    HEADS.filter(([, ratio]) => ratio < 20 || headSize === 20).flatMap(([kvHeads, ratio]) =>
      ([1, 2] as const).map((passes) => ({
        type,
        headSize,
        kvHeads,
        ratio,
        passes,
        seed: 40 + headSize + ratio,
      })),
    ),
  ),
)
const WINDOWS = [1, 2, 15, 16, 33, 64, 65, 128, 1000]
const CODED = SUBJECTS.filter(({ codeCaches }) => codeCaches)

const oracle = REFERENCE.create()
const expectations = new Map<string, Promise<Float32Array>>()

/** The oracle's attention, computed once for all backends. */
function expected(key: unknown, c: AttentionCase, ...rest: RestOf<typeof attend>): Promise<Float32Array> {
  const name = JSON.stringify(key)
  const known = expectations.get(name) ?? attend(oracle, filledCache(oracle, c), c, ...rest)
  expectations.set(name, known)
  return known
}
type RestOf<F> = F extends (backend: Backend, cache: KvCache, c: AttentionCase, ...rest: infer R) => unknown
  ? R
  : never

describe.each(NATIVE)('$label attends to codes as the reference does', ({ create }) => {
  let backend: Backend
  beforeAll(() => {
    backend = create()
  })
  afterAll(() => backend.close())

  test.each(CASES)(
    '$type, heads of $headSize, $ratio for each of $kvHeads, $passes digits',
    async (shape) => {
      const { type, headSize, kvHeads, ratio, passes, seed } = shape
      for (const context of CONTEXTS) {
        const c = attentionCase(type, headSize, kvHeads, ratio, context, seed + context)
        const cache = filledCache(backend, c)
        const prompt = Math.max(0, context - 7)
        const want = await expected([shape, context], c, prompt, context, { passes })
        if (context > 1) expectVaried(want, `context ${context}`)
        const bound = codeBound(c, passes)
        const out = await attend(backend, cache, c, prompt, context, { passes })
        expectWithin(out, want, () => bound, `prompt, context ${context}`)
        // A row's bits do not depend on those beside it.
        const last = await attend(backend, cache, c, context - 1, context, { passes })
        expectBits(last, out.subarray(out.length - last.length), headSize, `last of ${context}`)
        backend.free(cache)
      }
    },
  )

  test.each(
    TYPES.flatMap((type) => WINDOWS.map((window) => ({ type, window, softcap: window % 2 ? 3 : undefined }))),
  )('$type: a window of $window, scores capped at $softcap', async ({ type, ...options }) => {
    for (const context of [40, 150]) {
      const c = attentionCase(type, 64, 2, 3, context, options.window)
      const cache = filledCache(backend, c)
      const prompt = context - 23
      const want = await expected([type, options, context], c, prompt, context, options)
      const out = await attend(backend, cache, c, prompt, context, options)
      // Of one position there are few codes, the same for all heads of a group.
      if (options.window > 1) expectVaried(want, String(options.window))
      const bound = codeBound(c, 2, options.softcap)
      expectWithin(out, want, () => bound, `context ${context}`)
      const last = await attend(backend, cache, c, context - 1, context, options)
      expectBits(last, out.subarray(out.length - last.length), 64, `last of ${context}`)
      backend.free(cache)
    }
  })

  test.each(TYPES)('%s: chunks of long contexts give the same bits, whoever computes them', async (type) => {
    // Of 1024 positions. Threads share the chunks of few rows; one of many rows has them all.
    const context = 2200
    const c = attentionCase(type, 32, 1, 2, context, 88)
    const cache = filledCache(backend, c)
    for (const options of [{}, { window: 1500 }, { window: 100 }]) {
      const many = await attend(backend, cache, c, context - 150, context, options)
      const few = await attend(backend, cache, c, context - 3, context, options)
      expectBits(few, many.subarray(many.length - few.length), 32, 'few rows')
      const want = await expected(['few', type, options], c, context - 3, context, options)
      const bound = codeBound(c, 2)
      expectWithin(few, want, () => bound, JSON.stringify(options))
      // Before, after and across the first chunk's end.
      const early = await attend(backend, cache, c, 1021, 1027, options)
      const wantEarly = await expected(['early', type, options], c, 1021, 1027, options)
      expectWithin(early, wantEarly, () => bound, 'early')
      expectBits(await attend(backend, cache, c, 1023, 1024, options), early.subarray(128, 192), 32, 'alone')
    }
    backend.free(cache)
  })

  test.each(
    TYPES.flatMap((type) =>
      [
        { headSize: 20, width: 12, pairs: 'half' as const },
        { headSize: 64, width: 64, pairs: 'interleaved' as const },
        { headSize: 64, width: 0, pairs: 'half' as const },
        { headSize: 80, width: 80, pairs: 'half' as const },
      ].map((head) => ({ type, ...head })),
    ),
  )(
    '$type: keys of $headSize less the mean of the page before, $width of it turned by $pairs',
    async (shape) => {
      const { type, headSize, width, pairs } = shape
      const turns = Array.from({ length: width / 2 }, (_, i) => 64 * 0.3 ** i)
      const angles = Float32Array.from([...turns.map(Math.cos), ...turns.map(Math.sin)])
      const plain = attentionCase(type, headSize, 2, 3, 270, 31)
      // Keys with something in common, as those of models.
      const keys = plain.keys.map((x, i) => 0.3 * x + 2 * Math.sin(i % headSize))
      // Values that int8 codes hold, so that what is left is the keys' error.
      const c = { ...plain, keys, values: plain.values.map(Math.sign), keyShift: { angles, pairs } }
      const cache = filledCache(backend, c, 640)
      const want = await expected(['shifted', shape], c, 250)
      expectVaried(want, type)
      const bound = codeBound(c, 2)
      const out = await attend(backend, cache, c, 250)
      expectWithin(out, want, () => bound, 'all')
      // A sequence that goes back, and a fork, come to the same keys again.
      const kvWidth = 2 * c.headSize
      const again = (to: KvCache, from: number) => {
        const part = (x: Float32Array) => tensorOf(backend, 270 - from, kvWidth, x.subarray(from * kvWidth))
        backend.append(
          backend.pass([{ cache: to, position: from, tokens: 270 - from }]),
          LAYER,
          part(keys),
          part(c.values),
        )
      }
      const fork = cache.fork(130)
      cache.truncate(100)
      again(cache, 100)
      expectBits(await attend(backend, cache, c, 250), out, c.headSize, 'truncated')
      backend.free(cache)
      again(fork, 130)
      expectBits(await attend(backend, fork, c, 250), out, c.headSize, 'fork')
      backend.free(fork)
      // Without rotation the mean is what the pages have in common: less of it, codes are nearer to the keys.
      if (width > 0) return
      const exact = exactAttention({ ...c, type: 'f32' }, 250).values
      const cacheOfAll = filledCache(backend, { ...c, keyShift: undefined })
      const unshifted = await attend(backend, cacheOfAll, c, 250)
      backend.free(cacheOfAll)
      expect(distance(out, exact)).toBeLessThan(0.75 * distance(unshifted, exact))
    },
  )
})

describe.each(CODED)('$label keeps codes', ({ create }) => {
  let backend: Backend
  beforeAll(() => {
    backend = create()
  })
  afterAll(() => backend.close())

  test.each(TYPES)('%s: one position gives back what its codes stand for', async (type) => {
    for (const headSize of [8, 24, 64, 96]) {
      const kvHeads = 5
      const x = randomNormal(kvHeads * headSize, headSize).map((v, i) => v * 2 ** ((i % 41) - 20))
      // A row of zeros, and one so small that no scale fits.
      x.fill(0, 0, headSize)
      x.fill(1e-44, headSize, 2 * headSize)
      const cache = backend.cache({ type, layers: 1, kvHeads, headSize, capacity: 1 })
      const pass = backend.pass([{ cache, position: 0, tokens: 1 }])
      const kv = tensorOf(backend, 1, x.length, x)
      backend.append(pass, 0, kv, kv)
      const out = backend.tensor(1, x.length)
      const q = tensorOf(backend, 1, x.length, randomNormal(x.length, 9))
      backend.attention(q, pass, out, { layer: 0, heads: kvHeads, scale: 1 })
      const want = dequantizeRows(quantizeRows(x, { rows: kvHeads, cols: headSize, format: type }))
      // One probability has the largest digits: what follows are products and a quotient of scales.
      expectWithin(
        await backend.read(out),
        want,
        (i) => Math.abs(want[i]) * 8 * 2 ** -24 + 2 ** -126,
        `heads of ${headSize}`,
      )
      backend.free(cache)
    }
  })

  test.each(TYPES)('%s: a value without a code is an error that names its row', (type) => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      const cache = backend.cache({ type, layers: 1, kvHeads: 2, headSize: 40, capacity: 9 })
      const pass = backend.pass([{ cache, position: 0, tokens: 9 }])
      const good = tensorOf(backend, 9, 80, randomNormal(720, 5))
      const bad = tensorOf(
        backend,
        9,
        80,
        randomNormal(720, 6).map((x, i) => (i === 7 * 80 + 79 || i === 8 * 80 ? value : x)),
      )
      expect(() => backend.append(pass, 0, bad, good)).toThrow(/row 7 is not finite/)
      expect(() => backend.append(pass, 0, good, bad)).toThrow(/row 7 is not finite/)
      backend.free(cache)
    }
  })

  test.each(TYPES)('%s: a query that is not finite gives NaN, the others are unharmed', async (type) => {
    const c = attentionCase(type, 64, 1, 3, 70, 5)
    const fine = await attend(backend, filledCache(backend, c), c, 69)
    const queries = c.queries.slice()
    queries[(69 * 3 + 1) * 64 + 5] = Number.NaN
    const out = await attend(backend, filledCache(backend, c), { ...c, queries }, 69)
    expect([...out.subarray(64, 128)]).toEqual(new Array(64).fill(Number.NaN))
    expectBits(out.subarray(0, 64), fine.subarray(0, 64), 64, 'before')
    expectBits(out.subarray(128), fine.subarray(128), 64, 'after')
  })
})

describe('the variants with a fused multiply-add', () => {
  const fused = NATIVE.filter(({ label }) => /avx|neondot/.test(label))
  test.skipIf(fused.length < 2).each(TYPES)('agree bit for bit: %s', async (type) => {
    for (const [headSize, context] of [
      [64, 200],
      [80, 65],
    ]) {
      const c = attentionCase(type, headSize, 2, 4, context, 77)
      let first: Float32Array | null = null
      for (const { create, label } of fused) {
        const backend = create()
        const out = await attend(backend, filledCache(backend, c), c, Math.max(0, context - 20))
        first ??= out
        expectBits(out, first, headSize, label)
        backend.close()
      }
    }
  })
})
