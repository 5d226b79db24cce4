import { fileURLToPath } from 'node:url'
import { loadModel } from 'multiscale'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { exactAttention } from '../../src/attention/index.js'
import { capture } from '../../src/cli/analyze/attention/capture.js'
import { greedyAnswer, replaceAttention } from '../../src/cli/analyze/attention/greedy.js'
import { headOf, optionsOf } from '../../src/cli/analyze/attention/head.js'
import { builtInModel } from '../../src/engine/built-in.js'
import { Trace } from '../../src/engine/trace.js'
import type { LoadOptions } from '../../src/engine/types.js'
import type { LayerAttention } from '../../src/engine/visit.js'
import { float32Tolerance, worst } from '../helpers/attention-data.js'
import { tinyModelWriter } from '../helpers/tiny-model.js'

/** What a visitor sees of a pass, and what it can change. */

const BUILT_IN = fileURLToPath(builtInModel)
/** Keys and values as they are, so that attention is as exact as float32. */
const ONE_THREAD: LoadOptions = { threads: 1, cacheType: 'f32' }

const write = tinyModelWriter()

const IDS = Array.from({ length: 40 }, (_, i) => (i === 0 ? 1 : (37 * i * i + 11) % 288))
const STORY = 'Once upon a time, there was a little girl named Lily. One day, she found a red ball.'

const looks = {
  'llama.attention.sliding_window': { u32: 9 },
  'llama.attn_logit_softcapping': { f32: 2 },
}
const MODELS: Record<string, () => string> = {
  'the built-in model': () => BUILT_IN,
  'two query heads to a key head': () => write({ seed: 41 }),
  'qwen2 in Q8_0, one key head': () =>
    write({ architecture: 'qwen2', biases: true, kvHeads: 1, type: 'Q8_0', seed: 42 }),
  'a window and a softcap': () => write({ seed: 43, metadata: looks }),
}

describe.each(Object.entries(MODELS))('%s', (_, path) => {
  test.each(['native', 'reference'] as const)(
    'attended is exact attention of queries, keys and values: %s',
    async (backend) => {
      using trace = await Trace.load(path(), { ...ONE_THREAD, backend, batch: 16 })
      const { config } = trace
      const attended: Float32Array[][] = Array.from({ length: config.layers }, () => [])
      const visit = (seen: LayerAttention) => {
        attended[seen.layer].push(seen.attended)
        return undefined
      }
      const layers = await capture(trace, IDS)
      trace.truncate(0)
      await trace.push(IDS, { visit })
      for (const [layer, rows] of layers.entries())
        for (let h = 0; h < config.heads; h++) {
          const head = headOf(rows, config, h)
          const width = config.heads * config.headSize
          const whole = attended[layer].flatMap((part) => [...part])
          const got = Float64Array.from(
            { length: IDS.length * config.headSize },
            (_, i) =>
              whole[Math.floor(i / config.headSize) * width + h * config.headSize + (i % config.headSize)],
          )
          const exact = exactAttention(head, optionsOf(config))
          const largest = worst(head.v, new Float32Array(head.v.length))
          expect(worst(got, exact)).toBeLessThan(float32Tolerance(head) * largest)
          expect(worst(exact, new Float32Array(exact.length))).toBeGreaterThan(largest / 100)
        }
    },
  )
})

test('window and softcap have an effect on what is attended', async () => {
  const [plain, other] = [write({ seed: 43 }), write({ seed: 43, metadata: looks })]
  const logits = []
  for (const path of [plain, other]) {
    using trace = await Trace.load(path, ONE_THREAD)
    logits.push(await trace.push(IDS))
  }
  expect(worst(logits[0], logits[1])).toBeGreaterThan(0.01)
})

describe('the built-in model', () => {
  let trace: Trace
  let ids: number[]
  beforeAll(async () => {
    trace = await Trace.load(BUILT_IN, { ...ONE_THREAD, batch: 8 })
    ids = Array.from(trace.tokenizer.encode(STORY))
  })
  afterAll(() => trace.close())

  const afresh = (part: ArrayLike<number>, options: Parameters<Trace['push']>[1] = {}) => {
    trace.truncate(0)
    return trace.push(part, options)
  }

  test('logits are those of Model.logits, bit for bit, with and without a visitor that looks', async () => {
    await using model = await loadModel(BUILT_IN, { ...ONE_THREAD, threads: 2 })
    const expected = await model.logits(ids, { from: ids.length - 1 })
    expect(await afresh(ids)).toEqual(expected)
    expect(await afresh(ids, { visit: () => undefined })).toEqual(expected)
    // Its own result in its place is no change either.
    expect(await afresh(ids, { visit: ({ attended }) => attended })).toEqual(expected)
  })

  test('pushed in parts or at once: the same bits, and each token is seen once', async () => {
    const expected = await afresh(ids)
    for (const parts of [[1, ids.length], [9, 10], ids.map((_, i) => i)]) {
      trace.truncate(0)
      const seen: number[] = []
      const visit = ({ layer, positions }: LayerAttention) => {
        if (layer === 3) seen.push(...positions)
        return undefined
      }
      let logits: Float32Array | undefined
      for (const [begin, end] of bounds(parts, ids.length))
        logits = await trace.push(ids.slice(begin, end), { visit })
      expect(logits).toEqual(expected)
      expect(seen).toEqual(ids.map((_, i) => i))
      expect(trace.length).toBe(ids.length)
    }
  })

  test('exact attention in place of the model’s leaves greedy answers as they are; answers are those of Model', async () => {
    await using model = await loadModel(BUILT_IN, ONE_THREAD)
    for (const prompt of [STORY, 'Question: What is 7 + 8?\nAnswer:']) {
      const promptIds = trace.tokenizer.encode(prompt)
      const own = await greedyAnswer(trace, promptIds, { tokens: 24 })
      const visit = replaceAttention(trace.config, exactAttention)
      const exact = await greedyAnswer(trace, promptIds, { tokens: 24, visit })
      expect(exact.ids).toEqual(own.ids)
      const last = own.logits.length - 1
      // Replaced indeed, and hardly changed.
      expect(exact.logits[last]).not.toEqual(own.logits[last])
      expect(worst(exact.logits[last], own.logits[last])).toBeLessThan(0.05)
      const { tokens } = await model.generate(promptIds, { temperature: 0, maxTokens: 24 }).result
      const end = own.ids.findIndex((id) => trace.tokenizer.endIds.has(id))
      expect(tokens).toEqual(end < 0 ? own.ids : own.ids.slice(0, end))
    }
  })

  test('garbage in place of attention changes the logits', async () => {
    const expected = await afresh(ids)
    const zeros = await afresh(ids, { visit: ({ attended }) => new Float32Array(attended.length) })
    expect(worst(zeros, expected)).toBeGreaterThan(1)
    // Of one layer alone, too.
    const one = await afresh(ids, {
      visit: ({ layer, attended }) => (layer === 5 ? attended.map((x) => -x) : undefined),
    })
    expect(worst(one, expected)).toBeGreaterThan(0.1)
    // What was changed stays in the keys of later layers, until it is forgotten.
    trace.truncate(0)
    await trace.push(ids.slice(0, 10), { visit: ({ attended }) => new Float32Array(attended.length) })
    expect(await trace.push(ids.slice(10))).not.toEqual(expected)
    expect(await afresh(ids)).toEqual(expected)
  })

  test('after an error it is as long as before, and goes on', async () => {
    const expected = await afresh(ids)
    const begin = ids.slice(0, 5)
    const failAt = (position: number) => (seen: LayerAttention) => {
      if (seen.layer === 2 && seen.positions.includes(position)) throw new Error('enough')
      return new Float32Array(seen.attended.length)
    }
    await afresh(begin)
    // The first pass of the push ends well, with wrong keys; the second fails.
    await expect(trace.push(ids.slice(5), { visit: failAt(15) })).rejects.toThrow('enough')
    expect(trace.length).toBe(5)
    expect(await trace.push(ids.slice(5))).toEqual(expected)

    await afresh(begin)
    const failures: [ids: number[], options: Parameters<Trace['push']>[1], message: RegExp][] = [
      [[], {}, /no tokens/],
      [[4096], {}, /4096/],
      [new Array(508).fill(1), {}, /513 tokens do not fit a context of 512/],
      [[1], { visit: () => [1, 2, 3] }, /256/],
      [[1], { signal: AbortSignal.abort(new Error('stopped')) }, /stopped/],
    ]
    for (const [wrong, options, message] of failures)
      await expect(trace.push(wrong, options)).rejects.toThrow(message)
    expect(trace.length).toBe(5)
    expect(await trace.push(ids.slice(5))).toEqual(expected)
  })

  test.each([-1, 1.5, 4])('cannot be cut to %d of 3 tokens', async (tokens) => {
    await afresh([1, 2, 3])
    expect(() => trace.truncate(tokens)).toThrow(RangeError)
    trace.truncate(2)
    expect(trace.length).toBe(2)
  })
})

/** Pairs of neighbours among 0, the ascending ends, and the length. */
function bounds(ends: readonly number[], length: number): [number, number][] {
  const all = [...new Set([0, ...ends, length])].sort((a, b) => a - b)
  return all.slice(1).map((end, i) => [all[i], end])
}
