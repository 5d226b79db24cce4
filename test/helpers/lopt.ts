import fc from 'fast-check'
import type { ParallelEncoding, ParallelOptions, Tokenizer } from '../../src/tokenizer/index.js'
import { InlineExecutor } from '../../src/tokenizer/lopt/executor.js'
import { Parallelizer } from '../../src/tokenizer/lopt/parallelizer.js'
import type { Seam } from '../../src/tokenizer/lopt/seam.js'
import { VocabularyTokenizer } from '../../src/tokenizer/tokenizer.js'

/**
 * Encodes in chunks, all of them in this thread; undefined if nothing is proved for the tokenizer.
 * @param refuses takes seams away, so that others must be found
 */
export async function encodeInline(
  tokenizer: Tokenizer,
  text: string,
  options: ParallelOptions,
  refuses = (_at: number) => false,
): Promise<ParallelEncoding | undefined> {
  if (!(tokenizer instanceof VocabularyTokenizer)) throw new Error('no tokenizer of this package')
  const parallelizer = new Parallelizer(tokenizer)
  const parts = parallelizer.partsOf(options.parseSpecial)
  if (!parts) return undefined
  const seam: Seam = {
    marks: parts.seam.marks,
    between: (...of) => {
      const isSeam = parts.seam.between(...of)
      return (at) => !refuses(at) && isSeam(at)
    },
  }
  const executor = new InlineExecutor(parts.encoder, seam.marks)
  return parallelizer.encodeWith(executor, { ...parts, seam }, text, options)
}

const ODD = [
  ...[
    ' ',
    '  ',
    '\n',
    '\r\n',
    '\n \n',
    '\t',
    "'",
    "'s",
    "'LL",
    "'r",
    "'ſ",
    'the',
    ' The',
    'CamelCase',
    'ABC',
    'ABc',
  ],
  ...[
    '12',
    '3',
    '½',
    '٣٤',
    '中文字',
    '，',
    'の',
    'カナ',
    '한글',
    'é',
    'e\u0301',
    '\u0301',
    '𝒳',
    '🙂',
    '👩‍👩‍👧',
    '\u{10400}\u{10428}',
  ],
  ...[
    '▁',
    '\uFEFF',
    '\u0085',
    '\u00A0',
    '\u3000',
    '\u200D',
    '\0',
    '...',
    '!?',
    '/',
    '//\n',
    '$',
    '^',
    '`',
    '(a)',
    'ǅ',
    'ß',
    'aa',
    'ab',
  ],
  ...['</s>', '<s>', '<unk>', '[MASK]', '<|endoftext|>'],
]

/** Texts of a vocabulary's own tokens, awkward text, runs, and random units, lone surrogates among them. */
export function textsOf(tokenizer: Tokenizer): fc.Arbitrary<string> {
  const token = fc
    .nat(tokenizer.vocabSize - 1)
    .map((id) => tokenizer.decode([tokenizer.idOf('a') ?? id, id], { skipSpecial: false }).slice(1))
  const run = fc
    .tuple(
      fc.constantFrom(
        'a',
        'ab',
        ' ',
        '\n',
        ' \n',
        '7',
        '12',
        'A',
        '中',
        '中A',
        '🙂',
        'é',
        '▁',
        "'",
        '.',
        '\u0301',
      ),
      fc.integer({ min: 2, max: 60 }),
    )
    .map(([text, times]) => text.repeat(times))
  const word = fc.string({ unit: fc.constantFrom(...'abcdeABC 01\n'), maxLength: 12 })
  const units = fc
    .array(fc.oneof(fc.nat(0xffff), fc.integer({ min: 0xd800, max: 0xdfff })), { maxLength: 4 })
    .map((codes) => String.fromCharCode(...codes))
  const part = fc.oneof(
    { weight: 4, arbitrary: token },
    { weight: 4, arbitrary: fc.constantFrom(...ODD) },
    { weight: 1, arbitrary: run },
    { weight: 2, arbitrary: word },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 4 }) },
    { weight: 1, arbitrary: units },
  )
  return fc.array(part, { maxLength: 40, size: 'max' }).map((parts) => parts.join(''))
}

export const anyChunks = fc.record({
  chunkLength: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 120 })),
  overlap: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 80 })),
  addSpecial: fc.boolean(),
  parseSpecial: fc.boolean(),
})
