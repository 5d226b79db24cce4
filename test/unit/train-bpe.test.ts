import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BYTE_CHARS } from '../../src/tokenizer/bytes.js'
import { PieceCounter } from '../../src/tokenizer/count-pieces.js'
import { type TrainBpeOptions, tokenizerFromGguf, trainBpe } from '../../src/tokenizer/index.js'
import { preTokenizer } from '../../src/tokenizer/pretokenize.js'

const STORY = [
  'Once upon a time there was a little dog. The little dog had a ball, 12 balls, 2024 balls.',
  'The cat sat on the mat.\n\nThe dog sat on the cat! "Why?" said the cat.',
  'naïve café 🙂 日本語',
]

interface Golden {
  documents: string[]
  trained: { pre: string; size: number; tokens: string[]; merges: string[] }[]
}
const golden = JSON.parse(
  readFileSync(new URL('../golden/bpe-training.json', import.meta.url), 'utf8'),
) as Golden

describe("Hugging Face's BpeTrainer learns the same", () => {
  test.each(golden.trained)('$pre, $size tokens', async ({ pre, size, tokens, merges }) => {
    const trained = await trainBpe(golden.documents, {
      vocabularySize: size,
      preTokenizer: pre,
      specialTokens: ['<|endoftext|>', '<|im_start|>'],
    })
    expect(trained.merges).toEqual(merges)
    expect(trained.tokens).toEqual(tokens)
  })
})

/** The definition, with nothing remembered from one merge to the next. */
function trainNaively(documents: string[], size: number, specials: readonly string[], pre: string): string[] {
  const words: string[][] = []
  const utf8 = new TextEncoder()
  for (const document of documents) {
    preTokenizer(pre).split(document, (start, end) =>
      words.push(Array.from(utf8.encode(document.slice(start, end)), (byte) => BYTE_CHARS[byte]!)),
    )
  }
  const tokens = [...specials, ...[...BYTE_CHARS].sort()]
  const merges: string[] = []
  const refused = new Set<string>()
  while (tokens.length < size) {
    const counts = new Map<string, number>()
    for (const word of words)
      for (let i = 0; i + 1 < word.length; i++) {
        const pair = `${word[i]} ${word[i + 1]}`
        counts.set(pair, (counts.get(pair) ?? 0) + 1)
      }
    const ids = (pair: string) => pair.split(' ').map((text) => tokens.indexOf(text, specials.length))
    const best = [...counts.keys()]
      .filter((pair) => !refused.has(pair))
      .sort((a, b) => {
        const [x, y] = [ids(a), ids(b)]
        return counts.get(b)! - counts.get(a)! || x[0]! - y[0]! || x[1]! - y[1]!
      })[0]
    if (best === undefined) break
    const [left, right] = best.split(' ')
    const merged = `${left}${right}`
    if (specials.includes(merged)) {
      refused.add(best)
      continue
    }
    merges.push(best)
    if (!tokens.includes(merged)) tokens.push(merged)
    for (const word of words)
      for (let i = 0; i + 1 < word.length; i++)
        if (word[i] === left && word[i + 1] === right) word.splice(i, 2, merged)
  }
  return merges
}

const fewLetters = fc.string({
  unit: fc.constantFrom('a', 'b', ' ', 'c', '1', '\n', 'é', '.'),
  maxLength: 60,
})
const someText = fc.oneof(fewLetters, fc.string({ unit: 'grapheme', maxLength: 40 }))

test('every merge is the one that the definition gives', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(someText, { minLength: 1, maxLength: 6 }),
      fc.constantFrom('smollm', 'gpt-2', 'llama-bpe'),
      fc.constantFrom(['<|endoftext|>'], ['aa', 'ab']),
      async (documents, pre, specialTokens) => {
        fc.pre(documents.some((text) => text !== ''))
        const vocabularySize = 256 + specialTokens.length + 30
        const { merges } = await trainBpe(documents, { vocabularySize, preTokenizer: pre, specialTokens })
        expect(merges).toEqual(trainNaively(documents, vocabularySize, specialTokens, pre))
      },
    ),
    { numRuns: 300 },
  )
})

describe('pieces', () => {
  const names = ['default', 'gpt-2', 'llama-bpe', 'dbrx', 'qwen2', 'smollm', 'deepseek-coder']
  const spaced = fc.string({
    unit: fc.constantFrom(
      ...[' ', ' ', ' ', 'a', 'Bc', "'s", '1', '234', '.', '\n', '\r\n', '\t', '\u00a0', '\u2003', '\u3000'],
      ...['\u0085', 'é', 'e\u0301', '日', 'ж', '🙂', '\ud800', 'incomprehensibilities', '$', '='],
    ),
    maxLength: 40,
  })

  test.each(names)('are counted as %s cuts them', (name) => {
    fc.assert(
      fc.property(fc.array(spaced, { maxLength: 4 }), (documents) => {
        const counter = new PieceCounter(preTokenizer(name))
        const expected: Record<string, number> = {}
        for (const document of documents) {
          counter.add(document)
          const text = document.toWellFormed()
          preTokenizer(name).split(text, (start, end) => {
            const piece = text.slice(start, end)
            expected[piece] = (expected[piece] ?? 0) + 1
          })
        }
        const counted = Object.fromEntries([...counter.counts()].map(([text, { count }]) => [text, count]))
        expect(counted).toEqual(expected)
      }),
      { numRuns: 400 },
    )
  })
})

describe('the vocabulary', () => {
  const options: TrainBpeOptions = { vocabularySize: 320 }

  test('makes a tokenizer that gives back every text, and begins it with the special token', async () => {
    const { tokens, merges, metadata } = await trainBpe(STORY, options)
    expect(tokens).toHaveLength(320)
    expect(merges).toHaveLength(320 - 257)
    const tokenizer = tokenizerFromGguf(metadata)
    expect(tokenizer.vocabSize).toBe(320)
    expect([tokenizer.bosId, tokenizer.eosId, tokenizer.addBos, tokenizer.addEos]).toEqual([
      0,
      0,
      true,
      false,
    ])
    expect([...tokenizer.endIds]).toEqual([0])
    const anything = fc.string({ unit: 'binary', maxLength: 50 })
    fc.assert(
      fc.property(
        fc.oneof(anything, fc.constantFrom(...STORY, '<|endoftext|>', ' the dog  2024')),
        (text) => {
          const ids = tokenizer.encode(text)
          expect(ids[0]).toBe(0)
          expect(ids.subarray(1)).not.toContain(0)
          expect(tokenizer.decode(ids)).toBe(text)
        },
      ),
    )
    expect(tokenizer.encode(STORY[0]!).length).toBeLessThan(STORY[0]!.length)
    expect(tokenizer.encode('2024', { addSpecial: false })).toHaveLength(4)
  })

  test('does not depend on the order of documents, nor on how they arrive', async () => {
    const trained = await trainBpe(STORY, options)
    expect(await trainBpe(STORY.toReversed(), options)).toEqual(trained)
    async function* later() {
      for (const text of STORY) {
        await Promise.resolve()
        yield text
      }
    }
    expect(await trainBpe(later(), options)).toEqual(trained)
  })

  test('of pairs that are equally frequent has the one with the lowest ids first', async () => {
    const { merges } = await trainBpe(['yx', 'xy', 'ab'], { vocabularySize: 260 })
    expect(merges).toEqual(['a b', 'x y', 'y x'])
  })

  test('is smaller where the text has no more pairs', async () => {
    const { tokens, merges } = await trainBpe(['abc', 'abc'], { vocabularySize: 1000 })
    expect(merges).toEqual(['a b', 'ab c'])
    expect(tokens).toHaveLength(257 + 2)
  })

  test('spells no special token by merging', async () => {
    const specialTokens = ['<s>', 'the', '<|im_end|>']
    const trained = await trainBpe(['the the them the <s>'], { vocabularySize: 400, specialTokens })
    expect(trained.tokens.filter((text) => specialTokens.includes(text))).toEqual(specialTokens)
    const tokenizer = tokenizerFromGguf(trained.metadata)
    for (const text of ['the', ' the', '<s>'])
      for (const id of tokenizer.encode(text, { addSpecial: false })) expect(id).toBeGreaterThan(2)
    expect(tokenizer.encode('the', { parseSpecial: true, addSpecial: false })).toEqual(Uint32Array.of(1))
  })

  test('of exactly the special tokens and bytes has no merges', async () => {
    expect((await trainBpe(['some text'], { vocabularySize: 257 })).merges).toEqual([])
  })
})

describe('refuses', () => {
  test.each<[string, string[], TrainBpeOptions, RegExp]>([
    ['a small vocabulary', STORY, { vocabularySize: 256 }, /vocabularySize is 256.*from 257/],
    ['half a token', STORY, { vocabularySize: 300.5 }, /whole number/],
    ['a vocabulary of millions', STORY, { vocabularySize: 2 ** 22 + 1 }, /to 4194304/],
    ['no documents', [], { vocabularySize: 300 }, /hold no text/],
    ['empty documents', ['', ''], { vocabularySize: 300 }, /hold no text/],
    ['an unknown pre-tokenizer', STORY, { vocabularySize: 300, preTokenizer: 'x' }, /'x' is not supported/],
    ['no special token', STORY, { vocabularySize: 300, specialTokens: [] }, /specialTokens is empty/],
    [
      'an empty one',
      STORY,
      { vocabularySize: 300, specialTokens: ['x0', ''] },
      /specialTokens\[1\], "", is empty/,
    ],
    ['one twice', STORY, { vocabularySize: 300, specialTokens: ['x0', 'x0'] }, /occurs twice/],
    ['a byte', STORY, { vocabularySize: 300, specialTokens: ['Ġ'] }, /stands for a byte/],
  ])('%s', async (_, documents, options, message) => {
    await expect(trainBpe(documents, options)).rejects.toThrow(message)
  })
})

describe('aborting', () => {
  test('before the start reads nothing', async () => {
    let read = 0
    function* documents() {
      read++
      yield 'text'
    }
    const signal = AbortSignal.abort(new Error('not now'))
    await expect(trainBpe(documents(), { vocabularySize: 300, signal })).rejects.toThrow('not now')
    expect(read).toBe(0)
  })

  test.each(['counting', 'merging'])('works while %s', async (phase) => {
    const controller = new AbortController()
    let isClosed = false
    // Endless while counting; while merging enough for the phase to be seen: progress is reported every 200 ms.
    function* documents() {
      try {
        const random = () => Math.random().toString(36).slice(2)
        const count = phase === 'counting' ? Infinity : 60_000
        for (let i = 0; i < count; i++) yield `${random()} ${random()} ${random()}`
      } finally {
        isClosed = true
      }
    }
    const onProgress = (progress: { phase: string }) => {
      if (progress.phase === phase) controller.abort(new Error('enough'))
    }
    const training = trainBpe(documents(), { vocabularySize: 2 ** 20, signal: controller.signal, onProgress })
    await expect(training).rejects.toThrow('enough')
    expect(isClosed).toBe(true)
  })

  test('progress ends with what there is', async () => {
    const seen: unknown[] = []
    await trainBpe(['abc', ''], { vocabularySize: 300, onProgress: (progress) => seen.push(progress) })
    expect(seen).toEqual([
      { phase: 'merging', documents: 2, characters: 3, tokens: 259, vocabularySize: 300 },
    ])
  })
})
