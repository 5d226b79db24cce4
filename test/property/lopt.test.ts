import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Tokenizer, tokenizerFromGguf, tokenizerFromJson } from '../../src/tokenizer/index.js'
import { trustedEnd } from '../../src/tokenizer/lopt/seam.js'
import { RULES } from '../../src/tokenizer/pretokenize.js'
import { readMetadata, sharedData, skipWithoutData } from '../golden/read-metadata.js'
import { anyChunks, encodeInline, textsOf } from '../helpers/lopt.js'
import {
  byteLevelVocabularies,
  jsonVocabularies,
  sentencePieceVocabularies,
} from '../helpers/small-vocabularies.js'

/** What docs/papers/lopt.md proves. LOPT_RUNS makes the tests as thorough as wanted. */
const RUNS = Number(process.env.LOPT_RUNS ?? 400)

const totals = { joins: 0, retries: 0, chunks: 0 }

async function expectSame(
  tokenizer: Tokenizer,
  text: string,
  options: object,
  refuses?: (at: number) => boolean,
): Promise<void> {
  const encode = () => Array.from(tokenizer.encode(text, options))
  let expected: number[]
  try {
    expected = encode()
  } catch (error) {
    await expect(encodeInline(tokenizer, text, options, refuses)).rejects.toThrow((error as Error).message)
    return
  }
  const result = await encodeInline(tokenizer, text, options, refuses)
  if (!result) throw new Error('nothing is proved for this tokenizer')
  expect(Array.from(result.ids)).toEqual(expected)
  totals.chunks += result.chunks
  totals.joins += result.joins
  totals.retries += result.retries
}

/** Alphabets of texts that are all the vocabularies' longest tokens, cut short. */
const FEW = [
  'ab',
  'a b',
  'the ',
  'de',
  'ab▁',
  'a.',
  '7',
  '12 ',
  '中A',
  '中文',
  ' \n',
  'aA',
  "'lsx",
  '🙂a',
  'aé☃',
]

/** Expressions that no scanner is known for: nothing is proved for these. */
const UNPROVED = /tokenizer.json [45]: /

const byteLevel = await byteLevelVocabularies()
const sentencePiece = sentencePieceVocabularies()
const json = jsonVocabularies()

describe.each([...byteLevel, ...sentencePiece, ...json])('%s', (name, tokenizer) => {
  const isUnproved = UNPROVED.test(name)
  test.runIf(isUnproved)('nothing is proved, so all is encoded in sequence', async () => {
    expect(await encodeInline(tokenizer, 'a', {})).toBeUndefined()
    const text = 'one two 123 '.repeat(20)
    const { ids, sequential } = await tokenizer.encodeParallel(text, { chunkLength: 10 })
    expect([Array.from(ids), sequential]).toEqual([Array.from(tokenizer.encode(text)), true])
  })

  test.skipIf(isUnproved)('joined is as encoded in sequence', async () => {
    Object.assign(totals, { joins: 0, retries: 0, chunks: 0 })
    await fc.assert(
      fc.asyncProperty(textsOf(tokenizer), anyChunks, (text, options) =>
        expectSame(tokenizer, text, options),
      ),
      { numRuns: RUNS },
    )
    // Or it would have said nothing.
    expect(totals.joins).toBeGreaterThan(RUNS / 2)
    expect(totals.retries).toBeGreaterThan(0)
  })

  test.skipIf(isUnproved)('so it is where chunks meet in the middle of tokens, again and again', async () => {
    const alphabets = FEW.map((letters) => fc.string({ unit: fc.constantFrom(...letters), maxLength: 30 }))
    const length = fc.integer({ min: 1, max: 9 })
    const narrow = fc.record({ chunkLength: length, overlap: fc.integer({ min: 1, max: 4 }) })
    await fc.assert(
      fc.asyncProperty(fc.oneof(...alphabets), narrow, (text, options) =>
        expectSame(tokenizer, text, options),
      ),
      { numRuns: RUNS },
    )
  })

  test.skipIf(isUnproved)('so it is whichever seams are refused', async () => {
    Object.assign(totals, { joins: 0, retries: 0, chunks: 0 })
    await fc.assert(
      fc.asyncProperty(
        textsOf(tokenizer),
        anyChunks,
        fc.array(fc.boolean(), { minLength: 1, maxLength: 7 }),
        (text, options, pattern) =>
          expectSame(tokenizer, text, options, (at) => pattern[at % pattern.length]!),
      ),
      { numRuns: RUNS / 4 },
    )
    expect(totals.retries).toBeGreaterThan(RUNS / 8)
  })
})

describe('without a seam', () => {
  /** Chunks of 100 with an overlap of 10. */
  const encode = async (tokenizer: Tokenizer, text: string, refuses?: (at: number) => boolean) => {
    const result = await encodeInline(tokenizer, text, { chunkLength: 100, overlap: 10 }, refuses)
    expect(Array.from(result!.ids)).toEqual(Array.from(tokenizer.encode(text)))
    return result!
  }
  const named = new Map([...byteLevel, ...sentencePiece, ...json])
  const words = 'the cat sat on the mat. '.repeat(40)

  test('numbers that two chunks count otherwise are encoded anew up to their ends', async () => {
    const threes = named.get('llama-bpe')!
    const { chunks, joins, retries } = await encode(threes, `${words}${'7'.repeat(1000)} ${words}`)
    expect([joins < chunks - 1, retries > 2]).toEqual([true, true])
    // A rule with one digit a piece has seams everywhere.
    expect(await encode(named.get('qwen2')!, '7'.repeat(950))).toMatchObject({ joins: 9, retries: 0 })
  })

  test('a text that is one piece is encoded as one', async () => {
    for (const unit of ['a', ' ', 'A', '\n', '中A'])
      for (const name of ['gpt-2', 'gpt-4o', 'WordPiece']) {
        const { retries } = await encode(named.get(name)!, unit.repeat(2000))
        if (unit === 'a') expect(retries).toBeGreaterThan(2)
      }
  })

  test('where nothing can be joined, all is encoded from the beginning', async () => {
    for (const tokenizer of named.values()) {
      const result = await encodeInline(tokenizer, words, { chunkLength: 100, overlap: 10 }, () => true)
      if (!result) continue
      expect(Array.from(result.ids)).toEqual(Array.from(tokenizer.encode(words)))
      // A join at the text's beginning needs no seam.
      expect(result.joins).toBe(0)
    }
  })

  test('BPE that merges bytes, or takes whole texts for tokens, is not cut', async () => {
    const bytes = Array.from(
      { length: 256 },
      (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
    )
    const tokens = ['a', 'b', 'ab', 'aba', ...bytes, '<0xE2><0x98>']
    const make = (more: object, merges: string[]) => {
      const vocab = Object.fromEntries(tokens.map((token, id) => [token, id]))
      return tokenizerFromJson({ model: { type: 'BPE', vocab, merges, byte_fallback: true, ...more } })
    }
    const isCut = async (tokenizer: Tokenizer) =>
      (await encodeInline(tokenizer, 'abab☃'.repeat(50), { chunkLength: 50, overlap: 5 })) !== undefined
    expect(await isCut(make({}, ['a b']))).toBe(true)
    expect(await isCut(make({}, ['a b', '<0xE2> <0x98>']))).toBe(false)
    expect(await isCut(make({ ignore_merges: true }, ['a b']))).toBe(false)
  })
})

describe.each(byteLevel)('%s', (_name, tokenizer) => {
  test('what was joined decodes to the text', async () => {
    await fc.assert(
      fc.asyncProperty(textsOf(tokenizer), anyChunks, async (text, options) => {
        const result = await encodeInline(tokenizer, text, { ...options, addSpecial: false })
        expect(tokenizer.decode(result!.ids, { skipSpecial: false })).toBe(text.toWellFormed())
      }),
      { numRuns: RUNS / 8 },
    )
  })
})

const files = ['bert-bge', 'deepseek-coder', 'gpt-2', 'llama-bpe-rebuilt', 'llama-spm', 'qwen2-rebuilt']
describe.skipIf(skipWithoutData).each(files)('%s', (name) => {
  test('joined is as encoded in sequence', async () => {
    const tokenizer = tokenizerFromGguf(readMetadata(new URL(`vocabs/ggml-vocab-${name}.gguf`, sharedData)))
    await fc.assert(
      fc.asyncProperty(textsOf(tokenizer), anyChunks, (text, options) =>
        expectSame(tokenizer, text, options),
      ),
      { numRuns: RUNS },
    )
  })
})

describe.each(RULES.map((rule) => ({ name: rule.names[0]!, scanner: rule.scanner! })))(
  '$name',
  ({ scanner }) => {
    test('what a scan that ends early cuts before its trusted end stays so whatever follows', () => {
      const all = [..." \n\t'slreLEaAB中のǅé\u030112½.,/$`^!(\u0001🙂\u{10400}\u{10428}\u{1D7D8}한"]
      const some = fc.constantFrom(...all)
      const few = fc.constantFrom(..."'lreaA1 \n中", '   ', '\n   ', 'AAA', '中AAA', "a'l", "'r")
      const text = fc.array(fc.oneof(some, few, few), { minLength: 1, maxLength: 40, size: 'max' })
      let trusted = 0
      fc.assert(
        fc.property(text, text, (before, behind) => {
          const start = before.join('')
          const [short, long] = [cutsOf(start, scanner), cutsOf(start + behind.join(''), scanner)]
          const end = trustedEnd(start, 0, start.length)
          trusted += end
          expect(short.filter((cut) => cut <= end)).toEqual(long.filter((cut) => cut <= end))
        }),
        { numRuns: 10 * RUNS },
      )
      expect(trusted).toBeGreaterThan(RUNS)
    })
  },
)

function cutsOf(text: string, scanner: (text: Uint16Array, at: number, end: number) => number): number[] {
  const units = Uint16Array.from({ length: text.length }, (_, i) => text.charCodeAt(i))
  const cuts: number[] = []
  for (let at = 0; at < text.length; ) {
    at = scanner(units, at, text.length)
    cuts.push(at)
  }
  return cuts
}
