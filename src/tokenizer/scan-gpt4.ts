import {
  BLANK,
  categoryAt,
  LETTER,
  LINE_END,
  LOWER_LIKE,
  MARK,
  NO_WORD,
  NUMBER,
  nextChar,
  skip,
  UPPER_LIKE,
} from './categories.js'
import { contraction, linesOrBlanks, numbers, type Scanner, skipSpace } from './scanner.js'

interface Gpt4Options {
  /** Number characters that stay together. */
  numbers: number
  /** English contractions are pieces, in either case. Default true. */
  contractions?: boolean
  /** Marks belong to words as letters do. */
  marks?: boolean
  /** Line ends behind punctuation belong to it. Default true. */
  keepLineEnds?: boolean
}

/** GPT-4's rule: words with any character but a number or line end before them, line ends with what they end. */
export function gpt4(options: Gpt4Options): Scanner {
  const { contractions = true, marks = false, keepLineEnds = true } = options
  const word = marks ? LETTER | MARK : LETTER
  const rest = NO_WORD & ~word
  const noPrefix = LETTER | NUMBER | LINE_END
  const tail = keepLineEnds ? LINE_END : 0
  const most = options.numbers
  return (text, at, end) => {
    if (contractions) {
      const contracted = contraction(text, at, end, true)
      if (contracted > at) return contracted
    }
    const first = categoryAt(text, at)
    if ((word >>> first) & 1) return skip(text, at, end, word)
    if ((NUMBER >>> first) & 1) return numbers(text, at, end, most)
    const second = nextChar(text, at)
    const next = second < end ? categoryAt(text, second) : -1
    if (next >= 0 && !((noPrefix >>> first) & 1) && (word >>> next) & 1) return skip(text, second, end, word)
    const from = (BLANK >>> first) & 1 && next >= 0 && (rest >>> next) & 1 ? second : at
    if (from > at || (rest >>> first) & 1) return skip(text, skip(text, from, end, rest), end, tail)
    const stop = skipSpace(text, at, end)
    return linesOrBlanks(text, at, stop, stop === end)
  }
}

const SLASH = 0x2f

/**
 * GPT-4o's rule (o200k): as GPT-4's, but words are cut where lower case becomes upper case, contractions belong to
 * the word before them, and slashes to the line ends behind punctuation.
 */
export function gpt4o(options: { numbers: number; contractions: boolean }): Scanner {
  const word = LETTER | MARK
  const most = options.numbers
  return (text, at, end) => {
    const first = categoryAt(text, at)
    if ((NUMBER >>> first) & 1) return numbers(text, at, end, most)
    const second = nextChar(text, at)
    const next = second < end ? categoryAt(text, second) : -1
    const isWord = (word >>> first) & 1
    if (isWord || (next >= 0 && !((LINE_END >>> first) & 1) && (word >>> next) & 1)) {
      const stop = casedWord(text, isWord ? at : second, end)
      return options.contractions ? contraction(text, stop, end, true) : stop
    }
    const from = (BLANK >>> first) & 1 && next >= 0 && (NO_WORD >>> next) & 1 ? second : at
    if (from > at || (NO_WORD >>> first) & 1) {
      let stop = skip(text, from, end, NO_WORD)
      while (stop < end && (text[stop] === SLASH || (LINE_END >>> categoryAt(text, stop)) & 1)) stop++
      return stop
    }
    const stop = skipSpace(text, at, end)
    return linesOrBlanks(text, at, stop, stop === end)
  }
}

/**
 * Upper* Lower+ or else Upper+ Lower*, where letters without case and marks count as both. So of upper case with no
 * lower case behind it only what goes up to the last caseless letter is taken, if there is one.
 */
function casedWord(text: Uint16Array, at: number, end: number): number {
  let i = at
  let behindCaseless = at
  while (i < end) {
    const category = categoryAt(text, i)
    if (!((UPPER_LIKE >>> category) & 1)) break
    i = nextChar(text, i)
    if ((LOWER_LIKE >>> category) & 1) behindCaseless = i
  }
  const stop = skip(text, i, end, LOWER_LIKE)
  if (stop > i) return stop
  return behindCaseless > at ? behindCaseless : i
}
