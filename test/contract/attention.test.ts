import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Backend } from '../../src/backend/index.js'
import { fp16 } from '../../src/dtype/index.js'
import { attend, attentionCase, exactAttention, filledCache, LAYER } from '../helpers/attention.js'
import { expectBits, expectVaried, expectWithin, tensorOf } from '../helpers/contract.js'
import { randomNormal } from '../helpers/quants.js'
import { SUBJECTS } from './backends.js'

const CONTEXTS = [1, 15, 16, 17, 100]
/** Key heads, and query heads for each. */
const HEADS = [
  [3, 1],
  [2, 3],
  [2, 8],
  [1, 20],
] as const
const SIZES = [8, 12, 64, 80, 128]
const CASES = (['f32', 'f16'] as const).flatMap((type) =>
  SIZES.flatMap((headSize) =>
    HEADS.map(([kvHeads, ratio]) => ({ type, headSize, kvHeads, ratio, seed: 700 + headSize + ratio })),
  ),
)

const expectations = new Map<string, ReturnType<typeof exactAttention>>()

describe.each(SUBJECTS)('$label attends', ({ create }) => {
  let backend: Backend
  beforeAll(() => {
    backend = create()
  })
  afterAll(() => backend.close())

  test.each(CASES)('$type, heads of $headSize, $ratio for each of $kvHeads, seed $seed', async (shape) => {
    const { type, headSize, kvHeads, ratio, seed } = shape
    for (const context of CONTEXTS) {
      const c = attentionCase(type, headSize, kvHeads, ratio, context, seed + context)
      const cache = filledCache(backend, c)
      // Seven queries fill tiles of 4 and 3 rows, or several tasks.
      const prompt = Math.max(0, context - 7)
      const key = [type, headSize, kvHeads, ratio, context].join()
      const exact = expectations.get(key) ?? exactAttention(c, prompt)
      expectations.set(key, exact)
      // Of one position, all heads of a group give the same.
      if (context > 1) expectVaried(exact.values, key)
      const out = await attend(backend, cache, c, prompt)
      expectWithin(out, exact.values, (i) => exact.bounds[i], `prompt, context ${context}`)
      const last = await attend(backend, cache, c, context - 1)
      const from = exact.values.length - last.length
      expectWithin(last, exact.values.subarray(from), (i) => exact.bounds[from + i], `last of ${context}`)
      backend.free(cache)
    }
  })

  test.each(['f32', 'f16'] as const)(
    'one position gives its value back: rounding of a %s cache',
    async (type) => {
      // softmax of one score is 1. Heads of 24: a vector of 16 and a tail.
      const edges = [0, 1, 1.5, 2 ** -14, 2 ** -24, 65504].flatMap((x) => [
        x,
        x + 2 ** -11 * x,
        x + 2 ** -12 * x,
      ])
      const ties = [
        2 ** -25,
        3 * 2 ** -25,
        2 ** -25 * 1.001,
        2 ** -26,
        1e-30,
        2 ** -14 - 2 ** -25,
        65519.99,
        2049,
        2051,
      ]
      const random = randomNormal(24, 3).map((v, i) => v * 2 ** (i - 20))
      const values = Float32Array.from([...edges, ...ties].flatMap((x) => [x, -x]).concat([...random]))
      const count = Math.ceil(values.length / 24)
      const padded = new Float32Array(count * 24)
      padded.set(values)
      const cache = backend.cache({ type, layers: 1, kvHeads: count, headSize: 24, capacity: 4 })
      const kv = tensorOf(backend, 1, padded.length, padded)
      const out = backend.tensor(1, padded.length)
      const pass = backend.pass([{ cache, position: 0, tokens: 1 }])
      backend.append(pass, 0, backend.tensor(1, padded.length), kv)
      const q = tensorOf(backend, 1, padded.length, randomNormal(padded.length, 4))
      backend.attention(q, pass, out, { layer: 0, heads: count, scale: 1 })
      // A sum that begins at 0 is never −0.
      const expected = padded.map((x) => (type === 'f16' ? fp16.round(x) : x) + 0)
      expectBits(
        (await backend.read(out)).map((x) => x + 0),
        expected,
        24,
        type,
      )
    },
  )

  test('a half that overflows is infinity, and NaN stays NaN', async () => {
    for (const headSize of [8, 16, 24])
      for (const [value, stored] of [
        [65520, Number.POSITIVE_INFINITY],
        [-1e30, Number.NEGATIVE_INFINITY],
        [Number.NaN, Number.NaN],
      ]) {
        const cache = backend.cache({ type: 'f16', layers: 1, kvHeads: 1, headSize, capacity: 2 })
        const v = tensorOf(backend, 1, headSize, new Float32Array(headSize).fill(value))
        const out = backend.tensor(1, headSize)
        const zeros = backend.tensor(1, headSize)
        const pass = backend.pass([{ cache, position: 0, tokens: 1 }])
        backend.append(pass, 0, zeros, v)
        backend.attention(zeros, pass, out, { layer: 0, heads: 1, scale: 1 })
        expectBits(
          await backend.read(out),
          new Float32Array(headSize).fill(stored),
          headSize,
          `${value}, heads of ${headSize}`,
        )
        backend.append(pass, 0, v, zeros)
        const ones = tensorOf(backend, 1, headSize, new Float32Array(headSize).fill(1))
        backend.attention(ones, pass, out, { layer: 0, heads: 1, scale: 1 })
        // As a key it spoils the score: ±∞ − ±∞ and NaN are NaN.
        expect([...(await backend.read(out))], `key ${value}`).toEqual(new Array(headSize).fill(Number.NaN))
      }
  })

  test.each(
    (['f32', 'f16'] as const).flatMap((type) =>
      [1, 2, 15, 16, 33, 64, 90, 1000].map((window) => ({
        type,
        window,
        softcap: window % 2 ? 3 : undefined,
      })),
    ),
  )('$type: a window of $window, scores capped at $softcap', async ({ type, ...options }) => {
    for (const context of [17, 100]) {
      const c = attentionCase(type, 20, 2, 3, context, options.window)
      const exact = exactAttention(c, context - 12, options)
      const cache = filledCache(backend, c)
      const out = await attend(backend, cache, c, context - 12, context, options)
      if (options.window > 1) expectVaried(exact.values, String(options.window))
      expectWithin(out, exact.values, (i) => exact.bounds[i], `context ${context}`)
      const last = await attend(backend, cache, c, context - 1, context, options)
      expectBits(last, out.subarray(out.length - last.length), 20, `last of ${context}`)
      // What no row sees does not matter, even if it is not a number.
      const unseen = context - 12 + 1 - options.window
      if (unseen > 0) {
        const junk = tensorOf(backend, unseen, 40, new Float32Array(unseen * 40).fill(Number.NaN))
        backend.append(backend.pass([{ cache, position: 0, tokens: unseen }]), LAYER, junk, junk)
        expectBits(await attend(backend, cache, c, context - 12, context, options), out, 20, 'NaN unseen')
      }
      backend.free(cache)
    }
  })

  test.each(['f32', 'f16'] as const)('%s: overwriting a position forgets what it held', async (type) => {
    const c = attentionCase(type, 20, 2, 3, 40, 90)
    const cache = filledCache(backend, c)
    const fresh = await attend(backend, cache, c, 10, 21)
    // Everything from position 5 on becomes worthless, then is written again up to 20.
    const width = 40
    const junk = tensorOf(backend, 35, width, new Float32Array(35 * width).fill(Number.NaN))
    backend.append(backend.pass([{ cache, position: 5, tokens: 35 }]), LAYER, junk, junk)
    const part = (all: Float32Array) => tensorOf(backend, 16, width, all.subarray(5 * width, 21 * width))
    const again = backend.pass([{ cache, position: 5, tokens: 16 }])
    backend.append(again, LAYER, part(c.keys), part(c.values))
    expectBits(await attend(backend, cache, c, 10, 21), fresh, c.heads * 20, 'after NaN beyond what is seen')
  })

  test('large scores do not overflow, tiny probabilities vanish', async () => {
    // Scores of 0 and ± 3e4: softmax picks the largest.
    const [headSize, context] = [16, 33]
    const keys = new Float32Array(context * headSize)
    const values = randomNormal(context * headSize, 8)
    for (let t = 0; t < context; t++) keys[t * headSize] = t === 21 ? 300 : t % 2 ? -300 : 0
    const cache = backend.cache({ type: 'f32', layers: 1, kvHeads: 1, headSize, capacity: context })
    backend.append(
      backend.pass([{ cache, position: 0, tokens: context }]),
      0,
      tensorOf(backend, context, headSize, keys),
      tensorOf(backend, context, headSize, values),
    )
    const q = tensorOf(
      backend,
      1,
      headSize,
      Float32Array.from({ length: 16 }, (_, d) => (d === 0 ? 100 : 1)),
    )
    const out = backend.tensor(1, headSize)
    const last = backend.pass([{ cache, position: context - 1, tokens: 1 }])
    backend.attention(q, last, out, { layer: 0, heads: 1, scale: 1 })
    expectBits(await backend.read(out), values.subarray(21 * headSize, 22 * headSize), headSize, 'seed 8')
  })
})
