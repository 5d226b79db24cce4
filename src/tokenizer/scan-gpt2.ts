import {
  BACKTICK,
  BLANK,
  categoryAt,
  DIGIT,
  LETTER,
  MARK_SYMBOL,
  NO_WORD,
  NUMBER,
  nextChar,
  PUNCTUATION,
  skip,
} from './categories.js'
import { blanks, contraction, type Scanner, skipSpace } from './scanner.js'

/** GPT-2's rule: words, numbers and the rest, each with a blank before it. */
export const scanGpt2: Scanner = (text, at, end) => {
  const contracted = contraction(text, at, end, false)
  if (contracted > at) return contracted
  let first = categoryAt(text, at)
  let from = at
  if ((BLANK >>> first) & 1 && at + 1 < end) {
    first = categoryAt(text, at + 1)
    from = at + 1
  }
  if ((LETTER >>> first) & 1) return skip(text, from, end, LETTER)
  if ((NUMBER >>> first) & 1) return skip(text, from, end, NUMBER)
  if ((NO_WORD >>> first) & 1) return skip(text, from, end, NO_WORD)
  const stop = skipSpace(text, at, end)
  return blanks(at, stop, stop === end)
}

/** StarCoder's: every number character by itself, what lies between by GPT-2's rule. */
export const scanSingleNumbers: Scanner = (text, at, end) => {
  const contracted = contraction(text, at, end, false)
  if (contracted > at) return contracted
  let first = categoryAt(text, at)
  if ((NUMBER >>> first) & 1) return nextChar(text, at)
  let from = at
  if ((BLANK >>> first) & 1 && at + 1 < end) {
    first = categoryAt(text, at + 1)
    from = at + 1
  }
  if ((LETTER >>> first) & 1) return skip(text, from, end, LETTER)
  if ((NO_WORD >>> first) & 1) return skip(text, from, end, NO_WORD)
  const stop = skipSpace(text, at, end)
  return blanks(at, stop, stop === end || isIn(NUMBER, text, stop))
}

/**
 * Falcon's, and llama.cpp's default: first runs of punctuation, then what lies between them by GPT-2's rule, then
 * in numbers each three ASCII digits in a row by themselves.
 */
function punctuationFirst(punctuation: number, blankBeforeNumber: boolean): Scanner {
  const rest = NO_WORD & ~punctuation
  return (text, at, end) => {
    let first = categoryAt(text, at)
    if ((punctuation >>> first) & 1) return skip(text, at, end, punctuation)
    let from = at
    if ((BLANK >>> first) & 1 && at + 1 < end) {
      first = categoryAt(text, at + 1)
      from = at + 1
    }
    if ((LETTER >>> first) & 1) return skip(text, from, end, LETTER)
    if ((rest >>> first) & 1) return skip(text, from, end, rest)
    if ((NUMBER >>> first) & 1 && (from === at || blankBeforeNumber)) {
      const triple = firstTriple(text, from, end)
      return triple === at ? at + 3 : triple
    }
    const stop = skipSpace(text, at, end)
    return blanks(at, stop, stop === end || isIn(punctuation, text, stop))
  }
}

export const scanDefault = punctuationFirst(PUNCTUATION | MARK_SYMBOL, false)
export const scanFalcon = punctuationFirst(PUNCTUATION | MARK_SYMBOL | BACKTICK, true)

function isIn(set: number, text: Uint16Array, at: number): boolean {
  return ((set >>> categoryAt(text, at)) & 1) === 1
}

/** Where three ASCII digits in a row begin first in the number from `at` on; where the number ends if nowhere. */
function firstTriple(text: Uint16Array, at: number, end: number): number {
  let digits = 0
  let i = at
  while (i < end) {
    const category = categoryAt(text, i)
    if (!((NUMBER >>> category) & 1)) break
    digits = (DIGIT >>> category) & 1 ? digits + 1 : 0
    if (digits === 3) return i - 2
    i = nextChar(text, i)
  }
  return i
}
