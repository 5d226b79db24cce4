import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { translateRegex } from '../../src/tokenizer/json/regex.js'
import { FILE_RULES, ruleFor } from '../../src/tokenizer/json/rules.js'
import { cutter, regexMatcher } from '../../src/tokenizer/json/split.js'
import { RULES } from '../../src/tokenizer/pretokenize.js'
import { regexSplitter } from '../../src/tokenizer/regex-split.js'
import type { Scanner } from '../../src/tokenizer/scanner.js'
import { Units } from '../../src/tokenizer/units.js'

/** Where the pieces of a text end. */
function scanned(scanner: Scanner, text: string, units = new Units().of(text)): number[] {
  const ends: number[] = []
  const { length } = text
  for (let at = 0; at < length; ) {
    const end = scanner(units, at, length)
    if (!(end > at && end <= length)) throw new Error(`no progress at ${at}: ${end}`)
    ends.push(end)
    at = end
  }
  return ends
}

function matched(split: ReturnType<typeof regexSplitter>, text: string): number[] {
  const ends: number[] = []
  split(text, (_, end) => ends.push(end))
  return ends
}

/** As `expect(scanned(…)).toEqual(matched(…))`, which takes most of the time of many short texts or few long ones. */
function expectSameCuts(scanner: Scanner, split: ReturnType<typeof regexSplitter>, text: string): void {
  const [ours, theirs] = [scanned(scanner, text), matched(split, text)]
  // Both go up to the text's end, so none is the beginning of the other.
  const at = theirs.findIndex((end, i) => end !== ours[i])
  if (at < 0) return
  expect.fail(`${JSON.stringify(text.slice(theirs[at]! - 6, theirs[at]! + 6))} is cut otherwise`)
}

/** What some rule of the table looks for, and its neighbours on both sides. */
const TELLING = [
  ...[' ', '  ', '\n', '\r', '\r\n', '\t', '\v', '\u0085', '\u00a0', '\u1680', '\u2003', '\u2028', '\u3000'],
  ...["'", "'s", "'LL", "'re", "'rE", "'ve", "'d", "'l", "'r", '’s', "'ſ", "'ınd"],
  ...[
    'a',
    'bc',
    'Z',
    'CamelCase',
    'XMLParser',
    'é',
    'e\u0301',
    '\u0301',
    '\u0903',
    'ß',
    'ǅ',
    'ʰ',
    'ª',
    'ж',
    'Ж',
  ],
  ...[
    '一',
    '龥',
    '龦',
    '㐀',
    '中文',
    'の',
    '゙',
    '゛',
    '゠',
    '・',
    'ー',
    '\u3040',
    '\u3097',
    '\u3100',
    '\u303f',
  ],
  ...['가', '한글', '\ud7ff', 'ࠀ', '߿', '不', 'ا', '،', '۔', '।', '…', '。', '，', '、', '𝒳', '𠀀', '𐐀', '𐐨'],
  ...['1', '12', '345', '6789', '٣', '²', 'Ⅷ', '①', '𝟘', '一1', '０'],
  ...[
    '.',
    ',',
    '!',
    '?',
    '(',
    ')',
    '|',
    '/',
    '//',
    '$',
    '+',
    '<=>',
    '^',
    '~',
    '`',
    '_',
    '-',
    '"',
    '¿',
    '«',
    '€',
    '©',
  ],
  ...[
    '\0',
    '\x01',
    '\x7f',
    '\u200b',
    '\u200d',
    '\ufeff',
    '\ufffd',
    '\u0378',
    '\ue000',
    '🙂',
    '👨‍👩‍👧',
    '\u{e0001}',
  ],
]

/** Line ends part the cases; what a rule does across them the random texts show. */
const PAIRS = [
  ...['', '中'].flatMap((left) => ['', ' a'].map((right) => [left, right])),
  ...[' ', 'a'].flatMap((left) => ['1', '.'].map((right) => [left, right])),
].flatMap(([left, right]) =>
  TELLING.map((one) => TELLING.map((other) => left + one + other + right).join('\n')),
)

const BLOCK = 0x800
/** Every character of the first two planes beside some that tell its kind. */
const CHARACTERS = Array.from({ length: 0x20000 / BLOCK }, (_, block) =>
  Array.from({ length: BLOCK }, (_, i) => String.fromCodePoint(block * BLOCK + i)),
)
  // Without the block of surrogates, and without those in which nothing is assigned: such characters are in others too.
  .filter((chars) => chars.some((char) => /[^\p{Cs}\p{Cn}]/u.test(char)))
  .flatMap((chars) =>
    ['a* *A', ".*1*'s"].map((around) => chars.map((char) => around.replaceAll('*', char)).join('\n')),
  )

const anyText = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(...TELLING) },
      { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 3 }) },
      { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 3 }) },
      {
        weight: 1,
        arbitrary: fc.tuple(fc.constantFrom(...TELLING), fc.nat(9)).map(([text, n]) => text.repeat(n)),
      },
    ),
    { maxLength: 14 },
  )
  .map((parts) => parts.join(''))

const runs = new Map<string, { text: string; units: Uint16Array }>()

/** 100 000 units, made once for all rules. */
function runOf(unit: string) {
  let run = runs.get(unit)
  if (!run) {
    const text = unit.repeat(100_000 / unit.length)
    run = { text, units: new Units().of(text) }
    runs.set(unit, run)
  }
  return run
}

test('every rule has a scanner', () => {
  expect(RULES.filter(({ scanner }) => !scanner)).toEqual([])
})

describe.each(RULES.map((rule) => [rule.names[0]!, rule] as const))('%s', (_name, { stages, scanner }) => {
  const split = regexSplitter(stages)

  test('cuts odd text as its expressions do', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expectSameCuts(scanner!, split, text)
      }),
      { numRuns: 1500 },
    )
  })

  test('cuts every pair of telling characters as its expressions do, between any two others', () => {
    for (const text of PAIRS) expectSameCuts(scanner!, split, text)
  })

  test('knows the kind of every character as its expressions do', () => {
    for (const text of CHARACTERS) expectSameCuts(scanner!, split, text)
  })

  test.each(
    [
      ['a', ' ', '\n', "'", '1', '.', '中', '🙂', '\u0301', '\x01', '٣', 'A', '\u3000', '・'],
      [
        '\n ',
        ' \n',
        " '",
        "a'",
        ' \u3000',
        '€ ',
        'A中',
        '中A',
        'Aʰ',
        '\x01a',
        '\x01 ',
        '12٣',
        '. ',
        '\u0301A',
      ],
    ].flat(),
  )('takes a time linear in a run of %j', (unit) => {
    // A time that grew with the square of the text would be minutes.
    const { text, units } = runOf(unit)
    expect(scanned(scanner!, text, units).at(-1)).toBe(text.length)
    const short = text.slice(0, 333 * unit.length)
    expectSameCuts(scanner!, split, short)
  })
})

describe.each(FILE_RULES.map(({ name, patterns }) => [name, patterns] as const))(
  "a tokenizer.json's expressions for %s",
  (_name, patterns) => {
    const rule = ruleFor(patterns)!
    const cutters = patterns.map((pattern) => cutter(regexMatcher(translateRegex(pattern)), 'Isolated'))
    const split: ReturnType<typeof regexSplitter> = (text, onPiece) => {
      const cutBy = (stage: number, from: number, to: number): void => {
        if (stage === cutters.length) onPiece(from, to)
        else cutters[stage]!(text.slice(from, to), (start, end) => cutBy(stage + 1, from + start, from + end))
      }
      cutBy(0, 0, text.length)
    }

    test('cut as its scanner does', () => {
      for (const text of PAIRS) expectSameCuts(rule.scanner!, split, text)
      for (const text of CHARACTERS) expectSameCuts(rule.scanner!, split, text)
    })

    test('are known with line ends as they are and escaped', () => {
      const raw = patterns.map((pattern) => pattern.replaceAll('\\r', '\r').replaceAll('\\n', '\n'))
      expect(ruleFor(raw)?.scanner).toBe(rule.scanner)
      expect(ruleFor([...patterns, 'a'])).toBeUndefined()
    })
  },
)
