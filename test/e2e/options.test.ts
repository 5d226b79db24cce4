import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FormatError, type GenerateOptions, type LoadOptions, loadModel, type Model } from 'multiscale'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runModule } from '../helpers/cli.js'
import { tinyGguf } from '../helpers/tiny-model.js'

/** One clear error for each option that cannot be, naming it: also for JavaScript, where no compiler did. */

let folder: string
let path: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'multiscale-options-'))
  path = join(folder, 'tiny.gguf')
  writeFileSync(path, tinyGguf({ type: 'Q8_0', context: 64 }))
})
afterAll(() => rmSync(folder, { recursive: true }))

describe('loadModel', () => {
  const cases: [options: object, message: string][] = [
    [{ passes: 4 }, 'passes must be one of 1, 2, 3, not 4'],
    [{ passes: '2' }, 'passes must be'],
    [{ granularity: 'column' }, 'granularity must be one of group, row, not column'],
    [{ cacheType: 'q8' }, 'cacheType must be one of f32, f16, int8, mxfp4, not q8'],
    [{ context: 0 }, 'the context must be a positive whole number, not 0'],
    [{ context: 10.5 }, 'the context must be a positive whole number, not 10.5'],
    [{ context: Number.NaN }, 'the context must be a positive whole number, not NaN'],
    [{ context: 65 }, 'a context of 65 is more than the 64 positions that the model was trained for'],
    [{ batch: 0 }, 'batch must be a positive whole number, not 0'],
    [{ backend: 'cuda' }, "no backend is called \"cuda\"; use 'native', 'wasm' or 'reference'"],
    [{ threads: 0 }, 'threads must be a whole number from 1 to 1024, not 0'],
    [{ threads: 2.5 }, 'threads must be a whole number from 1 to 1024, not 2.5'],
    [{ variant: 'nonsense' }, 'no variant is called nonsense'],
    [{ backend: 'reference', threads: 0 }, 'threads must be a whole number from 1 to 1024, not 0'],
    [{ backend: 'reference', variant: 'avx2' }, "the reference backend has no variant 'avx2'"],
    [{ contextSize: 64 }, "loadModel has no option 'contextSize'; there are context, passes"],
  ]
  test.each(cases)('%j', async (options, message) => {
    await expect(loadModel(path, options as LoadOptions)).rejects.toThrow(message)
  })

  test('a file that is not there, and one that is no model', async () => {
    const missing = join(folder, 'missing.gguf')
    await expect(loadModel(missing)).rejects.toThrow(`${missing}: cannot be opened: no such file`)
    await expect(loadModel(folder)).rejects.toThrow(`${folder}: is not a regular file`)
    await expect(loadModel(new URL(import.meta.url))).rejects.toThrow(/is not a GGUF file/)
    await expect(loadModel(missing)).rejects.toBeInstanceOf(FormatError)
    await expect(loadModel('https://example.com/model.gguf')).rejects.toThrow(/download the file first/)
  })

  test('what was chosen is told', async () => {
    const options = { context: 32, passes: 3, granularity: 'row', cacheType: 'f16', threads: 1 } as const
    await using model = await loadModel(path, { ...options, variant: 'generic', backend: 'native' })
    expect(model.info).toMatchObject({
      ...options,
      backend: 'native',
      variant: 'generic',
      architecture: 'llama',
      name: 'tiny',
      layers: 2,
      width: 64,
      heads: 4,
      kvHeads: 2,
      vocabulary: 288,
      trainedContext: 64,
      notice: undefined,
      // 2 layers · 64 positions (a page) · keys and values of 2 heads · 16 numbers · 2 bytes
      cacheBytes: 2 * 64 * 2 * 2 * 16 * 2,
    })
  })

  test.each(['--expose-gc', '--max-old-space-size=512', '--no-warnings', '--stack-trace-limit=20'])(
    'Node itself may run with %s',
    async (flag) => {
      const code = `import { loadModel } from 'multiscale'
        const model = await loadModel(${JSON.stringify(path)})
        console.log((await model.tokenize('x')).length > 0)
        await model.close()`
      expect(await runModule(code, [flag])).toMatchObject({ status: 0, stdout: 'true\n', stderr: '' })
    },
  )

  test('the default context is what the model was trained for', async () => {
    await using model = await loadModel(path)
    expect(model.info).toMatchObject({ context: 64, passes: 2, granularity: 'group', cacheType: 'int8' })
    const long = join(folder, 'long.gguf')
    writeFileSync(long, tinyGguf({ context: 1_000_000 }))
    await using bounded = await loadModel(long)
    expect(bounded.info).toMatchObject({ context: 4096, trainedContext: 1_000_000 })
  })

  test('more than the machine has is refused before anything is loaded, with numbers', async () => {
    const huge = join(folder, 'huge.gguf')
    writeFileSync(huge, tinyGguf({ context: 0xffffffff }))
    const progress: unknown[] = []
    const loading = loadModel(huge, { context: 4_000_000_000, onProgress: (event) => progress.push(event) })
    // 2 layers · 2 heads · keys and values of 16 bytes and a scale, a 64th of the shift = 164 a position
    await expect(loading).rejects.toThrow(
      /huge\.gguf needs about \d+ GB of memory \(weights .*, cache 656 GB, .* available/,
    )
    expect(progress).toEqual([])
  })
})

describe('generate', () => {
  let model: Model
  beforeAll(async () => {
    model = await loadModel(path)
  })
  afterAll(() => model.close())

  const cases: [options: object, message: string][] = [
    [{ maxTokens: -1 }, 'maxTokens must be a whole number, not -1'],
    [{ maxTokens: 1.5 }, 'maxTokens must be a whole number, not 1.5'],
    [{ maxTokens: Number.NaN }, 'maxTokens must be a whole number, not NaN'],
    [{ temperature: Number.NaN }, 'temperature must be a finite number ≥ 0; it is NaN'],
    [{ temperature: -1 }, 'temperature must be'],
    [{ topK: -1 }, 'topK must be an integer ≥ 0'],
    [{ topP: 0 }, 'topP must be above 0 and at most 1; it is 0'],
    [{ minP: 2 }, 'minP must be from 0 to 1; it is 2'],
    [{ repetitionPenalty: 0 }, 'repetitionPenalty must be'],
    [{ repetitionWindow: -1 }, 'repetitionWindow must be'],
    [{ seed: -1 }, 'The seed must be an integer from 0 to 2^53 − 1, it is -1'],
    [{ logProbabilities: -1 }, 'The number of log-probabilities must be an integer ≥ 0, it is -1'],
    [{ stop: [''] }, 'A stop string is empty'],
    [{ stop: 'text' }, 'stop must be an array of texts, not string'],
    [{ onToken() {} }, "generate has no option 'onToken'; there are maxTokens, stop"],
    [{ temprature: 1 }, "generate has no option 'temprature'"],
  ]
  test.each(cases)('%j', async (options, message) => {
    await expect(model.generate('x', options as GenerateOptions).result).rejects.toThrow(message)
    const iterate = async () => {
      for await (const _ of model.generate('x', options as GenerateOptions)) expect.fail('it generated')
    }
    await expect(iterate()).rejects.toThrow(message)
  })

  test.each<[prompt: string | number[], options: GenerateOptions, message: string]>([
    ['', { addSpecial: false }, 'the prompt is empty'],
    [[], {}, 'the prompt is empty'],
    [[288], {}, 'token id 288 is not within the vocabulary of 288 tokens'],
    [[5, -1], {}, 'token 1 is -1, which is no token id'],
    [[1.5], {}, 'token 0 is 1.5, which is no token id'],
    [[Number.NaN], {}, 'token 0 is NaN, which is no token id'],
    [[2 ** 32 + 5], {}, 'token 0 is 4294967301, which is no token id'],
  ])('the prompt %j', async (prompt, options, message) => {
    await expect(model.generate(prompt, options).result).rejects.toThrow(message)
  })

  test('an empty prompt is fine where the model begins by itself', async () => {
    expect((await model.generate('', { maxTokens: 1 }).result).promptTokens[0]).toBe(1)
  })

  test('after all that it still works', async () => {
    expect((await model.generate('x', { maxTokens: 3, ignoreEos: true }).result).tokens).toHaveLength(3)
  })

  test.each<[method: 'score' | 'logits', ids: number[], from: number | undefined, message: string]>([
    ['score', [1, 2, 3], 0, 'scores can begin at token 1 to 3, not 0'],
    ['score', [1, 2, 3], 4, 'scores can begin at token 1 to 3, not 4'],
    ['score', [], undefined, 'scores can begin at token 1'],
    ['score', [1, 288], undefined, 'Token id 288 is outside the 288 logits'],
    ['score', [288, 1], undefined, 'token id 288 is not within the vocabulary'],
    ['score', [1, -1], undefined, 'token 1 is -1'],
    ['logits', [1, 2], 2, 'logits can begin after token 0 to 1, not 2'],
    ['logits', [1, 2], 0.5, 'logits can begin after token 0 to 1, not 0.5'],
    ['logits', [1.5], undefined, 'token 0 is 1.5'],
  ])('%s of %j from %s', async (method, ids, from, message) => {
    await expect(model[method](ids, { from })).rejects.toThrow(message)
  })

  test('detokenize', async () => {
    await expect(model.detokenize([288])).rejects.toThrow('Token id 288 is outside the vocabulary')
    await expect(model.detokenize([-1])).rejects.toThrow('token 0 is -1')
  })
})
