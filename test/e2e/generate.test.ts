import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ContextLimitError, type GenerationChunk, loadModel, type Model } from 'multiscale'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { goldens, skipWithoutData, storiesPath } from '../helpers/stories.js'
import { tinyGguf } from '../helpers/tiny-model.js'

const GREEDY = { temperature: 0, ignoreEos: true } as const

describe.skipIf(skipWithoutData)('generate', () => {
  let model: Model
  const [golden] = goldens
  beforeAll(async () => {
    model = await loadModel(storiesPath('f32'), { cacheType: 'f32' })
  })
  afterAll(() => model.close())

  test('the chunks make up the result', async () => {
    const generation = model.generate(golden.text, { ...GREEDY, maxTokens: 60 })
    const chunks: GenerationChunk[] = []
    for await (const chunk of generation) chunks.push(chunk)
    const { text, tokens, promptTokens, finishReason, stopped, stats } = await generation.result
    expect(chunks.map((chunk) => chunk.text).join('')).toBe(text)
    expect(chunks.flatMap((chunk) => chunk.tokens)).toEqual(tokens)
    expect(chunks.length).toBeGreaterThanOrEqual(60)
    expect(tokens).toEqual(golden.greedy_ids.slice(0, 60))
    expect(promptTokens).toEqual(golden.prompt_ids)
    expect([finishReason, stopped]).toEqual(['length', undefined])
    expect(stats).toMatchObject({ promptTokens: 5, generatedTokens: 60 })
  })

  test('the result alone, a prompt of ids, and a file URL as path', async () => {
    await using other = await loadModel(new URL(`file://${storiesPath('f32')}`))
    for (const prompt of [golden.prompt_ids, Uint32Array.from(golden.prompt_ids)]) {
      const { tokens } = await other.generate(prompt, { ...GREEDY, maxTokens: 20 }).result
      expect(tokens).toEqual(golden.greedy_ids.slice(0, 20))
    }
  })

  test('stop strings: what precedes the first is the text', async () => {
    const stop = ['nowhere in it', 'little girl', 'girl named']
    const generation = model.generate(golden.text, { ...GREEDY, stop })
    let shown = ''
    for await (const { text } of generation) shown += text
    const { text, finishReason, stopped } = await generation.result
    expect(text).toBe(golden.greedy_text.slice(0, golden.greedy_text.indexOf('little girl')))
    expect(shown).toBe(text)
    expect([finishReason, stopped]).toEqual(['stop', 'little girl'])
  })

  test('a stop string that only begins is shown after all', async () => {
    const stop = ['little girl named Lily. She loved to pray']
    const { text } = await model.generate(golden.text, { ...GREEDY, stop, maxTokens: 30 }).result
    expect(golden.greedy_text.startsWith(text)).toBe(true)
    expect(text).toContain('She loved to pl')
  })

  test('no tokens wanted: none come, and none are computed', async () => {
    const { text, tokens, stats } = await model.generate(golden.text, { maxTokens: 0 }).result
    expect([text, tokens]).toEqual(['', []])
    expect(stats).toMatchObject({ generatedTokens: 0, prefillTokensPerSecond: 0, decodeTokensPerSecond: 0 })
  })

  test('a seed draws the same tokens again, another seed others', async () => {
    const draw = async (seed: number) =>
      (await model.generate(golden.text, { seed, temperature: 1.5, maxTokens: 40 }).result).tokens
    const first = await draw(7)
    expect(await draw(7)).toEqual(first)
    expect(await draw(8)).not.toEqual(first)
  })

  test('sampling options reach the sampler', async () => {
    const tokens = async (options: object) =>
      (await model.generate(golden.text, { maxTokens: 20, ignoreEos: true, seed: 3, ...options }).result)
        .tokens
    const greedy = golden.greedy_ids.slice(0, 20)
    // Each of these leaves one token to draw from.
    expect(await tokens({ temperature: 2, topK: 1 })).toEqual(greedy)
    expect(await tokens({ temperature: 2, topP: 1e-9 })).toEqual(greedy)
    expect(await tokens({ temperature: 2, minP: 1 })).toEqual(greedy)
    expect(await tokens({ temperature: 2 })).not.toEqual(greedy)
    expect(await tokens({ temperature: 0, repetitionPenalty: 1e6 })).not.toEqual(greedy)
  })

  test('without maxTokens it ends with the context', async () => {
    await using short = await loadModel(storiesPath('f32'), { context: 32 })
    const { tokens, finishReason } = await short.generate(golden.text, GREEDY).result
    expect(tokens).toEqual(golden.greedy_ids.slice(0, 32 - golden.prompt_ids.length))
    expect(finishReason).toBe('length')
  })

  test('what does not fit the context is refused, nothing is cut off', async () => {
    await using short = await loadModel(storiesPath('f32'), { context: 32 })
    const limit = async (outcome: Promise<unknown>, message: string) => {
      await expect(outcome).rejects.toBeInstanceOf(ContextLimitError)
      await expect(outcome).rejects.toThrow(message)
    }
    const message = '5 prompt tokens and 28 new ones do not fit a context of 32'
    await limit(short.generate(golden.text, { maxTokens: 28 }).result, message)
    expect((await short.generate(golden.text, { maxTokens: 27, ...GREEDY }).result).tokens).toHaveLength(27)
    const full = [...golden.prompt_ids, ...golden.greedy_ids].slice(0, 32)
    await limit(short.generate(full).result, '32 prompt tokens and 1 new ones do not fit')
    const beyond = [...golden.prompt_ids, ...golden.greedy_ids].slice(0, 34)
    await limit(short.logits(beyond), '34 tokens do not fit a context of 32')
    await limit(short.score(beyond), '33 tokens do not fit a context of 32')
    // The last token is only scored, not read: one more than the context.
    expect(await short.score(beyond.slice(0, 33))).toHaveLength(32)
  })

  test('requests at the same time queue up and do not disturb each other', async () => {
    const [results, scores, text] = await Promise.all([
      Promise.all(goldens.map(({ text }) => model.generate(text, { ...GREEDY, maxTokens: 30 }).result)),
      model.score(golden.prompt_ids),
      model.detokenize(golden.greedy_ids.slice(0, 3)),
    ])
    expect(results.map(({ tokens }) => tokens)).toEqual(goldens.map((g) => g.greedy_ids.slice(0, 30)))
    expect(scores).toEqual(await model.score(golden.prompt_ids))
    expect(text).toBe(await model.detokenize(golden.greedy_ids.slice(0, 3)))
  })
})

describe('the end of a text', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'multiscale-generate-'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  test('an end token ends it, and is not part of it; ignoreEos goes on', async () => {
    const path = join(folder, 'plain.gguf')
    writeFileSync(path, tinyGguf({ seed: 41 }))
    await using plain = await loadModel(path)
    const options = { temperature: 1, seed: 9, maxTokens: 12 }
    const { tokens } = await plain.generate('the sun', { ...options, ignoreEos: true }).result
    // The same weights, with the token that comes at the first new place as the end of a text.
    const at = tokens.findIndex((id, i) => i >= 3 && !tokens.slice(0, i).includes(id))
    expect(at).toBeGreaterThanOrEqual(3)
    const ending = join(folder, 'ending.gguf')
    const metadata = { 'tokenizer.ggml.eos_token_id': { u32: tokens[at] } }
    writeFileSync(ending, tinyGguf({ seed: 41, metadata }))
    await using model = await loadModel(ending)
    const stopped = await model.generate('the sun', options).result
    expect(stopped).toMatchObject({ tokens: tokens.slice(0, at), finishReason: 'end' })
    const onward = await model.generate('the sun', { ...options, ignoreEos: true }).result
    expect(onward).toMatchObject({ tokens, finishReason: 'length' })
  })
})
