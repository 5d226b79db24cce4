import { categoryAt, LINE_END, NUMBER, nextChar, skip, WHITE_SPACE } from './categories.js'

/**
 * Where the piece that begins at `at` ends. Reads UTF-16 units of `text` from `at` to `end`, where the text counts
 * as ending, and nothing before: so pieces can be cut from any place where one begins. Over a whole text a scanner
 * looks at every unit a bounded number of times.
 */
export type Scanner = (text: Uint16Array, at: number, end: number) => number

const APOSTROPHE = 0x27
const LOWER_CASE = 0x20
const LONG_S = 0x17f

/**
 * Where an English contraction at `at` ends ('s 't 'm 'd 're 've 'll), or `at` if there is none. To the models' own
 * tokenizers, Oniguruma and Rust's regex, ſ is an s in another case.
 */
export function contraction(text: Uint16Array, at: number, end: number, inEitherCase: boolean): number {
  if (text[at] !== APOSTROPHE || at + 1 >= end) return at
  const fold = inEitherCase ? LOWER_CASE : 0
  // Setting the bit makes a lower-case letter of nothing but its upper case.
  switch (text[at + 1]! | fold) {
    case 0x73:
    case 0x74:
    case 0x6d:
    case 0x64:
      return at + 2
    case 0x72:
    case 0x76:
      return at + 2 < end && (text[at + 2]! | fold) === 0x65 ? at + 3 : at
    case 0x6c:
      return at + 2 < end && (text[at + 2]! | fold) === 0x6c ? at + 3 : at
    default:
      return inEitherCase && text[at + 1] === LONG_S ? at + 2 : at
  }
}

/**
 * `\s+(?!\S)|\s+` for white space from `at` to `stop`: all of it where the text ends behind it, else all but the
 * last, which may belong to the word that follows.
 */
export function blanks(at: number, stop: number, isAtEnd: boolean): number {
  return isAtEnd || stop - at === 1 ? stop : stop - 1
}

/** `\s*[\r\n]+` before `blanks`: a run of white space is cut behind its last line end. */
export function linesOrBlanks(text: Uint16Array, at: number, stop: number, isAtEnd: boolean): number {
  for (let i = stop; i > at; i--) if ((LINE_END >>> categoryAt(text, i - 1)) & 1) return i
  return blanks(at, stop, isAtEnd)
}

/** `\p{N}{1,most}` */
export function numbers(text: Uint16Array, at: number, end: number, most: number): number {
  if (most === Infinity) return skip(text, at, end, NUMBER)
  let i = at
  for (let count = 0; count < most && i < end && (NUMBER >>> categoryAt(text, i)) & 1; count++)
    i = nextChar(text, i)
  return i
}

export const skipSpace = (text: Uint16Array, at: number, end: number) => skip(text, at, end, WHITE_SPACE)
