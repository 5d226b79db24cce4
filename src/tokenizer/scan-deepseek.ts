import {
  BLANK,
  categoryAt,
  LETTER,
  LINE_END,
  MARK,
  NUMBER,
  nextChar,
  PUNCTUATION,
  SYMBOL,
  WHITE_SPACE,
} from './categories.js'
import { linesOrBlanks, numbers, type Scanner, skipSpace } from './scanner.js'

/** [一-龥ࠀ-一가-퟿], surrogates left out */
const isEastern = (unit: number) => (unit >= 0x800 && unit <= 0x9fa5) || (unit >= 0xac00 && unit <= 0xd7ff)

/**
 * DeepSeek Coder's rule: line ends; words and punctuation, each with a white space before it; and what lies between.
 * Then each of these is cut again where Eastern characters begin or end, and around every number character.
 */
export const scanDeepSeekCoder: Scanner = (text, at, end) => {
  const first = categoryAt(text, at)
  if ((LINE_END >>> first) & 1) return at + 1
  if ((NUMBER >>> first) & 1) return nextChar(text, at)
  const isSpace = (WHITE_SPACE >>> first) & 1
  const led = isSpace && at + 1 < end ? categoryAt(text, at + 1) : first
  const eastern = isEastern(text[at]!)
  for (const set of [LETTER, PUNCTUATION]) {
    if (!((set >>> led) & 1)) continue
    let i = isSpace ? at + 1 : at
    while (i < end && isEastern(text[i]!) === eastern && (set >>> categoryAt(text, i)) & 1)
      i = nextChar(text, i)
    return i
  }
  let i = nextChar(text, at)
  while (i < end && isEastern(text[i]!) === eastern) {
    const category = categoryAt(text, i)
    if (((WORD_OR_PUNCTUATION | LINE_END | NUMBER) >>> category) & 1) break
    const leads = (WHITE_SPACE >>> category) & 1 && i + 1 < end
    if (leads && (WORD_OR_PUNCTUATION >>> categoryAt(text, i + 1)) & 1) break
    i = nextChar(text, i)
  }
  return i
}

const WORD_OR_PUNCTUATION = LETTER | PUNCTUATION
const WORD = LETTER | MARK
const SIGN = PUNCTUATION | SYMBOL

/** [一-龥぀-ゟ゠-ヿ] */
const isHanOrKana = (unit: number) => unit >= 0x3040 && (unit <= 0x30ff || (unit >= 0x4e00 && unit <= 0x9fa5))

const isAsciiLetter = (unit: number) => (unit | 0x20) >= 0x61 && (unit | 0x20) <= 0x7a

/**
 * DeepSeek V3's rule: numbers by three; runs of Han and kana; then in each of these and between them words with
 * a character before them, signs with the line ends behind them. What nothing matches (control characters) lies
 * between.
 */
export const scanDeepSeekV3: Scanner = (text, at, end) => {
  const first = categoryAt(text, at)
  if ((NUMBER >>> first) & 1) return numbers(text, at, end, 3)
  const kana = isHanOrKana(text[at]!)
  /** Whether the text goes on at `i`, before a number and in the same script, with a character of the set. */
  const goesOn = (i: number, set: number) =>
    i < end && (set >>> categoryAt(text, i)) & 1 && isHanOrKana(text[i]!) === kana
  const run = (from: number, set: number) => {
    let i = from
    while (goesOn(i, set)) i = nextChar(text, i)
    return i
  }

  const isSign = (SIGN >>> first) & 1
  if (isSign && text[at]! < 0x80 && at + 1 < end && isAsciiLetter(text[at + 1]!)) {
    let i = at + 2
    while (i < end && isAsciiLetter(text[i]!)) i++
    return i
  }
  if ((WORD >>> first) & 1) return run(at, WORD)
  const second = nextChar(text, at)
  if (!isSign && !((LINE_END >>> first) & 1) && goesOn(second, WORD)) return run(second, WORD)
  if (isSign || ((BLANK >>> first) & 1 && goesOn(second, SIGN))) {
    let i = run(isSign ? at : second, SIGN)
    while (goesOn(i, LINE_END)) i++
    return i
  }
  if ((WHITE_SPACE >>> first) & 1) {
    const stop = skipSpace(text, at, end)
    const isAtEnd = stop === end || isHanOrKana(text[stop]!) || (NUMBER >>> categoryAt(text, stop)) & 1
    return linesOrBlanks(text, at, stop, !!isAtEnd)
  }
  let i = second
  while (goesOn(i, OTHER) && !goesOn(nextChar(text, i), WORD)) i = nextChar(text, i)
  return i
}

/** Neither word nor sign nor number nor white space. */
const OTHER = ~(WORD | SIGN | NUMBER | WHITE_SPACE)
