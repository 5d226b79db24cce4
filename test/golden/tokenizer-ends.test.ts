import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ByteLevelBpe } from '../../src/tokenizer/bpe.js'
import { IdBuffer, type SegmentEncoder } from '../../src/tokenizer/id-buffer.js'
import { tokenizerFromGguf } from '../../src/tokenizer/index.js'
import { preTokenizer } from '../../src/tokenizer/pretokenize.js'
import { SentencePieceBpe } from '../../src/tokenizer/sentencepiece.js'
import { readVocabulary } from '../../src/tokenizer/vocabulary.js'
import { readMetadata, sharedData, skipWithoutData } from './read-metadata.js'

const files = {
  'llama-bpe': 'vocabs/ggml-vocab-llama-bpe-rebuilt.gguf',
  'deepseek-coder': 'vocabs/ggml-vocab-deepseek-coder.gguf',
  'llama-spm': 'vocabs/ggml-vocab-llama-spm.gguf',
  stories260K: 'stories260K/stories260K-f32.gguf',
}

const odd = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 8 }),
      fc.string({ unit: 'binary', maxLength: 3 }).map((text) => text.toWellFormed()),
      fc.constantFrom(
        ' ',
        '  ',
        '\n',
        ' the',
        '한글',
        '🙂🙂',
        '𝒳',
        '中文字',
        'é',
        '▁',
        'a'.repeat(300),
        ' '.repeat(90),
      ),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''))

describe.skipIf(skipWithoutData).each(Object.entries(files))('%s', (name, path) => {
  const isSentencePiece = path.includes('spm') || name === 'stories260K'
  const load = () => {
    const metadata = readMetadata(new URL(path, sharedData))
    const tokenizer = tokenizerFromGguf(metadata)
    const vocabulary = readVocabulary(metadata, {
      addBos: false,
      addSpacePrefix: isSentencePiece,
      unknown: '<unk>',
    })
    const merges = metadata.get('tokenizer.ggml.merges') as string[]
    const encoder: SegmentEncoder = isSentencePiece
      ? new SentencePieceBpe(vocabulary)
      : new ByteLevelBpe(vocabulary, preTokenizer(name), merges)
    return { tokenizer, encoder }
  }
  let loaded: ReturnType<typeof load> | undefined

  test('ends rise to the length of the text, and what ends with a character decodes to the text up to there', () => {
    loaded ??= load()
    const { tokenizer, encoder } = loaded
    fc.assert(
      fc.property(odd, fc.boolean(), (text, isStart) => {
        const out = new IdBuffer('ends')
        out.origin = 5
        encoder.encode(text, isStart, out)
        const ids = out.toIds()
        const ends = Array.from(out.toEnds(), (end) => end - 5)
        expect(ends).toHaveLength(ids.length)
        if (text !== '') expect(ends.at(-1)).toBe(text.length)

        // Where a token's bytes end inside a character, its end is that character's start.
        const before = isSentencePiece && isStart ? 1 : 0
        let bytes = -before
        const shown = isSentencePiece ? text.replaceAll('▁', ' ') : text
        const boundaries = new Map<number, number>()
        let length = 0
        let at = 0
        for (const char of shown) {
          const width = Buffer.byteLength(char)
          for (let i = 0; i < width; i++) boundaries.set(length + i, at)
          length += width
          at += char.length
        }
        boundaries.set(length, at)
        const expected = Array.from(ids, (id) => {
          bytes += tokenizer.bytesOf(id).length
          return boundaries.get(Math.max(0, bytes))
        })
        expect(ends).toEqual(expected)
      }),
      { numRuns: 400 },
    )
  })

  test('a text is counted as it is encoded, and its ids do not depend on what is kept', () => {
    loaded ??= load()
    const { tokenizer, encoder } = loaded
    fc.assert(
      fc.property(odd, fc.boolean(), fc.boolean(), (text, addSpecial, parseSpecial) => {
        const ids = tokenizer.encode(text, { addSpecial, parseSpecial })
        expect(tokenizer.count(text, { addSpecial, parseSpecial })).toBe(ids.length)
        const [plain, withEnds] = [new IdBuffer(), new IdBuffer('ends')]
        for (const out of [plain, withEnds]) encoder.encode(text, true, out)
        expect(withEnds.toIds()).toEqual(plain.toIds())
      }),
      { numRuns: 200 },
    )
    const prose = readFileSync(new URL('wikitext-2/valid.txt', sharedData), 'utf8')
    expect(tokenizer.count(prose)).toBe(tokenizer.encode(prose).length)
  })
})

test('a run of what the vocabulary does not know ends where the run does', () => {
  const metadata = new Map<string, unknown>([
    ['tokenizer.ggml.tokens', ['<unk>', 'a', '▁']],
    ['tokenizer.ggml.token_type', [2, 1, 1]],
    ['tokenizer.ggml.scores', [0, -1, -1]],
  ])
  const vocabulary = readVocabulary(metadata, { addBos: false, addSpacePrefix: true, unknown: '<unk>' })
  const out = new IdBuffer('ends')
  new SentencePieceBpe(vocabulary).encode('aé𝒳 éa', false, out)
  expect([Array.from(out.toIds()), Array.from(out.toEnds())]).toEqual([
    [1, 0, 2, 0, 1],
    [1, 4, 5, 6, 7],
  ])
})
