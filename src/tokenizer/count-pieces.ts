import type { PreTokenizer } from './pretokenize.js'

/** V8 copies substrings below 13 characters; longer ones keep the whole text they were cut from alive. */
const COPIED_LENGTH = 12

/** A piece of text and how often it occurred. */
interface Tally {
  count: number
}

/**
 * Counts how often the pre-tokenizer's pieces occur, document by document. Memory is bounded by the number of
 * different pieces, not by the text.
 */
export class PieceCounter {
  private readonly preTokenizer: PreTokenizer
  private readonly pieces = new Map<string, Tally>()

  constructor(preTokenizer: PreTokenizer) {
    this.preTokenizer = preTokenizer
  }

  /** Adds a document. Lone surrogates count as U+FFFD, as they do when text is encoded. */
  add(document: string): void {
    const text = document.toWellFormed()
    this.preTokenizer.split(text, (start, end) => this.increase(text.slice(start, end)))
  }

  /** Every piece that occurred, with its count, in no particular order. */
  counts(): Iterable<[piece: string, { readonly count: number }]> {
    return this.pieces
  }

  private increase(piece: string): void {
    const tally = this.pieces.get(piece)
    if (tally) tally.count++
    // The joined string is a new one: what is cut from it keeps no document alive.
    else this.pieces.set(piece.length > COPIED_LENGTH ? ` ${piece}`.slice(1) : piece, { count: 1 })
  }
}
