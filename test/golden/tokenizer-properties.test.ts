import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Tokenizer, tokenizerFromGguf } from '../../src/tokenizer/index.js'
import { readMetadata, sharedData, skipWithoutData } from './read-metadata.js'

/** Text of all scripts, rich in what pre-tokenizers care about. */
const anyText = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 8 }),
      fc.string({ unit: 'binary', maxLength: 3 }),
      fc.constantFrom(' ', '  ', '\n', "'s", "'LL", 'the', '12', '\uFEFF', '\u0085', '</s>', '▁'),
    ),
    { maxLength: 20 },
  )
  .map((parts) => parts.join(''))

const files = {
  'llama-spm': 'vocabs/ggml-vocab-llama-spm.gguf',
  'llama-bpe-rebuilt': 'vocabs/ggml-vocab-llama-bpe-rebuilt.gguf',
  'deepseek-coder': 'vocabs/ggml-vocab-deepseek-coder.gguf',
  stories260K: 'stories260K/stories260K-f32.gguf',
}

const loaded = new Map<string, Tokenizer>()
function tokenizerOf(path: string): Tokenizer {
  const known = loaded.get(path)
  if (known) return known
  const tokenizer = tokenizerFromGguf(readMetadata(new URL(path, sharedData)))
  loaded.set(path, tokenizer)
  return tokenizer
}

describe.skipIf(skipWithoutData).each(Object.entries(files))('%s', (name, path) => {
  const isSentencePiece = name === 'llama-spm' || name === 'stories260K'

  test('decoding undoes encoding', () => {
    const tokenizer = tokenizerOf(path)
    fc.assert(
      fc.property(anyText, fc.boolean(), (text, addSpecial) => {
        // To SentencePiece ▁ is the space.
        const expected = isSentencePiece ? text.replaceAll('▁', ' ') : text
        expect(tokenizer.decode(tokenizer.encode(text, { addSpecial }))).toBe(expected)
      }),
      { numRuns: 300 },
    )
  })

  test('a stream of any ids gives the text of the whole, and never a half character before its end', () => {
    const tokenizer = tokenizerOf(path)
    const anyIds = fc.array(fc.nat(tokenizer.vocabSize - 1), { maxLength: 40 })
    // SentencePiece's byte tokens, so that every kind of invalid UTF-8 turns up.
    const byteIds = fc.array(fc.integer({ min: 3, max: 258 }), { maxLength: 12 })
    fc.assert(
      fc.property(isSentencePiece ? fc.oneof(anyIds, byteIds) : anyIds, fc.boolean(), (ids, skipSpecial) => {
        // After an ordinary token no space is taken for the encoder's own: the text is just the bytes.
        const after = tokenizer.idOf('a')
        const stream = tokenizer.decodeStream({ skipSpecial, after })
        let text = ''
        let isWellFormed = true
        const shown: Uint8Array[] = []
        for (const id of ids) {
          shown.push(tokenizer.bytesOf(id, { skipSpecial }))
          const piece = stream.push(id)
          text += piece
          isWellFormed &&= !/\p{Surrogate}/u.test(piece)
        }
        text += stream.flush()
        expect(isWellFormed).toBe(true)
        expect(text).toBe(tokenizer.decode([after!, ...ids], { skipSpecial }).slice(1))
        if (isSentencePiece && !skipSpecial) return
        const whole = new TextDecoder('utf-8', { ignoreBOM: true }).decode(Buffer.concat(shown))
        expect(text).toBe(whole)
      }),
      { numRuns: 300 },
    )
  })
})

/** One encoder of each kind; a cost that grew with the square of the text would take hours here. */
const encoders = [files['llama-spm'], files['llama-bpe-rebuilt']]
describe.skipIf(skipWithoutData).each(encoders)('%s', (path) => {
  test.each([
    ['one letter', 'a'.repeat(1_000_000)],
    ['spaces', ' '.repeat(1_000_000)],
    ['line ends and blanks', '\n \t\n'.repeat(250_000)],
    ['random Latin-1', Buffer.from(noise(1_000_000)).toString('latin1')],
  ])('a megabyte of %s comes back', (_what, text) => {
    const tokenizer = tokenizerOf(path)
    const ids = tokenizer.encode(text, { addSpecial: false })
    expect(tokenizer.decode(ids) === text).toBe(true)
  })
})

test.skipIf(skipWithoutData)(
  'prose comes back, and one pre-token is encoded alone as within the text',
  () => {
    const tokenizer = tokenizerOf(files['llama-bpe-rebuilt'])
    const text = readFileSync(new URL('wikitext-2/valid.txt', sharedData), 'utf8')
    const ids = tokenizer.encode(text)
    expect(tokenizer.decode(ids) === text).toBe(true)
    // A space before a letter always begins a pre-token, so the halves' encodings join to the whole's.
    for (const cut of [1000, 20_000, 500_000].map((from) => text.slice(from).search(/ \p{L}/u) + from)) {
      const options = { addSpecial: false }
      const halves = [...tokenizer.encode(text.slice(0, cut)), ...tokenizer.encode(text.slice(cut), options)]
      expect(halves).toEqual(Array.from(ids))
    }
  },
)

function noise(length: number): Uint8Array {
  let state = 12345
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state >>> 24
  })
}
