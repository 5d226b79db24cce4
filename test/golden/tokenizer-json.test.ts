import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { tokenizerFromGguf, tokenizerFromJson } from '../../src/tokenizer/index.js'
import { Field } from '../../src/tokenizer/json/field.js'
import { readNormalizer } from '../../src/tokenizer/json/normalizers.js'
import { type OnPiece, readPreTokenizer, stageOf } from '../../src/tokenizer/json/pretokenizers.js'

/**
 * What Hugging Face's `tokenizers` makes of awkward texts (make_tokenizer_json.py): with every kind of normalizer and
 * pre-tokenizer alone, and with whole tokenizers of every kind of model. TOKENIZER_GOLDENS names another such file.
 */
type Part = Record<string, unknown>
interface Whole {
  model: { type: string }
  added_tokens: unknown[]
}
type Row =
  | ['normalizer', Part, [text: string, normalized: string][]]
  | ['preTokenizer', Part, [text: string, pieces: [text: string, start: number, end: number][]][]]
  | ['sentencePiece', Part, [text: string, ids: number[]][]]
  | ['tokenizer', Whole, Encoded[]]
type Encoded = [
  text: string,
  ids: number[],
  plain: number[],
  framed: number[],
  decoded: string,
  shown: string,
  offsets: [number, number][],
]

const file = process.env.TOKENIZER_GOLDENS ?? new URL('tokenizer-json.jsonl', import.meta.url)
const rows: Row[] = readFileSync(file, 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line))
function named<Kind extends Row[0]>(kind: Kind) {
  type Named = Extract<Row, [Kind, unknown, unknown]>
  return rows
    .filter((row): row is Named => row[0] === kind)
    .map(([, part, cases]) => ({
      name: JSON.stringify(part).slice(0, 160).replaceAll('%', '%%'),
      part: part as Named[1],
      cases: cases as Named[2],
    }))
}

/** Those of the texts that differ: a large file has too many to show. */
function differing<Case extends [string, ...unknown[]]>(
  cases: readonly Case[],
  of: (text: string) => unknown,
) {
  const found = cases.map(([text, expected]) => ({ text, expected, ours: of(text) }))
  return found.filter(({ expected, ours }) => JSON.stringify(expected) !== JSON.stringify(ours)).slice(0, 20)
}

describe('normalizers', () => {
  test.each(named('normalizer'))('$name', ({ part, cases }) => {
    const normalize = readNormalizer(new Field('normalizer', part))!
    expect(differing(cases as [string, string][], (text) => normalize(text, false).text)).toEqual([])
    for (const [text] of cases) {
      const { text: normalized, alignment } = normalize(text, true)
      expect(normalized).toBe(normalize(text, false).text)
      if (!alignment) continue
      expect([alignment.starts.length, alignment.ends.length]).toEqual([normalized.length, normalized.length])
      let last = 0
      for (let i = 0; i < normalized.length; i++) {
        expect(alignment.starts[i]).toBeGreaterThanOrEqual(last)
        expect(alignment.ends[i]).toBeGreaterThanOrEqual(alignment.starts[i]!)
        last = alignment.starts[i]!
      }
      expect(alignment.ends.at(-1) ?? 0).toBeLessThanOrEqual(text.length)
    }
  })
})

describe('pre-tokenizers', () => {
  test.each(named('preTokenizer'))('$name', ({ part, cases }) => {
    const stages = readPreTokenizer(new Field('pre_tokenizer', part)).map(stageOf)
    const piecesOf = (text: string) => {
      const pieces: [string, number, number][] = []
      const run = (stage: number): OnPiece => {
        if (stage === stages.length)
          return (piece, base, prefix) => pieces.push([piece, base, base + piece.length - prefix])
        return (piece, base, prefix, isFirst) => stages[stage]!(piece, base, prefix, isFirst, run(stage + 1))
      }
      if (text !== '') run(0)(text, 0, 0, true)
      return pieces
    }
    // A mark that was put before a piece stands for nothing here, for the piece's first character there.
    const withoutMark = ([piece, start, end]: [string, number, number]) =>
      piece === '▁' || piece === '_' ? [piece, start] : [piece, start, end]
    const expected = cases.map(([text, pieces]): [string, unknown] => [text, pieces.map(withoutMark)])
    expect(differing(expected, (text) => piecesOf(text).map(withoutMark))).toEqual([])
  })
})

describe('whole tokenizers', () => {
  test.each(named('tokenizer'))('$name', ({ part, cases }) => {
    const tokenizer = tokenizerFromJson(part)
    const ids = (text: string, options: object) => Array.from(tokenizer.encode(text, options))
    const column = (at: number) => cases.map((row): [string, unknown] => [row[0], row[at]])
    expect(differing(column(1), (text) => ids(text, { addSpecial: false, parseSpecial: true }))).toEqual([])
    expect(differing(column(3), (text) => ids(text, { parseSpecial: true }))).toEqual([])
    // Hugging Face's Unigram makes special tokens of text that is spelled so even where they are not parsed.
    const hasSpecial = part.added_tokens.length > 0
    const forged = ([text]: [string, unknown]) =>
      part.model.type === 'Unigram' && hasSpecial && text.includes('</s>')
    const plain = (text: string) => ids(text, { addSpecial: false })
    expect(
      differing(
        column(2).filter((row) => !forged(row)),
        plain,
      ),
    ).toEqual([])
    const eos = tokenizer.idOf('</s>')
    for (const [text] of column(2).filter(forged)) expect(plain(text)).not.toContain(eos)
    const encoded = new Map(cases.map((row) => [row[0], row]))
    const decode = (skipSpecial: boolean) => (text: string) =>
      tokenizer.decode(encoded.get(text)![1], { skipSpecial })
    expect(differing(column(4), decode(false))).toEqual([])
    expect(differing(column(5), decode(true))).toEqual([])
    for (const [text, expected] of cases) {
      const { ids: all, starts, ends } = tokenizer.offsets(text, { addSpecial: false, parseSpecial: true })
      expect(Array.from(all)).toEqual(expected)
      expect(tokenizer.count(text, { addSpecial: false, parseSpecial: true })).toBe(all.length)
      for (let i = 0; i < all.length; i++) expect(starts[i]).toBeLessThanOrEqual(ends[i]!)
    }
  })
})

describe('Unigram of GGUF files', () => {
  test.each(named('sentencePiece'))('gives the ids of SentencePiece', ({ part, cases }) => {
    const tokenizer = tokenizerFromGguf(
      new Map(Object.entries(part).map(([key, value]) => [`tokenizer.ggml.${key}`, value])),
    )
    // To llama.cpp, which GGUF files follow, ▁ is no space that could be taken off the end.
    const common = cases.filter(([text]) => !text.includes('▁'))
    expect(common.length).toBeGreaterThan(10)
    expect(differing(common, (text) => Array.from(tokenizer.encode(text, { addSpecial: false })))).toEqual([])
    expect(Array.from(tokenizer.encode('a')).at(-1)).toBe(tokenizer.eosId)
    const { ids, starts, ends } = tokenizer.offsets('  ﬁ  ab ', { addSpecial: false })
    expect(tokenizer.decode(ids)).toBe('fi ab')
    expect([starts[0], ends.at(-1)]).toEqual([1, 7])
  })
})
