import { pairAt } from './bytes.js'

/**
 * Unicode categories of UTF-16 units, as far as pre-tokenizers tell them apart. They come from the engine's own
 * regular expressions, 256 code points at a time when text first needs them: so they are those that the
 * specification (pretokenize.ts) uses, and cost nothing at load.
 */
const NAMES = [
  'Lu',
  'Ll',
  'Lt',
  'Lm',
  'Lo',
  'M',
  'digit',
  'N',
  'P',
  'S',
  'markSymbol',
  'backtick',
  'blank',
  'lineEnd',
  'space',
  'other',
] as const

/** The set that holds one category; sets are joined with `|`. */
const only = (name: (typeof NAMES)[number]) => 1 << NAMES.indexOf(name)

/** Letters that may begin, and those that may end, a word of GPT-4o's rule; marks count as both. */
export const UPPER_LIKE = only('Lu') | only('Lt') | only('Lm') | only('Lo') | only('M')
export const LOWER_LIKE = only('Ll') | only('Lm') | only('Lo') | only('M')
export const MARK = only('M')
/** \p{L} */
export const LETTER = (UPPER_LIKE | LOWER_LIKE) & ~MARK
/** [0-9] */
export const DIGIT = only('digit')
/** \p{N} */
export const NUMBER = DIGIT | only('N')
/** \p{P} */
export const PUNCTUATION = only('P')
/** [$+<=>^~|] */
export const MARK_SYMBOL = only('markSymbol')
export const BACKTICK = only('backtick')
/** \p{S} */
export const SYMBOL = only('S') | MARK_SYMBOL | BACKTICK
/** U+0020 */
export const BLANK = only('blank')
/** [\r\n] */
export const LINE_END = only('lineEnd')
/** \p{White_Space}; all of it is in the Basic Multilingual Plane */
export const WHITE_SPACE = BLANK | LINE_END | only('space')
/** Neither white space nor letter nor number: what GPT-2's rule takes for punctuation. */
export const NO_WORD = MARK | PUNCTUATION | SYMBOL | only('other')

const TESTS: readonly [(typeof NAMES)[number], RegExp][] = [
  ['blank', / /],
  ['lineEnd', /[\r\n]/],
  ['space', /\p{White_Space}/u],
  ['Lo', /\p{Lo}/u],
  ['Ll', /\p{Ll}/u],
  ['Lu', /\p{Lu}/u],
  ['Lt', /\p{Lt}/u],
  ['Lm', /\p{Lm}/u],
  ['M', /\p{M}/u],
  ['digit', /[0-9]/],
  ['N', /\p{N}/u],
  ['P', /\p{P}/u],
  ['backtick', /`/],
  ['markSymbol', /[$+<=>^~|]/],
  ['S', /\p{S}/u],
]

/** In place of a category: half of a pair, and a unit that nothing was looked up for yet. */
const PAIR = 30
const UNKNOWN = 31

/** Category of each unit. A category is a bit number, so that `set >>> category & 1` tests for a set. */
const units = new Uint8Array(0x10000).fill(UNKNOWN).fill(PAIR, 0xd800, 0xe000)
/** Categories of the supplementary planes, by code point >> 8. */
const pages: (Uint8Array | undefined)[] = []

function categoryOf(codePoint: number): number {
  const char = String.fromCodePoint(codePoint)
  const name = TESTS.find(([, test]) => test.test(char))?.[0] ?? 'other'
  return NAMES.indexOf(name)
}

/** The category where the table has none: fills the page. Text is well-formed, so a pair is whole. */
function lookUp(text: Uint16Array, at: number): number {
  const unit = text[at]!
  if (units[unit] === UNKNOWN) {
    const first = unit & 0xff00
    for (let i = first; i < first + 256; i++) units[i] = categoryOf(i)
    return units[unit]!
  }
  const codePoint = pairAt(text, at)
  const page = codePoint >> 8
  pages[page] ??= Uint8Array.from({ length: 256 }, (_, i) => categoryOf((page << 8) + i))
  return pages[page]![codePoint & 255]!
}

/** The category of the character at `at`. */
export function categoryAt(text: Uint16Array, at: number): number {
  const category = units[text[at]!]!
  return category < PAIR ? category : lookUp(text, at)
}

/** Where the character that begins at `at` ends. */
export function nextChar(text: Uint16Array, at: number): number {
  return units[text[at]!] === PAIR ? at + 2 : at + 1
}

/** Where the run of characters of `set` that begins at `at` ends, at the latest at `end`. */
export function skip(text: Uint16Array, at: number, end: number, set: number): number {
  for (let i = at; i < end; i++) {
    const category = units[text[i]!]!
    if ((set >>> category) & 1) continue
    if (category < PAIR || !((set >>> lookUp(text, i)) & 1)) return i
    if (category === PAIR) i++
  }
  return end
}
