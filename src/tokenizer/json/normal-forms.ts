import { type Aligned, TextBuilder } from './alignment.js'

export type NormalForm = 'NFC' | 'NFD' | 'NFKC' | 'NFKD'

/**
 * What may combine with a character before it: marks, the vowels and final consonants of Hangul, and letters of Kirat
 * Rai. Normalization never reaches across the place before another character.
 */
const COMBINES = /[\p{M}\u1160-\u11FF\u{16D63}-\u{16D6A}]/u
/** Below U+0300 nothing combines with what stands before it. */
const FIRST_MARK = 0x300

/** `String.prototype.normalize` in linear time, with alignment if asked for: clusters are aligned as wholes. */
export function normalForm(text: string, form: NormalForm, track: boolean): Aligned {
  const ordered = orderLongMarkRuns(text)
  const normalized = ordered.normalize(form)
  if (!track || normalized === text) return { text: normalized }
  const builder = new TextBuilder(text, true)
  for (let start = 0, end = 0; start < text.length; start = end) {
    do end += text.codePointAt(end)! > 0xffff ? 2 : 1
    while (text.charCodeAt(end) >= FIRST_MARK && COMBINES.test(charAround(text, end)))
    const cluster = text.slice(start, end)
    const isPlain = end === start + 1 && text.charCodeAt(start) < 0x80
    const changed = isPlain ? cluster : orderLongMarkRuns(cluster).normalize(form)
    if (changed === cluster) builder.copy(start, end)
    else builder.replace(start, end, changed)
  }
  const aligned = builder.result()
  if (aligned.text === normalized) return aligned
  // Unicode may come to compose more than these clusters foresee: then the text is aligned as a whole.
  const whole = new TextBuilder(text, true)
  whole.replace(0, text.length, normalized)
  return whole.result()
}

/** Runs this long are ordered here; shorter ones cost `normalize` little. */
const LONG_RUN = 64

const MARK = /\p{M}/u

/**
 * Puts long runs of combining marks into canonical order. `normalize` does that by insertion, in time quadratic in
 * the run: 160 000 marks would take it half a minute.
 */
export function orderLongMarkRuns(text: string): string {
  let out = ''
  let done = 0
  // A run of this length covers at least one place that is looked at.
  for (let at = LONG_RUN / 2; at < text.length; at += LONG_RUN / 2) {
    if (text.charCodeAt(at) < FIRST_MARK || !MARK.test(charAround(text, at))) continue
    let start = at
    while (start > done && MARK.test(charAround(text, start - 1))) start--
    let end = at
    while (end < text.length && MARK.test(charAround(text, end))) end++
    if (end - start >= LONG_RUN) {
      out += text.slice(done, start) + orderMarks(text.slice(start, end))
      done = end
    }
    at = Math.max(at, end)
  }
  return done === 0 ? text : out + text.slice(done)
}

/** The character that a unit belongs to. */
function charAround(text: string, at: number): string {
  const unit = text.charCodeAt(at)
  const start = unit >= 0xdc00 && unit <= 0xdfff && at > 0 ? at - 1 : at
  return String.fromCodePoint(text.codePointAt(start)!)
}

/**
 * Marks in canonical order. JavaScript does not tell a mark's combining class, but `normalize` shows of any two in
 * which order they belong: the different marks of the run are sorted so, and then the run by their ranks.
 */
function orderMarks(run: string): string {
  const marks = [...run].flatMap((mark) => [...mark.normalize('NFD')])
  const isMoved = (left: string, right: string) => (left + right).normalize('NFD') !== left + right
  // Marks of class 0 stay, and nothing passes them: U+0334 is of the lowest other class, U+0345 of the highest.
  const moves = (mark: string) =>
    mark === '\u0334' || mark === '\u0345' || isMoved(mark, '\u0334') || isMoved('\u0345', mark)
  const different = [...new Set(marks)].filter(moves)
  different.sort((a, b) => (isMoved(a, b) ? 1 : isMoved(b, a) ? -1 : 0))
  const ranks = new Map<string, number>()
  let rank = 0
  different.forEach((mark, i) => {
    if (i > 0 && isMoved(mark, different[i - 1]!)) rank++
    ranks.set(mark, rank)
  })
  let out = ''
  let buckets: string[] = []
  const flush = () => {
    for (const bucket of buckets) if (bucket) out += bucket
    buckets = []
  }
  for (const mark of marks) {
    const at = ranks.get(mark)
    if (at === undefined) {
      flush()
      out += mark
    } else buckets[at] = (buckets[at] ?? '') + mark
  }
  flush()
  return out
}
