import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadModel } from 'multiscale'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { expectFailure, finished, multiscale, packageRoot, startMultiscale } from '../helpers/cli.js'
import {
  goldenLogits,
  goldens,
  STORIES,
  skipWithoutData,
  storiesPath,
  vocabPath,
} from '../helpers/stories.js'
import { tinyGguf } from '../helpers/tiny-model.js'
import { floatTolerance } from '../helpers/tolerance.js'

/** With a cache as exact as the goldens. */
const MODEL = ['--model', storiesPath('f32'), '--kv', 'f32']
let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'multiscale-cli-'))
})
afterAll(() => rmSync(folder, { recursive: true }))
const file = (name: string, content: string | Uint8Array) => {
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}

test('--version is that of the package; --help shows the commands', async () => {
  const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8'))
  expect(await multiscale(['--version'])).toMatchObject({ status: 0, stdout: `${version}\n`, stderr: '' })
  const help = await multiscale(['--help'])
  expect(help).toMatchObject({ status: 0, stderr: '' })
  for (const command of ['run', 'inspect', 'eval', 'tokenize', 'bench', 'doctor']) {
    expect(help.stdout).toMatch(new RegExp(`^  ${command} `, 'm'))
    const own = await multiscale([command, '--help'])
    expect(own).toMatchObject({ status: 0, stderr: '' })
    expect(own.stdout).toContain(`Usage: multiscale ${command}`)
  }
  const unknown = await multiscale(['frobnicate'])
  expect(unknown).toMatchObject({ status: 1, stdout: '' })
  expect(unknown.stderr).toContain("unknown command 'frobnicate'")
})

describe.skipIf(skipWithoutData)('inspect', () => {
  const path = storiesPath('q4_0')

  test('as text', async () => {
    const { status, stdout, stderr } = await multiscale(['inspect', path])
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    const rows = Object.fromEntries(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.split(/ {2,}/, 2)),
    )
    expect(rows).toMatchObject({
      file: `${path}, GGUF v3, 242 kB`,
      model: 'stories260K (llama)',
      types: 'Q4_0 115 kB (31 tensors), F16 110 kB (5 tensors), F32 2.82 kB (11 tensors)',
      layers: '5',
      heads: '8 query, 4 key/value, size 8',
      context: '512 tokens',
      embeddings: 'tied to the output',
    })
    expect(stdout).toMatch(/^memory +about \d+ MB at a context of 512: weights 228 kB, int8 cache 420 kB/m)
  })

  test('as JSON, with tensors, at a shorter context', async () => {
    const { stdout } = await multiscale([
      'inspect',
      path,
      '--json',
      '--tensors',
      '--ctx',
      '100',
      '--kv',
      'f32',
    ])
    const result = JSON.parse(stdout)
    expect(result).toMatchObject({
      architecture: 'llama',
      layers: 5,
      types: { Q4_0: { tensors: 31, bytes: 114912 } },
      run: { supported: true, context: 100, cacheBytesPerToken: 1280, memory: { cache: 128 * 1280 } },
    })
    expect(result.tensors).toHaveLength(47)
    expect(result.tensors[0]).toEqual({
      name: 'token_embd.weight',
      type: 'Q4_0',
      shape: [512, 64],
      byteLength: 18432,
    })
  })

  test('what cannot be run is shown all the same, with the reason', async () => {
    const rwkv = tinyGguf({ metadata: { 'tokenizer.ggml.model': 'rwkv' } })
    const norm = tinyGguf({ tensors: (list) => [...list, { ...list[1], name: 'blk.0.attn_q_norm.weight' }] })
    const cases: [path: string, reason: RegExp][] = [
      [vocabPath('llama-spm'), /has no tensor "token_embd\.weight"/],
      [vocabPath('bert-bge'), /architecture 'bert' is not supported; this version runs llama, qwen2/],
      [file('tokenizer.gguf', rwkv), /tokenizer model 'rwkv' is not supported/],
      [file('variant.gguf', norm), /tensor 'blk\.0\.attn_q_norm\.weight' has no place/],
    ]
    for (const [path, reason] of cases) {
      const [text, json] = await Promise.all([
        multiscale(['inspect', path]),
        multiscale(['inspect', path, '--json']),
      ])
      expect([text.status, json.status]).toEqual([0, 0])
      expect(/^memory +cannot be run: (.*)$/m.exec(text.stdout)?.[1]).toMatch(reason)
      expect(JSON.parse(json.stdout).run).toEqual({ supported: false, reason: expect.stringMatching(reason) })
    }
  })

  test('what is no model at all is an error', async () => {
    expectFailure(await multiscale(['inspect', join(folder, 'none')]), 'cannot be opened: no such file')
    expectFailure(await multiscale(['inspect', file('text', 'no model')]), 'is not a GGUF file')
    expectFailure(await multiscale(['inspect']), "missing required argument 'file'")
  })

  test.each(['inspect', 'eval'])('%s ends quietly when its reader goes away', async (command) => {
    const text = file('pipe.txt', 'Once upon a time there was a little girl.')
    const flags = command === 'eval' ? [text, ...MODEL] : [path, '--tensors']
    const child = startMultiscale([command, ...flags])
    child.stdout.destroy()
    const { status, stderr } = await finished(child)
    expect(stderr).not.toMatch(/EPIPE|^\s+at /m)
    expect(status).toBe(0)
  })
})

describe.skipIf(skipWithoutData)('eval', () => {
  /** Prompts whose text tokenizes into the golden ids, so that their golden logits are those of the text. */
  const suitable = goldens.filter(({ name }) => name !== 'p2')

  test.each(suitable)('$name: the perplexity that the golden logits give', async (golden) => {
    // The goldens end before the last token is read, and a text's last token is only scored.
    const ids = [...golden.prompt_ids, ...golden.greedy_ids]
    const expected = logProbabilities(goldenLogits(golden.logits_file), ids)
    const path = file(`${golden.name}.txt`, golden.text + golden.greedy_text)
    const saved = join(folder, `${golden.name}.f64`)
    const { status, stdout, stderr } = await multiscale(['eval', path, ...MODEL, '--json', '--save', saved])
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    const result = JSON.parse(stdout)
    expect(result).toMatchObject({
      tokens: ids.length,
      scoredTokens: ids.length - 1,
      window: 512,
      stride: 256,
      stats: { backend: 'native', passes: 2, granularity: 'group', cacheType: 'f32' },
    })
    // A log-probability is the difference of two numbers within the tolerance of a logit, whose sizes are below 24.
    const tolerance = 2 * floatTolerance(STORIES, ids.length, 24)
    const entropy = -expected.reduce((a, b) => a + b) / expected.length
    expect(Math.abs(result.crossEntropy - entropy)).toBeLessThanOrEqual(tolerance)
    expect(result.perplexity).toBe(Math.exp(result.crossEntropy))
    // --save: one float64 a scored token.
    const bytes = readFileSync(saved)
    const values = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))
    expect(values).toHaveLength(expected.length)
    for (const [i, value] of values.entries()) {
      expect(Math.abs(value - expected[i]), `token ${i + 1}`).toBeLessThanOrEqual(tolerance)
    }
  })

  test('windows: each token with the context that its window has', async () => {
    const { text, greedy_text } = goldens[0]
    const path = file('windows.txt', text + greedy_text)
    const flags = ['--ctx', '48', '--stride', '20', '--max-tokens', '100', '--json']
    const { stdout } = await multiscale(['eval', path, ...MODEL, ...flags])
    await using model = await loadModel(storiesPath('f32'), { cacheType: 'f32' })
    const ids = (await model.tokenize(text + greedy_text)).subarray(0, 100)
    const scores: number[] = []
    // [0, 48), [20, 68), [40, 88), [60, 100): each scores what the one before did not reach.
    for (const [begin, from, end] of [
      [0, 1, 48],
      [20, 48, 68],
      [40, 68, 88],
      [60, 88, 100],
    ]) {
      scores.push(...(await model.score(ids.subarray(begin, end), { from: from - begin })))
    }
    const sum = scores.reduce((a, b) => a + b)
    expect(JSON.parse(stdout)).toMatchObject({
      tokens: 100,
      scoredTokens: 99,
      window: 48,
      stride: 20,
      crossEntropy: -sum / 99,
      perplexity: Math.exp(-sum / 99),
    })
  })

  test('as text', async () => {
    const path = file('text.txt', goldens[0].text + goldens[0].greedy_text)
    const { status, stdout, stderr } = await multiscale(['eval', path, ...MODEL])
    expect(status).toBe(0)
    expect(stdout).toMatch(/^perplexity \d+\.\d{4} over 204 tokens \(window 512, stride 256\)\n$/)
    expect(stderr).toMatch(
      /^\[[\d.]+ tok\/s \| peak memory .* \| native \w+, \d+ threads? \| 2 digits per group \| f32 cache\]\n$/,
    )
  })

  test('one clear line for what cannot be', async () => {
    const text = file('short.txt', 'Once upon a time')
    const failures: [flags: string[], message: string][] = [
      [[join(folder, 'none.txt'), ...MODEL], join(folder, 'none.txt')],
      [[file('empty.txt', ''), ...MODEL], 'perplexity needs 2 tokens or more; the text has 1'],
      [[text, ...MODEL, '--ctx', '8', '--stride', '8'], 'the stride must be 1 to 7 tokens for a window of 8'],
      [[text, ...MODEL, '--ctx', '1'], 'the window must be 2 tokens or more, not 1'],
      [[text, ...MODEL, '--ctx', '513'], 'a context of 513 is more than the 512 positions'],
      [[text, ...MODEL, '--save', join(folder, 'none', 'x')], join(folder, 'none', 'x')],
    ]
    for (const [flags, message] of failures) expectFailure(await multiscale(['eval', ...flags]), message)
  })
})

/** Of ids[1 …], each by the row before it. */
function logProbabilities(logits: Float32Array, ids: readonly number[]): number[] {
  const { vocabulary } = STORIES
  return ids.slice(1).map((id, i) => {
    const row = logits.subarray(i * vocabulary, (i + 1) * vocabulary)
    const top = Math.max(...row)
    const total = row.reduce((sum, value) => sum + Math.exp(value - top), 0)
    return row[id] - top - Math.log(total)
  })
}
