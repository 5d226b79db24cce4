import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadModel } from 'multiscale'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runModule } from '../helpers/cli.js'
import { goldens, skipWithoutData, storiesPath } from '../helpers/stories.js'
import { MEDIUM, writeSyntheticGguf } from '../helpers/synthetic-gguf.js'

const GREEDY = { temperature: 0, ignoreEos: true } as const

describe.skipIf(skipWithoutData)('closing', () => {
  const [golden] = goldens
  const closed = /the model was closed/

  test('rejects what runs and what waits', async () => {
    const model = await loadModel(storiesPath('f32'), { backend: 'reference' })
    const running = model.generate(golden.text, GREEDY)
    const waiting = model.score(golden.prompt_ids)
    const iterate = async () => {
      for await (const _ of running) await model.close()
    }
    await Promise.all([
      expect(iterate()).rejects.toThrow(closed),
      expect(running.result).rejects.toThrow(closed),
      expect(waiting).rejects.toThrow(closed),
    ])
  })

  test('twice is fine; everything afterwards is refused', async () => {
    const model = await loadModel(storiesPath('f32'))
    await Promise.all([model.close(), model.close()])
    await model.close()
    const attempts = [
      model.generate('x').result,
      model.logits([1]),
      model.score([1, 2]),
      model.tokenize('x'),
      model.detokenize([1]),
    ]
    for (const attempt of attempts) await expect(attempt).rejects.toThrow(closed)
    const iterate = async () => {
      for await (const _ of model.generate('x')) expect.fail('a closed model generated')
    }
    await expect(iterate()).rejects.toThrow(closed)
    expect(model.info.layers).toBe(5)
  })

  test('await using closes', async () => {
    let escaped: Awaited<ReturnType<typeof loadModel>>
    {
      await using model = await loadModel(storiesPath('f32'))
      escaped = model
      expect(await model.tokenize('x')).toHaveLength(3)
    }
    await expect(escaped.tokenize('x')).rejects.toThrow(closed)
  })

  test('models live beside each other', async () => {
    await using a = await loadModel(storiesPath('f32'))
    await using b = await loadModel(storiesPath('q8_0'))
    const options = { ...GREEDY, maxTokens: 20 }
    const [x, y] = await Promise.all([a, b].map((model) => model.generate(golden.text, options).result))
    expect(x.tokens).toEqual(golden.greedy_ids.slice(0, 20))
    expect(y.tokens).toEqual(golden.weights.q8_0.greedy_ids.slice(0, 20))
  })
})

describe("the caller's event loop turns", () => {
  let folder: string
  let medium: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'multiscale-turns-'))
    medium = join(folder, 'medium.gguf')
    writeSyntheticGguf(medium, MEDIUM)
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  test('many times while a model loads and while native kernels read a long prompt', async () => {
    const prompt = Array.from({ length: 500 }, (_, i) => 259 + (i % 29))
    const loading = countTurns()
    await using model = await loadModel(medium)
    // In this thread, it would turn for every matrix read and every layer computed, some dozens.
    expect(loading.stop()).toBeGreaterThan(100)
    const reading = countTurns()
    await model.generate(prompt, { maxTokens: 1 }).result
    expect(reading.stop()).toBeGreaterThan(100)
  })

  test.skipIf(skipWithoutData)('between the tokens of the reference backend', async () => {
    await using model = await loadModel(storiesPath('f32'), { backend: 'reference' })
    const counter = countTurns()
    let tokens = 0
    for await (const chunk of model.generate(goldens[0].text, { ...GREEDY, maxTokens: 50 })) {
      tokens += chunk.tokens.length
    }
    expect(tokens).toBe(50)
    // In this thread, it would turn once a token even if each were computed at one go.
    expect(counter.stop()).toBeGreaterThan(10 * tokens)
  })
})

describe.skipIf(skipWithoutData)('a process', () => {
  const model = JSON.stringify(storiesPath('f32'))

  test('ends by itself although the model was never closed', async () => {
    const { status, stdout, stderr } = await runModule(`
      import { loadModel } from 'multiscale'
      const model = await loadModel(${model})
      const { tokens } = await model.generate('Once upon a time', { maxTokens: 3, temperature: 0 }).result
      console.log(tokens.join())
    `)
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '432,383,286\n', stderr: '' })
  })

  test('stays while an answer is awaited, and only then', async () => {
    const { status, stdout, stderr } = await runModule(`
      import { loadModel } from 'multiscale'
      const model = await loadModel(${model}, { backend: 'reference' })
      void model.generate('Once upon a time', { maxTokens: 50, temperature: 0 }).result.then(() => console.log('done'))
    `)
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: 'done\n', stderr: '' })
  })

  test('reports a rejection that nobody handles, but not one of a generation that is only iterated', async () => {
    const { status, stdout, stderr } = await runModule(`
      import { loadModel } from 'multiscale'
      const model = await loadModel(${model})
      try {
        for await (const _ of model.generate('x', { topK: -1 }));
      } catch (error) {
        console.log(error.message)
      }
    `)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toContain('topK must be an integer')
  })

  test('can be stopped by process.exit in the middle of an answer', async () => {
    const { status, stdout, stderr } = await runModule(`
      import { loadModel } from 'multiscale'
      const model = await loadModel(${model})
      for await (const _ of model.generate('Once upon a time')) process.exit(7)
    `)
    expect({ status, stdout, stderr }).toEqual({ status: 7, stdout: '', stderr: '' })
  })
})

/** Turns of this thread's event loop from now on. */
function countTurns(): { stop(): number } {
  let count = 0
  let timer = setImmediate(function turn() {
    count++
    timer = setImmediate(turn)
  })
  return {
    stop() {
      clearImmediate(timer)
      return count
    },
  }
}
