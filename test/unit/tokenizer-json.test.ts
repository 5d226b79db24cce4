import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { loadTokenizer, type Tokenizer, tokenizerFromJson } from '../../src/tokenizer/index.js'
import { translateRegex } from '../../src/tokenizer/json/regex.js'

type Json = Record<string, unknown>
const BYTES = Array.from(
  { length: 256 },
  (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
)
const ids = (tokens: readonly string[]) => Object.fromEntries(tokens.map((token, id) => [token, id]))
const added = (id: number, content: string, more: Json = {}) => ({
  id,
  content,
  single_word: false,
  lstrip: false,
  rstrip: false,
  normalized: false,
  special: false,
  ...more,
})

/** Words of a and b, spaces as ▁, bytes for everything else. */
function bpe(more: Json = {}, model: Json = {}) {
  const tokens = ['<unk>', '<s>', ...BYTES, '▁', 'a', 'b', 'ab', '▁ab']
  return {
    added_tokens: [added(1, '<s>', { special: true })],
    normalizer: { type: 'Replace', pattern: { String: ' ' }, content: '▁' },
    decoder: {
      type: 'Sequence',
      decoders: [
        { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
        { type: 'ByteFallback' },
        { type: 'Fuse' },
      ],
    },
    ...more,
    model: {
      type: 'BPE',
      vocab: ids(tokens),
      merges: ['a b', ['▁', 'ab']],
      unk_token: '<unk>',
      byte_fallback: true,
      fuse_unk: true,
      ...model,
    },
  }
}
function words(more: Json = {}) {
  return {
    model: { type: 'WordLevel', vocab: ids(['?', 'a', 'b', 'É', 'é']), unk_token: '?' },
    pre_tokenizer: { type: 'Whitespace' },
    ...more,
  }
}
const texts = (tokenizer: Tokenizer, text: string, options = {}) =>
  Array.from(tokenizer.encode(text, { addSpecial: false, ...options }), (id) => tokenizer.tokenText(id))

const goldens = readFileSync(new URL('../golden/tokenizer-json.jsonl', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .filter((line) => line.startsWith('["tokenizer"'))
  .map((line) => JSON.parse(line)[1])
const anyText = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 8 }),
      fc.string({ unit: 'binary', maxLength: 3 }),
      fc.constantFrom(
        ' ',
        '  ',
        '\n',
        "'s",
        '12',
        '\uFEFF',
        '\u0085',
        '</s>',
        '<mask>',
        '▁',
        'Ball',
        '\ud800',
        '\udc00',
      ),
    ),
    { maxLength: 20 },
  )
  .map((parts) => parts.join(''))

describe('any text', () => {
  test.each(goldens.map((json, i) => ({ json, name: `${i}: ${json.model.type}` })))('$name', ({ json }) => {
    const tokenizer = tokenizerFromJson(json)
    fc.assert(
      fc.property(anyText, fc.boolean(), (text, parseSpecial) => {
        const all = tokenizer.encode(text, { parseSpecial })
        const offsets = tokenizer.offsets(text, { parseSpecial })
        expect(offsets.ids).toEqual(all)
        const bytes = new TextEncoder().encode(text)
        let last = 0
        for (let i = 0; i < all.length; i++) {
          const [start, end] = [offsets.starts[i]!, offsets.ends[i]!]
          const [byteStart, byteEnd] = [offsets.byteStarts[i]!, offsets.byteEnds[i]!]
          expect(start <= end && end <= text.length && byteStart <= byteEnd).toBe(true)
          expect(byteEnd).toBeLessThanOrEqual(bytes.length)
          expect(byteEnd).toBeGreaterThanOrEqual(last)
          last = byteStart
        }
        tokenizer.decode(all)
      }),
      { numRuns: 200 },
    )
  })

  test('comes back where nothing is lost, and its offsets are those of its bytes', () => {
    const tokenizer = tokenizerFromJson(bpe())
    fc.assert(
      fc.property(anyText, (raw) => {
        const text = raw.toWellFormed().replaceAll('▁', ' ')
        const { ids: all, byteStarts, byteEnds } = tokenizer.offsets(text)
        expect(tokenizer.decode(all)).toBe(text)
        const whole = new TextEncoder().encode(text)
        all.forEach((id, i) => {
          expect(Buffer.from(whole.slice(byteStarts[i], byteEnds[i]))).toEqual(
            Buffer.from(tokenizer.bytesOf(id)),
          )
        })
      }),
    )
  })
})

describe('adversarial text costs no more than other text', () => {
  const pieces = [
    ['<unk>', 0],
    ['▁', -1],
    ['a', -1],
    ['aa', -1.5],
    ['a'.repeat(16), -3],
  ]
  const unigram = { model: { type: 'Unigram', unk_id: 0, vocab: pieces } }
  const wordPiece = {
    model: {
      type: 'WordPiece',
      unk_token: '?',
      vocab: ids(['?', 'a', '##a', '##b']),
      max_input_chars_per_word: 2 ** 30,
    },
  }
  // Time that grew with the square of the text would be hours here.
  test.each([
    ['BPE', bpe(), 'ab'.repeat(500_000)],
    ['BPE, one letter', bpe(), 'a'.repeat(1_000_000)],
    ['BPE, spaces', bpe(), ' '.repeat(1_000_000)],
    ['Unigram', unigram, 'a'.repeat(1_000_000)],
    ['Unigram, unknown', unigram, 'x'.repeat(1_000_000)],
    [
      'added tokens of spaces',
      words({ added_tokens: [added(9, ' ', { rstrip: true })] }),
      ' '.repeat(1_000_000),
    ],
    ['WordPiece', wordPiece, 'a'.repeat(1_000_000)],
    ['WordPiece, unknown', wordPiece, `${'a'.repeat(1_000_000)}x`],
    [
      'marks in NFC',
      { ...bpe({ normalizer: { type: 'NFC' } }) },
      `a${'\u0301'.repeat(300_000)}${'\u0316'.repeat(300_000)}`,
    ],
    ['marks in NFKD', { ...bpe({ normalizer: { type: 'NFKD' } }) }, '\u0301\u0316'.repeat(300_000)],
  ])('%s', (_what, json, text) => {
    const tokenizer = tokenizerFromJson(json)
    expect(tokenizer.encode(text).length).toBeGreaterThan(0)
    expect(tokenizer.offsets(text.slice(0, 10_000)).ids.length).toBeGreaterThan(0)
  })

  test('long runs of marks are normalized as short ones are', () => {
    const tokenizer = tokenizerFromJson({ ...words({ pre_tokenizer: null, normalizer: { type: 'NFD' } }) })
    const nfc = tokenizerFromJson(bpe({ normalizer: { type: 'NFC' } }))
    const marks = fc.array(
      fc.constantFrom('\u0301', '\u0316', '\u0334', '\u0345', '\u034f', '\u0323', '\u0344', 'é'),
      { minLength: 60, maxLength: 300, size: 'max' },
    )
    fc.assert(
      fc.property(marks, (all) => {
        const text = `x${all.join('')}y`
        expect(nfc.decode(nfc.encode(text))).toBe(text.normalize('NFC'))
        expect(tokenizer.encode(text)).toHaveLength(1)
      }),
    )
  })
})

describe('special tokens', () => {
  test('are plain text unless parsed, and no piece of plain text becomes one', () => {
    const tokenizer = tokenizerFromJson(bpe())
    expect(texts(tokenizer, 'a<s>', { parseSpecial: true })).toEqual(['a', '<s>'])
    expect(texts(tokenizer, 'a<s>')).toEqual(['a', '<0x3C>', '<0x73>', '<0x3E>'])
    const merged = bpe({ added_tokens: [added(261, 'ab', { special: true })] })
    expect(texts(tokenizerFromJson(merged), 'ab')).toEqual(['a', 'b'])
    const unigram = {
      added_tokens: [added(1, '</s>', { special: true })],
      model: {
        type: 'Unigram',
        unk_id: 0,
        vocab: [
          ['<unk>', 0],
          ['</s>', 0],
          ['a', -1],
        ],
      },
    }
    expect(texts(tokenizerFromJson(unigram), 'a</s>')).toEqual(['a', '<unk>'])
    expect(texts(tokenizerFromJson(unigram), 'a</s>', { parseSpecial: true })).toEqual(['a', '</s>'])
  })

  test('in text: single words, stripped spaces, before and after normalization', () => {
    const tokens = [
      added(10, 'w', { single_word: true }),
      added(11, '<l>', { lstrip: true }),
      added(12, '<r>', { rstrip: true, special: true }),
      added(13, 'É', { normalized: true }),
      added(14, 'A'),
    ]
    const tokenizer = tokenizerFromJson(words({ added_tokens: tokens, normalizer: { type: 'Lowercase' } }))
    const parsed = (text: string) => texts(tokenizer, text, { parseSpecial: true })
    expect(parsed('w a ww a  <l>b <r>  b')).toEqual(['w', 'a', '?', 'a', '<l>', 'b', '<r>', 'b'])
    // É is found as é, for it is normalized; A as it is.
    expect(parsed('É é A a')).toEqual(['É', 'É', 'A', 'a'])
    const { starts, ends } = tokenizer.offsets('a  <l>b', { parseSpecial: true })
    expect([Array.from(starts), Array.from(ends)]).toEqual([
      [0, 1, 6],
      [1, 6, 7],
    ])
  })

  test('are added as the template says, and as the configuration does for classes that ask it', () => {
    const single = [{ SpecialToken: { id: '<s>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }]
    const template = {
      type: 'TemplateProcessing',
      single,
      special_tokens: { '<s>': { id: '<s>', ids: [1], tokens: ['<s>'] } },
    }
    const json = bpe({ post_processor: template })
    const tokenizer = tokenizerFromJson(json)
    expect(tokenizer).toMatchObject({ bosId: 1, addBos: true, addEos: false })
    expect(Array.from(tokenizer.encode('a'))).toEqual([1, 259])
    const config = {
      tokenizer_class: 'LlamaTokenizer',
      add_bos_token: true,
      add_eos_token: true,
      bos_token: '<s>',
      eos_token: { content: '<unk>' },
    }
    expect(Array.from(tokenizerFromJson(bpe(), { config }).encode('a'))).toEqual([1, 259, 0])
    expect(
      tokenizerFromJson(bpe(), { config: { ...config, tokenizer_class: 'PreTrainedTokenizerFast' } }),
    ).toMatchObject({ bosId: 1, eosId: 0, addBos: false, addEos: false })
  })
})

describe('decoding', () => {
  test('a stream gives the text of the whole, the first token differently from others', () => {
    for (const json of goldens) {
      const tokenizer = tokenizerFromJson(json)
      fc.assert(
        fc.property(
          fc.array(fc.nat(tokenizer.vocabSize - 1), { maxLength: 20 }),
          fc.boolean(),
          (all, skipSpecial) => {
            const stream = tokenizer.decodeStream({ skipSpecial })
            expect(all.map((id) => stream.push(id)).join('') + stream.flush()).toBe(
              tokenizer.decode(all, { skipSpecial }),
            )
          },
        ),
        { numRuns: 50 },
      )
    }
  })
})

describe('expressions', () => {
  test.each([
    ['(?i:K)', 'K'],
    ['a++', 'aaa'],
    ['(?>a|ab)', 'a'],
    ['[[:alpha:]&&[^b]]+', 'aé'],
    ['\\h{,3}', 'f0'],
  ])('%s matches all of %s', (source, text) => {
    expect(new RegExp(`^(?:${translateRegex(source)})$`, 'v').test(text)).toBe(true)
  })

  test.each([
    ['a++a', 'aaa'],
    ['(?>a|ab)c', 'abc'],
    ['(?>a+)ab', 'aaab'],
  ])('%s does not match %s: nothing is given back', (source, text) => {
    expect(new RegExp(`^(?:${translateRegex(source)})$`, 'v').test(text)).toBe(false)
  })

  test.each([
    '\\1',
    '\\k<x>',
    '(?~a)',
    '\\p{Nonsense}',
    '(',
    ')',
    '[a',
    '*',
    '[z-a]',
    '\\',
    '(?(1)a)',
    '\\X',
    '(?i:\\p{Lu}[\\p{Lu}])',
    '('.repeat(500),
  ])('%s is an error that names it', (source) => {
    const pre_tokenizer = { type: 'Split', pattern: { Regex: source }, behavior: 'Isolated' }
    expect(() => tokenizerFromJson(words({ pre_tokenizer }))).toThrow(
      `tokenizer.json: pre_tokenizer.pattern.Regex is ${JSON.stringify(source)}`,
    )
  })
})

describe('loadTokenizer', () => {
  test('takes parsed JSON, GGUF metadata, and paths', async () => {
    expect((await loadTokenizer(bpe())).vocabSize).toBe(263)
    const metadata = new Map<string, unknown>([
      ['tokenizer.ggml.model', 'llama'],
      ['tokenizer.ggml.tokens', ['<unk>', 'a']],
      ['tokenizer.ggml.scores', [0, -1]],
    ])
    expect((await loadTokenizer(metadata)).vocabSize).toBe(2)
    await expect(loadTokenizer('/nowhere/tokenizer.json')).rejects.toThrow('ENOENT')
    const notJson = new URL(import.meta.url)
    await expect(loadTokenizer(notJson)).rejects.toThrow('is no JSON')
  })
})
