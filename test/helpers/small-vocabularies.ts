import { readFileSync } from 'node:fs'
import { type Tokenizer, tokenizerFromGguf, tokenizerFromJson, trainBpe } from '../../src/tokenizer/index.js'
import { RULES } from '../../src/tokenizer/pretokenize.js'

/** Small vocabularies of every kind of encoder, made here, by name. */

const BYTES = Array.from(
  { length: 256 },
  (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
)

const SAMPLE = `The cat's hat isn't 12345 or 678; THE END. CamelCase we'll don't I'LL 3.14 naïve café 中文字符 の カナ 한글 🙂🙂
  indented\n\n\ttabs    spaces  \n def f(x): return {"a": [1, 22, 333]} // 中A中AB 中ABc aaaa abab ABABAB '' ''' ... !!!\r\n
the cat sat on the mat, the bat and the hat. ${'ab'.repeat(30)} ${'7'.repeat(40)} ${'word '.repeat(20)}`

/** Byte-level BPE with every rule of pretokenize.ts. */
export async function byteLevelVocabularies(): Promise<[string, Tokenizer][]> {
  const { metadata } = await trainBpe([SAMPLE.repeat(3), 'THE ABC 123 中文'], {
    vocabularySize: 420,
    preTokenizer: 'bloom',
  })
  return RULES.map(({ names }) => [names[0]!, tokenizerFromGguf(metadata, { pre: names[0]! })])
}

const key = (entries: Record<string, unknown>) =>
  new Map(Object.entries(entries).map(([name, value]) => [`tokenizer.ggml.${name}`, value]))

const PIECES = [
  '▁',
  'a',
  'b',
  'c',
  'd',
  'e',
  't',
  'h',
  ' ',
  '.',
  '1',
  '2',
  '7',
  '中',
  '文',
  'A',
  'é',
  '🙂',
  '\n',
  "'",
]
const LONGER = [
  ...[
    '▁the',
    'the',
    'th',
    'he',
    '▁a',
    'aa',
    'aaa',
    'aaaa',
    'ab',
    'aba',
    'ba',
    'bab',
    'abab',
    'cat',
    'at',
    '▁cat',
    '▁▁',
  ],
  ...[
    '▁▁▁▁',
    'a▁b',
    '中文',
    '文中',
    '12',
    '77',
    '777',
    '🙂🙂',
    'A中',
    'de',
    'ed',
    'eded',
    '.▁',
    '\n\n',
    'e▁t',
  ],
]
const scoreOf = (i: number) => -1 - ((i * 7) % 23) / 4

/** SentencePiece BPE, with byte tokens or without, and Unigram, as GGUF metadata has them. */
export function sentencePieceVocabularies(): [string, Tokenizer][] {
  const pieces = [...PIECES, ...LONGER]
  const make = (model: string, bytes: readonly string[], more = {}) =>
    tokenizerFromGguf(
      key({
        model,
        tokens: ['<unk>', '<s>', '</s>', ...bytes, ...pieces],
        scores: Float32Array.from([0, 0, 0, ...bytes.map(() => 0), ...pieces.map((_, i) => scoreOf(i))]),
        token_type: [2, 3, 3, ...bytes.map(() => 6), ...pieces.map(() => 1)],
        ...more,
      }),
    )
  return [
    ['SentencePiece with bytes', make('llama', BYTES)],
    ['SentencePiece without bytes or prefix', make('llama', [], { add_space_prefix: false })],
    ['Unigram', make('t5', [], { add_space_prefix: true })],
    ['Unigram that merges spaces', make('t5', [], { remove_extra_whitespaces: true })],
    ['WordPiece', make('bert', [], { unknown_token_id: 0 })],
  ]
}

/** The tokenizers of tokenizer-json.jsonl: what Hugging Face's library trained for its goldens. */
export function jsonVocabularies(): [string, Tokenizer][] {
  const rows = readFileSync(new URL('../golden/tokenizer-json.jsonl', import.meta.url), 'utf8')
    .trimEnd()
    .split('\n')
  return rows
    .map((row) => JSON.parse(row))
    .filter(([kind]) => kind === 'tokenizer')
    .map(([, json], i) => [
      `tokenizer.json ${i}: ${json.model.type}, ${json.pre_tokenizer?.type ?? 'no pre-tokenizer'}`,
      tokenizerFromJson(json),
    ])
}
