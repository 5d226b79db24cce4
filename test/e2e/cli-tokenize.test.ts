import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tokenizerFromJson } from '../../src/tokenizer/index.js'
import { expectFailure, multiscale } from '../helpers/cli.js'
import { skipWithoutData, storiesPath, vocabPath } from '../helpers/stories.js'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'multiscale-tokenize-'))
})
afterAll(() => rmSync(folder, { recursive: true }))
const file = (name: string, content: string | Uint8Array) => {
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}

const TEXT = "Once upon a time, there was a cat. It's 123 years old!\n"

/** A WordPiece tokenizer of the goldens. */
function wordPiece() {
  const rows = readFileSync(new URL('../golden/tokenizer-json.jsonl', import.meta.url), 'utf8').split('\n')
  return rows.map((row) => row && JSON.parse(row)).find(([kind]) => kind === 'tokenizer')[1]
}

describe('the built-in model', () => {
  test('ids, count and pieces', async () => {
    const input = { input: TEXT }
    const ids = await multiscale(['tokenize', '-', '--no-add-special'], input)
    expect(ids).toMatchObject({ status: 0, stderr: '' })
    expect(ids.stdout).toMatch(/^(\d+\n)+$/)
    const count = await multiscale(['tokenize', '-', '--count', '--no-add-special'], input)
    expect(count.stdout).toBe(`${ids.stdout.trimEnd().split('\n').length}\n`)
    const pieces = await multiscale(['tokenize', file('text.txt', TEXT), '--pieces', '--no-add-special'])
    const rows = pieces.stdout
      .trimEnd()
      .split('\n')
      .map((row) => row.split('\t'))
    expect(rows.map(([, piece]) => JSON.parse(piece!)).join('')).toBe(TEXT)
    expect(`${rows.map(([id]) => id).join('\n')}\n`).toBe(ids.stdout)
  })

  test('an empty text is no token; --json says what was done', async () => {
    expect(await multiscale(['tokenize', '-', '--count', '--no-add-special'])).toMatchObject({
      status: 0,
      stdout: '0\n',
    })
    const { stdout } = await multiscale(['tokenize', '-', '--json', '--no-add-special'], { input: TEXT })
    expect(JSON.parse(stdout)).toMatchObject({
      characters: TEXT.length,
      ids: expect.any(Array),
      stats: { chunks: 1, joins: 0, retries: 0, threads: 1, sequential: true },
    })
  })

  test('a BOM is text, and parts of characters are shown as U+FFFD', async () => {
    const flags = ['--pieces', '--json', '--no-add-special']
    const { stdout, stderr } = await multiscale(['tokenize', '-', ...flags], { input: '\uFEFF☃ a' })
    expect(stderr).toBe('')
    const { tokens, characters, pieces } = JSON.parse(stdout)
    expect(characters).toBe(4)
    expect(pieces).toHaveLength(tokens)
    expect(pieces.map(({ text }: { text: string }) => text).join('')).toBe(`${'\uFFFD'.repeat(6)} a`)
  })

  test('--special reads control tokens, --threads is a number', async () => {
    const input = { input: '<|endoftext|>' }
    const flags = ['--count', '--no-add-special']
    expect((await multiscale(['tokenize', '-', ...flags, '--special'], input)).stdout).toBe('1\n')
    expect((await multiscale(['tokenize', '-', ...flags], input)).stdout).not.toBe('1\n')
    const { status, stderr } = await multiscale(['tokenize', '-', '--threads', '0'], input)
    expect([status, stderr]).toEqual([1, expect.stringMatching(/--threads.*above 0/)])
  })

  test('--verify encodes in chunks', async () => {
    const path = file('long.txt', TEXT.repeat(2000))
    const { status, stdout, stderr } = await multiscale([
      'tokenize',
      path,
      '--verify',
      '--count',
      '--threads',
      '2',
    ])
    expect(status).toBe(0)
    expect(stderr).toMatch(
      /^\[verified: the same ids in chunks and in sequence \| 16 chunks, 15 joins, 0 retried \| [12] threads?, /,
    )
    const json = JSON.parse((await multiscale(['tokenize', path, '--verify', '--json', '--count'])).stdout)
    expect(json).toMatchObject({ tokens: Number(stdout), verified: true, stats: { sequential: false } })
    expect(json).not.toHaveProperty('ids')
  })
})

test.skipIf(skipWithoutData)('a GGUF file without a model, and with one', async () => {
  for (const model of [vocabPath('llama-bpe-rebuilt'), storiesPath('f32')]) {
    const { status, stdout } = await multiscale([
      'tokenize',
      file('text.txt', TEXT.repeat(500)),
      '-m',
      model,
      '--verify',
    ])
    expect(status).toBe(0)
    expect(stdout.split('\n').length).toBeGreaterThan(1000)
  }
})

test('a tokenizer.json that nothing is proved for is encoded in sequence', async () => {
  const split = { type: 'Split', pattern: { Regex: '\\b' }, behavior: 'Isolated' }
  const model = { type: 'WordLevel', vocab: { a: 0, '?': 1 }, unk_token: '?' }
  const path = file('unproved.json', JSON.stringify({ model, pre_tokenizer: split }))
  const flags = ['--tokenizer', path, '--verify', '--count']
  const { status, stdout, stderr } = await multiscale(['tokenize', '-', ...flags], {
    input: 'a b '.repeat(2000),
  })
  expect([status, stdout]).toEqual([0, '8000\n'])
  expect(stderr).toBe(
    '[nothing to verify: no joins are proved for this tokenizer and text, all was encoded in sequence]\n',
  )
})

test('a tokenizer.json', async () => {
  const json = wordPiece()
  const path = file('tokenizer.json', JSON.stringify(json))
  const { stdout } = await multiscale(['tokenize', '-', '--tokenizer', path], { input: TEXT })
  const expected = Array.from(tokenizerFromJson(json).encode(TEXT))
  expect(stdout).toBe(`${expected.join('\n')}\n`)
})

describe('errors', () => {
  test.each([
    ['no text', ['none.txt'], /no such file.*none\.txt/],
    ['no model', ['-', '--model', 'none.gguf'], /none\.gguf/],
    ['no tokenizer', ['-', '--tokenizer', 'none.json'], /none\.json/],
  ])('%s', async (_what, arguments_, message) => {
    expectFailure(await multiscale(['tokenize', ...arguments_]), message)
  })

  test('text that is not UTF-8', async () => {
    const path = file('latin1.txt', Buffer.from('caf\xe9', 'latin1'))
    expectFailure(await multiscale(['tokenize', path]), `${path} is not UTF-8 text; convert it first`)
    const input = Buffer.from([0xf0, 0x9f, 0x99])
    expectFailure(await multiscale(['tokenize', '-'], { input }), 'stdin is not UTF-8 text; convert it first')
  })

  test('files that are something else are named', async () => {
    const text = file('other.json', '{"model": {"type": "BPE"}}')
    expectFailure(await multiscale(['tokenize', '-', '--tokenizer', text]), `${text}: tokenizer.json: `)
    const broken = file('broken.json', '{')
    expectFailure(await multiscale(['tokenize', '-', '--tokenizer', broken]), `${broken} is no JSON`)
  })

  test('options that exclude each other', async () => {
    const { status, stderr } = await multiscale(['tokenize', '-', '--ids', '--count'])
    expect(status).toBe(1)
    expect(stderr).toMatch(/--ids.*cannot be used with.*--count/)
  })
})
