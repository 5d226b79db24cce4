import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { tokenizerFromJson } from '../../src/tokenizer/index.js'

/** Hostile tokenizer.json: one clear error that names the key, never a crash, a hang or a silent guess. */
const goldens: unknown[] = readFileSync(new URL('../golden/tokenizer-json.jsonl', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .filter((line) => line.startsWith('["tokenizer"'))
  .map((line) => JSON.parse(line)[1])

const odd = fc.oneof(
  fc.constantFrom<unknown>(null, undefined, true, 0, -1, 0.5, 1e300, Number.NaN, '', 'x', [], {}, [[]], {
    type: 'X',
  }),
  fc.constantFrom<unknown>(
    '__proto__',
    { __proto__: null },
    ['a', 'b', 'c'],
    { type: 'Sequence' },
    2 ** 31,
    '\ud800',
  ),
  fc.jsonValue(),
)

/** Puts `value` at the place that `path` leads to: numbers choose among the entries of what is there. */
function broken(root: unknown, path: number[], value: unknown): unknown {
  const copy = structuredClone(root)
  let at = copy as Record<string, unknown>
  for (let depth = 0; ; depth++) {
    const keys = Object.keys(at)
    if (keys.length === 0) return copy
    const key = keys[path[depth]! % keys.length]!
    const next = at[key]
    if (depth === path.length - 1 || typeof next !== 'object' || next === null) {
      at[key] = value
      return copy
    }
    at = next as Record<string, unknown>
  }
}

test('files with one thing changed load, or fail with an error that says where', () => {
  const path = fc.array(fc.nat(1000), { minLength: 1, maxLength: 6 })
  fc.assert(
    fc.property(fc.nat(goldens.length - 1), path, odd, (which, steps, value) => {
      const json = broken(goldens[which], steps, value)
      let tokenizer: ReturnType<typeof tokenizerFromJson>
      try {
        tokenizer = tokenizerFromJson(json)
      } catch (error) {
        expect((error as Error).constructor).toBe(Error)
        expect((error as Error).message).toMatch(/^tokenizer\.json: \S/)
        expect((error as Error).message.length).toBeLessThan(2000)
        return
      }
      try {
        tokenizer.encode('Hello, wörld! <s> 123\u0301')
      } catch (error) {
        expect((error as Error).message).toMatch(/^The vocabulary has /)
      }
    }),
    { numRuns: 3000 },
  )
})

describe('one by one', () => {
  const part = (type: string, more = {}) => ({ type, ...more })
  const file = (more: object) => ({ model: { type: 'WordLevel', vocab: { a: 0 }, unk_token: 'a' }, ...more })
  const cyclic: { type: string; normalizers: unknown[] } = { type: 'Sequence', normalizers: [] }
  cyclic.normalizers.push(cyclic)
  let wide: unknown = part('NFC')
  for (let i = 0; i < 20; i++) wide = part('Sequence', { normalizers: [wide, wide] })
  const bpe = (more: object) =>
    file({ model: { type: 'BPE', vocab: { a: 0, b: 1, ab: 2 }, merges: [], ...more } })
  test.each([
    ['no object', 7, 'the file should be an object, it is number 7'],
    ['no model', {}, 'model should be an object, it is missing'],
    ['no type', { model: {} }, 'model.type should be one of BPE'],
    [
      'unknown model',
      { model: part('LSTM') },
      'model.type should be one of BPE, Unigram, WordPiece, WordLevel, it is string "LSTM"',
    ],
    ['no vocabulary', { model: part('BPE') }, 'model.vocab should be an object, it is missing'],
    ['id too large', bpe({ vocab: { a: 2 ** 40 } }), 'model.vocab["a"] is number 1099511627776'],
    ['merge of one', bpe({ merges: ['ab'] }), 'model.merges[0] is "ab", not two tokens'],
    [
      'merge of unknown tokens',
      bpe({ merges: ['a c'] }),
      'model.merges[0] is "a c", but model.vocab does not hold "c"',
    ],
    ['merge to an unknown token', bpe({ merges: ['b a'] }), 'model.vocab does not hold "ba"'],
    ['dropout', bpe({ dropout: 0.1 }), 'model.dropout is set'],
    [
      'unknown token unknown',
      bpe({ unk_token: 'x' }),
      'model.unk_token is "x", which model.vocab does not hold',
    ],
    [
      'unknown normalizer',
      file({ normalizer: part('Sequence', { normalizers: [part('Magic')] }) }),
      'normalizer.normalizers[0].type is "Magic", a normalizer that is not supported; known are: Sequence, NFC',
    ],
    [
      'inherited names',
      file({ normalizer: part('constructor') }),
      'normalizer.type is "constructor", a normalizer that is not supported',
    ],
    [
      'unknown pre-tokenizer',
      file({ pre_tokenizer: part('Magic') }),
      'pre_tokenizer.type is "Magic", a pre-tokenizer',
    ],
    [
      'unknown post-processor',
      file({ post_processor: part('Magic') }),
      'post_processor.type is "Magic", a post-processor',
    ],
    ['CTC', file({ decoder: part('CTC') }), 'decoder.type is "CTC", a decoder that is not supported'],
    ['cyclic', file({ normalizer: cyclic }), 'lies too deep: more than 32 levels'],
    ['many', file({ normalizer: wide }), 'one normalizer too many: more than 1000'],
    [
      'damaged charsmap',
      file({ normalizer: part('Precompiled', { precompiled_charsmap: 'AAAA' }) }),
      'normalizer.precompiled_charsmap holds 3 bytes that are no SentencePiece charsmap',
    ],
    [
      'no base64',
      file({ normalizer: part('Precompiled', { precompiled_charsmap: '!' }) }),
      'precompiled_charsmap is not base64',
    ],
    [
      'bytes not last',
      file({ pre_tokenizer: part('Sequence', { pretokenizers: [part('ByteLevel'), part('Whitespace')] }) }),
      'pre_tokenizer has other pre-tokenizers after ByteLevel',
    ],
    [
      'template without text',
      file({ post_processor: part('TemplateProcessing', { single: [], special_tokens: {} }) }),
      'post_processor.single leaves out the text',
    ],
    [
      'token beyond the vocabulary',
      file({ post_processor: part('BertProcessing', { cls: ['x', 9], sep: ['x', 9] }) }),
      'post_processor adds token 9, but the vocabulary ends at 0',
    ],
  ])('%s', (_what, json, message) => {
    expect(() => tokenizerFromJson(json)).toThrow(message)
  })
})
