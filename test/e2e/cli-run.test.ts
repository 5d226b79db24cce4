import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { expectFailure, finished, multiscale, startMultiscale } from '../helpers/cli.js'
import { goldens, skipWithoutData, storiesPath, vocabPath } from '../helpers/stories.js'
import { tinyGguf, withNanScale } from '../helpers/tiny-model.js'

const MODEL = ['--model', storiesPath('f32')]
/** As exact as the goldens. */
const EXACT = ['--kv', 'f32']
const GREEDY = ['--greedy', '--ignore-eos']
const [golden] = goldens

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'multiscale-cli-'))
})
afterAll(() => rmSync(folder, { recursive: true }))
const file = (name: string, content: string | Uint8Array) => {
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}

describe.skipIf(skipWithoutData)('run', () => {
  test.each(
    goldens.flatMap(({ name, ...rest }) =>
      ['native', 'reference'].map((backend) => ({ name, backend, ...rest })),
    ),
  )('--json, $name, $backend: the golden ids, and nothing else on stdout', async (golden) => {
    const { backend, text, prompt_ids, greedy_ids, greedy_text } = golden
    const flags = [...MODEL, ...GREEDY, '-n', '200', '--json', '--backend', backend, ...EXACT]
    const { status, stdout, stderr } = await multiscale(['run', text, ...flags])
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout.trimEnd().split('\n')).toHaveLength(1)
    const { stats, ...rest } = JSON.parse(stdout)
    expect(rest).toEqual({
      text: greedy_text,
      tokens: greedy_ids,
      promptTokens: prompt_ids,
      finishReason: 'length',
    })
    expect(stats).toEqual({
      loadSeconds: expect.any(Number),
      prefillTokensPerSecond: expect.any(Number),
      decodeTokensPerSecond: expect.any(Number),
      peakMemoryBytes: expect.any(Number),
      backend,
      variant: expect.stringMatching(/^\w+$/),
      threads: expect.any(Number),
      decodeThreads: expect.any(Number),
      passes: 2,
      granularity: 'group',
      cacheType: 'f32',
      context: 512,
    })
    for (const [key, value] of Object.entries(stats)) {
      if (typeof value === 'number') expect(value, key).toBeGreaterThan(0)
    }
  })

  test('the text goes to stdout, one line of statistics to stderr', async () => {
    const flags = [...MODEL, ...GREEDY, '-n', '60', '--threads', '1', '--passes', '3', '--kv', 'f16']
    const { status, stdout, stderr } = await multiscale(['run', golden.text, ...flags])
    expect(status).toBe(0)
    expect(`${golden.greedy_text}\n`.startsWith(stdout.trimEnd())).toBe(true)
    expect(stdout).toMatch(/[^\n]\n$/)
    expect(stderr).toMatch(
      /^\[loaded in [\d.]+ s \| prompt 5 tokens at [\d.]+ tok\/s \| answer 60 tokens at [\d.]+ tok\/s \| peak memory \d+(\.\d+)? MB \| native \w+, 1 thread \| 3 digits per group \| f16 cache, context 512\]\n$/,
    )
  })

  test('a prompt from stdin, from a file, and on the command line are the same prompt', async () => {
    const { text } = goldens[2]
    const flags = [...MODEL, ...GREEDY, '-n', '20', '--json']
    const results = await Promise.all([
      multiscale(['run', text, ...flags]),
      multiscale(['run', '-', ...flags], { input: text }),
      multiscale(['run', '--prompt-file', file('prompt.txt', text), ...flags]),
    ])
    for (const { stdout } of results) {
      expect(JSON.parse(stdout)).toMatchObject({
        promptTokens: goldens[2].prompt_ids,
        tokens: goldens[2].greedy_ids.slice(0, 20),
      })
    }
  })

  test('--stop, more than once, also before the prompt', async () => {
    const flags = [...MODEL, ...GREEDY, '--stop', 'never in it', '--stop', ' named', '--json']
    const { stdout } = await multiscale(['run', ...flags.slice(0, -1), golden.text, '--json'])
    expect(JSON.parse(stdout)).toMatchObject({
      text: golden.greedy_text.slice(0, golden.greedy_text.indexOf(' named')),
      finishReason: 'stop',
    })
  })

  test('--seed draws the same text; --temp 0 is greedy; -n 0 gives none', async () => {
    const json = async (...flags: string[]) =>
      JSON.parse((await multiscale(['run', golden.text, ...MODEL, '--json', '-n', '20', ...flags])).stdout)
    const [a, b, c, cold, none] = await Promise.all([
      json('--seed', '5', '--temp', '1.5'),
      json('--seed', '5', '--temp', '1.5'),
      json('--seed', '6', '--temp', '1.5'),
      json('--temp', '0'),
      json('-n', '0'),
    ])
    expect(b.tokens).toEqual(a.tokens)
    expect(c.tokens).not.toEqual(a.tokens)
    expect(cold.tokens).toEqual(golden.greedy_ids.slice(0, 20))
    expect(none).toMatchObject({ text: '', tokens: [] })
  })

  test('the default length gives way to the context; one that was asked for does not', async () => {
    const flags = [...MODEL, ...GREEDY, '--ctx', '20', '--json']
    const { stdout } = await multiscale(['run', golden.text, ...flags])
    expect(JSON.parse(stdout).tokens).toEqual(golden.greedy_ids.slice(0, 15))
    expectFailure(
      await multiscale(['run', golden.text, ...flags, '-n', '16']),
      '5 prompt tokens and 16 new ones do not fit a context of 20',
    )
  })

  test('a reader that goes away ends it quietly', async () => {
    const child = startMultiscale([
      'run',
      golden.text,
      ...MODEL,
      ...GREEDY,
      '-n',
      '500',
      '--backend',
      'reference',
    ])
    child.stdout.once('data', () => child.stdout.destroy())
    const { status, stderr } = await finished(child)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  })

  test('Ctrl-C ends it with 130, and what was printed stays', async () => {
    const flags = [...MODEL, ...GREEDY, '-n', '500', '--backend', 'reference']
    const child = startMultiscale(['run', golden.text, ...flags])
    child.stdout.once('data', () => child.kill('SIGINT'))
    const { status, stdout, stderr } = await finished(child)
    expect({ status, stderr }).toEqual({ status: 130, stderr: '' })
    expect(stdout.length).toBeGreaterThan(0)
    expect(golden.greedy_text.startsWith(stdout)).toBe(true)
  })
})

describe.skipIf(skipWithoutData)('run: one clear line for what cannot be', () => {
  const run = (...flags: string[]) => multiscale(['run', ...flags])

  test('options', async () => {
    const failures: [flags: string[], message: string][] = [
      [['x', ...MODEL, '--nonsense'], "unknown option '--nonsense'"],
      [[...MODEL], 'there is no prompt'],
      [['x', 'y', ...MODEL], 'too many arguments'],
      [['x', ...MODEL, '--greedy', '--temp', '1'], '--greedy cannot be combined with --temp'],
      [['x', ...MODEL, '--greedy', '--top-k', '5'], "'--greedy' cannot be used with option '--top-k <k>'"],
      [['x', ...MODEL, '--temp', 'warm'], "'--temp <t>' argument 'warm' is invalid"],
      [['x', ...MODEL, '--temp', '-1'], 'temperature must be a finite number ≥ 0; it is -1'],
      [['x', ...MODEL, '-n', '2.5'], "argument '2.5' is invalid"],
      [['x', ...MODEL, '--threads', '0'], "'--threads <n>' argument '0' is invalid"],
      [['x', ...MODEL, '--passes', '4'], "'--passes <digits>' argument '4' is invalid"],
      [['x', ...MODEL, '--variant', 'nonsense'], 'no variant is called nonsense'],
      [['x', ...MODEL, '--ctx', '513'], 'a context of 513 is more than the 512 positions'],
      [['x', ...MODEL, '--prompt-file', 'y'], 'give a prompt or --prompt-file, not both'],
      [[...MODEL, '--prompt-file', join(folder, 'none.txt')], join(folder, 'none.txt')],
    ]
    for (const [flags, message] of failures) expectFailure(await run(...flags), message)
  })

  test('without a model and a prompt, the built-in one tells a story', async () => {
    const { status, stdout, stderr } = await multiscale(['run', '-n', '40', '--seed', '1', '--json'])
    expect(status, stderr).toBe(0)
    const { text, promptTokens } = JSON.parse(stdout)
    expect(promptTokens.length).toBeGreaterThan(1)
    expect(text).toMatch(/^,? .*\b(girl|boy|named|called)\b/s)
  })

  test('files', async () => {
    const nan = tinyGguf({
      type: 'Q4_0',
      tensors: (list) => list.map((t) => (t.name === 'blk.1.ffn_up.weight' ? withNanScale(t, 11) : t)),
    })
    const whole = tinyGguf()
    const failures: [model: string, message: string | RegExp][] = [
      [join(folder, 'none.gguf'), `${join(folder, 'none.gguf')}: cannot be opened: no such file`],
      [folder, `${folder}: is not a regular file`],
      [file('cut.gguf', whole.subarray(0, whole.length / 2)), /cut\.gguf: tensor "blk\.\d\..*" ends at byte/],
      [file('stub.gguf', whole.subarray(0, 11)), /stub\.gguf: .*truncated/],
      [file('text.gguf', 'This is no model.'), /text\.gguf: is not a GGUF file/],
      [file('empty.gguf', ''), /empty\.gguf: /],
      [file('nan.gguf', nan), /blk\.1\.ffn_up\.weight.* row 5\b.* damaged/],
      [vocabPath('bert-bge'), /bert-bge\.gguf: architecture 'bert' is not supported/],
      [vocabPath('llama-spm'), /llama-spm\.gguf: has no tensor "token_embd\.weight"/],
    ]
    for (const [model, message] of failures) expectFailure(await run('x', '--model', model), message)
  })
})
