import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadModel, type Model } from 'multiscale'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { goldens, skipWithoutData, storiesPath } from '../helpers/stories.js'
import { MEDIUM, writeSyntheticGguf } from '../helpers/synthetic-gguf.js'

const GREEDY = { temperature: 0, ignoreEos: true } as const

/** A model whose prefill of LONG takes long enough to be caught in the middle. */
let folder: string
let medium: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'multiscale-cancel-'))
  medium = join(folder, 'medium.gguf')
  writeSyntheticGguf(medium, MEDIUM)
})
afterAll(() => rmSync(folder, { recursive: true }))
const LONG = Array.from({ length: 600 }, (_, i) => (i === 0 ? 1 : 259 + (i % 29)))

describe('a signal', () => {
  const reason = new Error('no longer wanted')

  test('before the load', async () => {
    const outcome = loadModel(medium, { signal: AbortSignal.abort(reason) })
    await expect(outcome).rejects.toBe(reason)
  })

  test('during the load: nothing more is loaded, and the process is free of it', async () => {
    const controller = new AbortController()
    const seen: number[] = []
    const outcome = loadModel(medium, {
      signal: controller.signal,
      onProgress: ({ loadedBytes, totalBytes }) => {
        expect(loadedBytes).toBeLessThan(totalBytes)
        seen.push(loadedBytes)
        controller.abort(reason)
      },
    })
    await expect(outcome).rejects.toBe(reason)
    await turns(20)
    expect(seen).toHaveLength(1)
  })

  test('progress that nobody aborts grows to the whole', async () => {
    const seen: { loadedBytes: number; totalBytes: number }[] = []
    await using model = await loadModel(medium, { onProgress: (progress) => seen.push(progress) })
    const loaded = seen.map(({ loadedBytes }) => loadedBytes)
    expect(loaded).toEqual(loaded.toSorted((a, b) => a - b))
    expect(seen.at(-1)?.loadedBytes).toBe(seen[0].totalBytes)
    expect(model.info.weightBytes).toBeGreaterThan(0)
  })

  test('during prefill: the worker stops at a layer, and the model still works', async () => {
    await using model = await loadModel(medium, { batch: 64 })
    const controller = new AbortController()
    const answer = model.generate(LONG, { maxTokens: 1, signal: controller.signal }).result
    // Tokenizing is answered between two layers: by then the worker is at the prompt.
    await model.tokenize('x')
    controller.abort(reason)
    await expect(answer).rejects.toBe(reason)
    const { stats } = await model.generate(LONG, { maxTokens: 1 }).result
    // It did not go on to the end: else the whole prompt but its last token would be in the cache.
    expect(stats.cachedTokens).toBeLessThan(LONG.length - 64)
    expect(stats.cachedTokens % 64).toBe(0)
  })

  test('on score and logits', async () => {
    await using model = await loadModel(medium)
    for (const method of ['score', 'logits'] as const) {
      const controller = new AbortController()
      const outcome = model[method](LONG, { signal: controller.signal })
      await model.tokenize('x')
      controller.abort(reason)
      await expect(outcome).rejects.toBe(reason)
      await expect(model[method](LONG, { signal: controller.signal })).rejects.toBe(reason)
    }
    expect(await model.score(LONG.slice(0, 5))).toHaveLength(4)
  })

  test('one that waits its turn goes without having had it', async () => {
    await using model = await loadModel(medium, { batch: 64 })
    const controller = new AbortController()
    const first = model.score(LONG.slice(0, 200))
    const second = model.score(LONG, { signal: controller.signal })
    controller.abort(reason)
    await expect(second).rejects.toBe(reason)
    expect(await first).toHaveLength(199)
  })
})

describe.skipIf(skipWithoutData).each(['native', 'reference'] as const)('while decoding, %s', (backend) => {
  const [golden] = goldens
  let model: Model
  beforeAll(async () => {
    model = await loadModel(storiesPath('f32'), { backend, cacheType: 'f32' })
  })
  afterAll(() => model.close())

  /** How much of the golden answer the model went on to compute, in tokens. */
  const computed = async () => {
    const all = [...golden.prompt_ids, ...golden.greedy_ids]
    const { stats } = await model.generate(all, { maxTokens: 1 }).result
    return stats.cachedTokens - golden.prompt_ids.length
  }

  test('an aborted signal throws its reason from the loop and from the result', async () => {
    const controller = new AbortController()
    const reason = new Error('enough')
    const generation = model.generate(golden.text, { ...GREEDY, signal: controller.signal })
    const tokens: number[] = []
    const loop = async () => {
      for await (const chunk of generation) {
        tokens.push(...chunk.tokens)
        if (tokens.length === 3) controller.abort(reason)
      }
    }
    await expect(loop()).rejects.toBe(reason)
    await expect(generation.result).rejects.toBe(reason)
    expect(tokens).toEqual(golden.greedy_ids.slice(0, tokens.length))
    if (backend === 'reference') expect(await computed()).toBeLessThan(golden.greedy_ids.length - 1)
    const again = await model.generate(golden.text, { ...GREEDY, maxTokens: 20 }).result
    expect(again.tokens).toEqual(golden.greedy_ids.slice(0, 20))
  })

  test('leaving the loop ends the generation, and the next request runs', async () => {
    const generation = model.generate(golden.text, GREEDY)
    for await (const { tokens } of generation) {
      expect(tokens).toEqual(golden.greedy_ids.slice(0, 1))
      break
    }
    await expect(generation.result).rejects.toMatchObject({ name: 'AbortError' })
    // 507 tokens were asked for, and the worker did not even come to the 200 of the golden answer.
    if (backend === 'reference') expect(await computed()).toBeLessThan(golden.greedy_ids.length - 1)
    const next = await model.generate(goldens[1].text, { ...GREEDY, maxTokens: 20 }).result
    expect(next.tokens).toEqual(goldens[1].greedy_ids.slice(0, 20))
  })

  test('the chunks of a generation can be read once', async () => {
    const generation = model.generate(golden.text, { ...GREEDY, maxTokens: 3 })
    const read = async () => {
      const tokens: number[] = []
      for await (const chunk of generation) tokens.push(...chunk.tokens)
      return tokens
    }
    expect(await read()).toEqual(golden.greedy_ids.slice(0, 3))
    await expect(read()).rejects.toThrow('can be read once')
  })

  test('a signal that aborts after the end changes nothing', async () => {
    const controller = new AbortController()
    const { signal } = controller
    const { tokens } = await model.generate(golden.text, { ...GREEDY, maxTokens: 5, signal }).result
    controller.abort()
    expect(tokens).toEqual(golden.greedy_ids.slice(0, 5))
    expect((await model.generate(golden.text, { ...GREEDY, maxTokens: 5 }).result).tokens).toEqual(tokens)
  })
})

/** So many turns of the event loop. */
async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve))
}
