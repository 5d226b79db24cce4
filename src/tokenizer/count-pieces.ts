import type { PreTokenizer } from './pretokenize.js'

/** V8 copies substrings below 13 characters; longer ones keep the whole text they were cut from alive. */
const COPIED_LENGTH = 12
/** Runs that are held before they are cut and their memory is given back; English text has fewer. */
const MAX_RUNS = 1 << 19

/** A piece of text and how often it occurred. */
interface Tally {
  count: number
}

/**
 * Counts how often the pre-tokenizer's pieces occur, document by document. Memory is bounded by the number of
 * different pieces, not by the text.
 *
 * Expressions cost some 100 ns a character, looking a word up costs that once. So the text is first cut into runs
 * at spaces that stand between something that is no space and a letter. Every pre-tokenizer of this folder begins a
 * piece there, and none looks behind, or ahead past such a space. Short runs are counted as they are, and cut into
 * pieces once each, in the end.
 */
export class PieceCounter {
  private readonly preTokenizer: PreTokenizer
  private readonly runs = new Map<string, Tally>()
  private readonly pieces = new Map<string, Tally>()

  constructor(preTokenizer: PreTokenizer) {
    this.preTokenizer = preTokenizer
  }

  /** Adds a document. Lone surrogates count as U+FFFD, as they do when text is encoded. */
  add(document: string): void {
    const text = document.toWellFormed()
    let start = 0
    for (let space = text.indexOf(' ', 1); space >= 0; space = text.indexOf(' ', space + 1)) {
      if (!isNoSpace(text.charCodeAt(space - 1)) || !isLetter(text.charCodeAt(space + 1))) continue
      this.addRun(text.slice(start, space))
      start = space
    }
    if (start < text.length) this.addRun(text.slice(start))
    if (this.runs.size > MAX_RUNS) this.cutRuns()
  }

  /** Every piece that occurred, with its count, in no particular order. */
  counts(): Iterable<[piece: string, { readonly count: number }]> {
    this.cutRuns()
    return this.pieces
  }

  private addRun(run: string): void {
    if (run.length > COPIED_LENGTH) this.cut(run, 1)
    else increase(this.runs, run, 1)
  }

  private cutRuns(): void {
    for (const [run, { count }] of this.runs) this.cut(run, count)
    this.runs.clear()
  }

  private cut(run: string, count: number): void {
    this.preTokenizer.split(run, (start, end) => increase(this.pieces, run.slice(start, end), count))
  }
}

function increase(tallies: Map<string, Tally>, text: string, by: number): void {
  const tally = tallies.get(text)
  if (tally) tally.count += by
  // The joined string is a new one: what is cut from it keeps no document alive.
  else tallies.set(text.length > COPIED_LENGTH ? ` ${text}`.slice(1) : text, { count: by })
}

/** Whether a UTF-16 unit is surely not White_Space: U+2000 to U+3000, with most of the spaces, count as unsure. */
function isNoSpace(unit: number): boolean {
  if (unit < 0x80) return unit > 0x20
  return (unit > 0xa0 && unit < 0x1680) || unit > 0x3000
}

/** Whether a UTF-16 unit is a letter of the commonest kinds: ASCII, other Latin, Russian. */
function isLetter(unit: number): boolean {
  if (unit < 0x80) return (unit | 0x20) >= 0x61 && (unit | 0x20) <= 0x7a
  return (unit >= 0xc0 && unit < 0x250 && unit !== 0xd7 && unit !== 0xf7) || (unit >= 0x410 && unit < 0x450)
}
