import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { tokenizerFromGguf } from '../../src/tokenizer/index.js'

const key = (name: string) => `tokenizer.ggml.${name}`
const metadata = (entries: Record<string, unknown>) =>
  new Map(Object.entries(entries).map(([name, value]) => [key(name), value]))

const BYTES = Array.from(
  { length: 256 },
  (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
)
/**
 * A SentencePiece vocabulary: <unk> <s> </s>, byte tokens if asked for, then the given pieces with their
 * scores.
 */
function sentencePiece(pieces: [string, number, type?: number][], withBytes = true, more = {}) {
  const bytes = withBytes ? BYTES : []
  return metadata({
    model: 'llama',
    tokens: ['<unk>', '<s>', '</s>', ...bytes, ...pieces.map(([text]) => text)],
    scores: Float32Array.from([0, 0, 0, ...bytes.map(() => 0), ...pieces.map(([, score]) => score)]),
    token_type: Int32Array.from([2, 3, 3, ...bytes.map(() => 6), ...pieces.map(([, , type = 1]) => type)]),
    ...more,
  })
}

/** A byte-level vocabulary over printable ASCII (and Ġ for the space), with the merged tokens behind. */
const ASCII = ['Ġ', ...Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i))]
function byteLevel(merges: string[], more: Record<string, unknown> = {}, special: [string, number][] = []) {
  const merged = [...new Set(merges.map((merge) => merge.replace(' ', '')))]
  const tokens = [...ASCII, ...merged, ...special.map(([text]) => text)]
  const types = tokens.map((_, id) => special[id - ASCII.length - merged.length]?.[1] ?? 1)
  return metadata({ model: 'gpt2', pre: 'gpt-2', tokens, merges, token_type: types, ...more })
}
const texts = (made: Map<string, unknown>, text: string, options = {}) => {
  const tokenizer = tokenizerFromGguf(made)
  return Array.from(tokenizer.encode(text, { addSpecial: false, ...options }), (id) =>
    tokenizer.tokenText(id),
  )
}

describe('against merging by the definition', () => {
  /** All adjacent pairs are looked at before each merge; the best, and of equals the leftmost, is merged. */
  function mergeNaively(symbols: string[], priority: (left: string, right: string) => number | undefined) {
    const parts = [...symbols]
    for (;;) {
      let best = -1
      let bestPriority = Infinity
      for (let i = 0; i + 1 < parts.length; i++) {
        const at = priority(parts[i]!, parts[i + 1]!)
        if (at !== undefined && at < bestPriority) {
          best = i
          bestPriority = at
        }
      }
      if (best < 0) return parts
      parts.splice(best, 2, parts[best]! + parts[best + 1]!)
    }
  }
  const text = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 60, size: 'max' })

  test('byte-level BPE: by rank, in any vocabulary', () => {
    // Merges of what earlier merges made, so that long tokens come about, but ranked in any order.
    const steps = fc.array(fc.tuple(fc.nat(9), fc.nat(9), fc.nat(99)), { minLength: 6, maxLength: 12 })
    fc.assert(
      fc.property(steps, text, (chosen, input) => {
        const symbols = ['a', 'b']
        const ranked = chosen.map(([i, j, rank]) => {
          const pair = [symbols[i % symbols.length]!, symbols[j % symbols.length]!]
          symbols.push(pair.join(''))
          return { merge: pair.join(' '), rank }
        })
        const merges = ranked.sort((a, b) => a.rank - b.rank).map(({ merge }) => merge)
        const expected = mergeNaively([...input], (left, right) => {
          const rank = merges.indexOf(`${left} ${right}`)
          return rank < 0 ? undefined : rank
        })
        expect(texts(byteLevel(merges), input)).toEqual(expected)
      }),
      { numRuns: 1000 },
    )
  })

  test('SentencePiece: by score, equal scores from left to right', () => {
    const piece = fc.tuple(
      fc.string({ unit: fc.constantFrom('a', 'b', 'c', '▁', '𝒳'), minLength: 2, maxLength: 5 }),
      fc.integer({ min: -4, max: 0 }),
    )
    const input = fc.string({ unit: fc.constantFrom('a', 'b', 'c', ' ', '𝒳'), minLength: 1, maxLength: 40 })
    const pieces = fc.uniqueArray(piece, { selector: ([name]) => [...name].join(), maxLength: 20 })
    fc.assert(
      fc.property(pieces, input, (merged, raw) => {
        const singles: [string, number][] = [...'abc▁𝒳'].map((char) => [char, -9])
        const longer = merged.filter(([name]) => [...name].length > 1)
        const scores = new Map(longer)
        const expected = mergeNaively([...`▁${raw.replaceAll(' ', '▁')}`], (left, right) => {
          const score = scores.get(left + right)
          return score === undefined ? undefined : -score
        })
        expect(texts(sentencePiece([...singles, ...longer]), raw)).toEqual(expected)
      }),
      { numRuns: 300 },
    )
  })
})

describe('byte-level BPE', () => {
  test('a pair that has changed waits for its own rank', () => {
    // b c leaves a|bc, of a later rank than the a|b that was waiting there: bc|d comes first.
    expect(texts(byteLevel(['b c', 'a b', 'bc d', 'a bc']), 'abcd')).toEqual(['a', 'bcd'])
  })

  test('a merged symbol that is no token is spelled in bytes', () => {
    const made = byteLevel(['a b'])
    made.set(key('tokens'), [...ASCII, 'unused'])
    expect(texts(made, 'xab')).toEqual(['x', 'a', 'b'])
  })

  test('a byte without a token: unknown token if there is one, else an error that names it', () => {
    expect(() => texts(byteLevel([]), 'é')).toThrow('byte 0xC3')
    const made = byteLevel([], { unknown_token_id: ASCII.length }, [['<unk>', 2]])
    expect(texts(made, 'xé')).toEqual(['x', '<unk>', '<unk>'])
  })

  test('only pre-tokenizers that ignore merges take whole tokens as they are', () => {
    const made = byteLevel(['a b'], {}, [['abc', 1]])
    expect(texts(made, 'abc')).toEqual(['ab', 'c'])
    made.set(key('pre'), 'llama-bpe')
    expect(texts(made, 'abc')).toEqual(['abc'])
  })

  test('plain text does not become a control token, even one spelled like a word', () => {
    const made = byteLevel(['a b'], { pre: 'llama-bpe' }, [['abc', 3]])
    expect(texts(made, 'abc')).toEqual(['ab', 'c'])
    expect(texts(made, 'abc', { parseSpecial: true })).toEqual(['abc'])
  })

  test.each([
    ['default', '12345', ['123', '45']],
    ['llama-bpe', '12345', ['123', '45']],
    ['qwen2', '12', ['1', '2']],
    ['smollm', 'a1', ['a', '1']],
    ['gpt-2', '12345', ['12345']],
    ['gpt-2', "I'LL", ['I', "'", 'LL']],
    ['llama-bpe', "I'LL", ['I', "'LL"]],
    ['default', 'a$b', ['a', '$', 'b']],
    ['gpt-2', 'a  b', ['a', 'Ġ', 'Ġb']],
  ])('%s cuts %j', (pre, text, expected) => {
    // Every cut is seen if the vocabulary can merge anything at all.
    const cuts = expected.flatMap((piece) =>
      Array.from({ length: piece.length - 1 }, (_, i) => `${piece.slice(0, i + 1)} ${piece[i + 1]}`),
    )
    const whole = text.replaceAll(' ', 'Ġ')
    const joins = expected.slice(1).map((piece, i) => `${expected[i]} ${piece}`)
    expect(joins.every((join) => whole.includes(join.replace(' ', '')))).toBe(true)
    expect(texts(byteLevel([...cuts, ...joins], { pre }), text)).toEqual(expected)
  })

  test('Unicode white space, not that of JavaScript: U+FEFF is none, U+0085 is', () => {
    // Bytes: Â ħ and ï » ¿ are GPT-2's letters for C2 85 and EF BB BF.
    const tokens = [...ASCII, 'Â', 'ħ', 'ï', '»', '¿', '!ï', 'Âħ', '!Â']
    const made = metadata({ model: 'gpt2', pre: 'gpt-2', tokens, merges: ['! ï', '! Â', 'Â ħ'] })
    expect(texts(made, '!\uFEFF')).toEqual(['!ï', '»', '¿'])
    expect(texts(made, '!\u0085')).toEqual(['!', 'Âħ'])
  })
})

describe('SentencePiece', () => {
  test('a character without a token becomes its bytes', () => {
    expect(texts(sentencePiece([['▁', -1]]), 'é')).toEqual(['▁', '<0xC3>', '<0xA9>'])
  })

  test('without byte tokens a run of unknown characters is one unknown token, or an error', () => {
    const pieces: [string, number][] = [
      ['▁', -1],
      ['a', -1],
    ]
    expect(texts(sentencePiece(pieces, false), 'ééaé')).toEqual(['▁', '<unk>', 'a', '<unk>'])
    const made = sentencePiece(pieces, false)
    made.set(key('tokens'), ['<u>', '<s>', '</s>', '▁', 'a'])
    expect(() => texts(made, 'é')).toThrow("neither a token nor bytes for 'é' (U+00E9)")
  })

  test('a character that occurs inside tokens only can still be merged, or be bytes', () => {
    const made = sentencePiece([
      ['▁', -1],
      ['xy', -1],
    ])
    expect(texts(made, 'xyx')).toEqual(['▁', 'xy', '<0x78>'])
  })

  test('the space prefix: at the start and after special tokens, if the model wants it', () => {
    const pieces: [string, number, number?][] = [
      ['▁', -1],
      ['a', -1],
      ['<x>', 0, 4],
    ]
    expect(texts(sentencePiece(pieces), 'a<x>a')).toEqual(['▁', 'a', '<x>', '▁', 'a'])
    expect(texts(sentencePiece(pieces, true, { add_space_prefix: false }), 'a<x>a')).toEqual([
      'a',
      '<x>',
      'a',
    ])
    expect(texts(sentencePiece(pieces), '')).toEqual([])
    const tokenizer = tokenizerFromGguf(sentencePiece(pieces))
    expect(tokenizer.decode(tokenizer.encode('a<x> a<x>'))).toBe('a<x> a<x>')
  })

  test('a continued text keeps its space; a text that begins, or follows a special token, does not', () => {
    const tokenizer = tokenizerFromGguf(
      sentencePiece([
        ['▁', -2],
        ['a', -1],
        ['▁a', -1],
      ]),
    )
    const first = (after?: number) => tokenizer.decodeStream({ after }).push(tokenizer.idOf('▁a')!)
    expect(first()).toBe('a')
    expect(first(tokenizer.idOf('a'))).toBe(' a')
    expect(first(tokenizer.bosId)).toBe('a')
    expect(tokenizer.decode([1, tokenizer.idOf('▁a')!, 2, tokenizer.idOf('▁a')!])).toBe('a a')
  })

  test('a control token cannot be put together from pieces', () => {
    const made = sentencePiece([
      ['▁', -1],
      ['</', -1],
      ['s>', -1],
      ['<', -2],
      ['/', -2],
      ['s', -2],
      ['>', -2],
    ])
    expect(texts(made, '</s>')).toEqual(['▁', '</', 's>'])
    expect(texts(made, '</s>', { parseSpecial: true })).toEqual(['</s>'])
  })
})

describe('special tokens', () => {
  test('the longest of several at one place', () => {
    const made = byteLevel([], {}, [
      ['<a', 4],
      ['<a>', 4],
      ['<', 4],
    ])
    expect(texts(made, 'x<a><ab<<a')).toEqual(['x', '<a>', '<a', 'b', '<', '<a'])
  })

  test('BOS and EOS are added as the metadata says, ids as number or bigint', () => {
    const more = { bos_token_id: 96n, eos_token_id: 95, add_bos_token: true, add_eos_token: true }
    const tokenizer = tokenizerFromGguf(
      byteLevel([], more, [
        ['</s>', 3],
        ['<s>', 3],
      ]),
    )
    expect(Array.from(tokenizer.encode('!'))).toEqual([96, 1, 95])
    expect(Array.from(tokenizer.encode('!', { addSpecial: false }))).toEqual([1])
    expect(tokenizer.decode([96, 1, 95])).toBe('!')
    expect(tokenizer.decode([96, 1, 95], { skipSpecial: false })).toBe('<s>!</s>')
    expect([tokenizer.bytesOf(96).length, tokenizer.bytesOf(96, { skipSpecial: false }).length]).toEqual([
      0, 3,
    ])
  })

  test('end tokens: by id, and by name where no id is given; a name makes a token control', () => {
    const special: [string, number][] = [
      ['<|im_end|>', 1],
      ['<eos>', 3],
      ['<|eom_id|>', 3],
      ['</s>', 1],
      ['<my>', 3],
    ]
    const tokenizer = tokenizerFromGguf(byteLevel([], { eos_token_id: 96, eot_token_id: 99 }, special))
    const ends = [...tokenizer.endIds].map((id) => tokenizer.tokenText(id)).sort()
    expect(ends).toEqual(['<eos>', '<my>', '<|eom_id|>', '<|im_end|>'])
    expect(Array.from(tokenizer.encode('<|im_end|>', { parseSpecial: true }))).toEqual([95])
    expect(tokenizer.decode([95])).toBe('')
  })

  test('padding of the vocabulary stands for no text', () => {
    const tokenizer = tokenizerFromGguf(byteLevel([], {}, [['[PAD95]', 5]]))
    expect(tokenizer.decode([95])).toBe('')
  })
})

describe('errors', () => {
  test.each([
    ['model is missing', {}, 'tokenizer.ggml.model is missing; known are: llama'],
    ['unknown model', { model: 'rwkv' }, "tokenizer model 'rwkv' is not supported; known are: llama"],
    ['model is no string', { model: 3 }, 'tokenizer.ggml.model should be a string, it is number 3'],
    ['no tokens', { model: 'llama' }, 'tokenizer.ggml.tokens is missing'],
    ['tokens are no strings', { model: 'llama', tokens: [1] }, 'tokens should be an array of strings'],
    ['empty vocabulary', { model: 'llama', tokens: [] }, 'tokens is empty'],
    ['no scores', { model: 'llama', tokens: ['a'] }, 'tokenizer.ggml.scores is missing'],
    ['wrong length', { model: 'llama', tokens: ['a'], scores: [0, 1] }, 'scores has 2 entries for 1 tokens'],
    ['scores are no numbers', { model: 'llama', tokens: ['a'], scores: ['x'] }, 'should hold numbers only'],
    ['types are no array', { model: 'llama', tokens: ['a'], token_type: 7 }, 'should be an array of numbers'],
    ['no pre', { model: 'gpt2', tokens: ['a'] }, 'tokenizer.ggml.pre is missing; known are: default, gpt-2'],
    ['unknown pre', { model: 'gpt2', pre: 'x-1', tokens: ['a'] }, "pre-tokenizer 'x-1' is not supported"],
    ['no merges', { model: 'gpt2', pre: 'gpt-2', tokens: ['a'] }, 'tokenizer.ggml.merges is missing'],
    ['bad merge', { model: 'gpt2', pre: 'gpt-2', tokens: ['a'], merges: ['ab'] }, "merges[0] is 'ab'"],
    [
      'bad id',
      { model: 'llama', tokens: ['a'], eos_token_id: 5 },
      'eos_token_id should be one of the 1 token ids',
    ],
    [
      'BOS without id',
      { model: 'llama', tokens: ['a'], add_bos_token: true },
      'no tokenizer.ggml.bos_token_id',
    ],
    [
      'EOS without id',
      { model: 'llama', tokens: ['a'], add_eos_token: true },
      'no tokenizer.ggml.eos_token_id',
    ],
    [
      'flag is none',
      { model: 'llama', tokens: ['a'], add_bos_token: 1 },
      'add_bos_token should be a boolean',
    ],
  ])('%s', (_what, entries, message) => {
    expect(() => tokenizerFromGguf(metadata(entries))).toThrow(message)
  })

  test('the option pre takes the place of what the metadata says', () => {
    const made = byteLevel([])
    made.delete(key('pre'))
    expect(tokenizerFromGguf(made, { pre: 'gpt-2' }).vocabSize).toBe(ASCII.length)
  })

  test.each([-1, 95, 0.5, Number.NaN])('token id %s is outside the vocabulary', (id) => {
    const tokenizer = tokenizerFromGguf(byteLevel([]))
    for (const use of [
      () => tokenizer.decode([id]),
      () => tokenizer.bytesOf(id),
      () => tokenizer.tokenText(id),
      () => tokenizer.decodeStream().push(id),
      () => tokenizer.decodeStream({ after: id }),
    ])
      expect(use).toThrow(new RangeError(`Token id ${id} is outside the vocabulary (0 … 94)`))
  })
})
