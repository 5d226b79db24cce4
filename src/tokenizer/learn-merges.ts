import { writeUtf8 } from './bytes.js'

/** Ids are below it: a pair of them is one exact number, left · 2^22 + right. */
export const MAX_IDS = 2 ** 22

/** Two neighbours, how often they stand side by side, and the words in which they do (or once did). */
interface Pair {
  readonly left: number
  readonly right: number
  count: number
  /** The count of this pair's one valid entry in the heap; 0 if it has none. */
  queued: number
  readonly words: number[]
}

interface Entry {
  readonly count: number
  readonly pair: Pair
}

/** What `MergeLearner.next` found: the neighbours that it joined. */
export interface LearntMerge {
  readonly left: number
  readonly right: number
}

/**
 * Learns byte-pair merges from counted words. A pair counts in every place where its symbols are neighbours, times
 * the count of the word; only words that hold the merged pair are touched by a merge, and the heap's entries are
 * brought up to date when they come to its top.
 */
export class MergeLearner {
  /** Symbols of each word. */
  private readonly words: Int32Array[] = []
  private readonly counts: number[] = []
  private readonly pairs = new Map<number, Pair>()
  private readonly heap: Entry[] = []
  /** Word → the merge that last changed it: a pair may list a word several times. */
  private readonly visits: number[] = []
  private visit = 0

  /**
   * @param pieces different pieces of text, with counts above 0
   * @param byteIds the symbol of each byte
   */
  constructor(
    pieces: Iterable<readonly [text: string, tally: { readonly count: number }]>,
    byteIds: Int32Array,
  ) {
    let bytes = new Int32Array(256)
    for (const [text, { count }] of pieces) {
      if (bytes.length < 3 * text.length) bytes = new Int32Array(6 * text.length)
      let length = 0
      for (const char of text) length = writeUtf8(char.codePointAt(0)!, bytes, length)
      // Words of one byte have no pairs.
      if (length < 2) continue
      const symbols = bytes.slice(0, length)
      for (let i = 0; i < length; i++) symbols[i] = byteIds[symbols[i]!]!
      this.counts.push(count)
      this.visits.push(0)
      const word = this.words.push(symbols) - 1
      for (let i = 0; i + 1 < length; i++) {
        const pair = this.pair(symbols[i]!, symbols[i + 1]!)
        pair.count += count
        if (pair.words.at(-1) !== word) pair.words.push(word)
      }
    }
    for (const pair of this.pairs.values()) this.queue(pair)
  }

  /**
   * The most frequent pair that `symbolOf` has a symbol for, merged in all words, from left to right; of several
   * the one with the lowest left symbol, then the lowest right one. Undefined when no pair is left.
   * @param symbolOf the symbol that takes the pair's place, below 2^22; undefined if the pair must never be merged
   */
  next(symbolOf: (left: number, right: number) => number | undefined): LearntMerge | undefined {
    for (let entry = this.pop(); entry; entry = this.pop()) {
      const { pair } = entry
      if (entry.count !== pair.queued) continue
      pair.queued = 0
      if (pair.count !== entry.count) {
        this.queue(pair)
        continue
      }
      const merged = symbolOf(pair.left, pair.right)
      if (merged === undefined) continue
      this.merge(pair, merged)
      return pair
    }
    return undefined
  }

  private merge(pair: Pair, merged: number): void {
    const { left, right } = pair
    const words = pair.words.splice(0)
    const changed = new Set<Pair>()
    this.visit++
    for (const word of words) {
      if (this.visits[word] === this.visit) continue
      this.visits[word] = this.visit
      const symbols = this.words[word]!
      const after = joined(symbols, left, right, merged)
      if (after.length === symbols.length) continue
      const count = this.counts[word]!
      // All pairs of the word are taken back and counted anew: words are short, and runs (aaa) need no special care.
      for (let i = 0; i + 1 < symbols.length; i++) this.pair(symbols[i]!, symbols[i + 1]!).count -= count
      this.words[word] = after
      for (let i = 0; i + 1 < after.length; i++) {
        const now = this.pair(after[i]!, after[i + 1]!)
        now.count += count
        if (after[i] !== merged && after[i + 1] !== merged) continue
        if (now.words.at(-1) !== word) now.words.push(word)
        changed.add(now)
      }
    }
    for (const now of changed) this.queue(now)
  }

  private pair(left: number, right: number): Pair {
    const key = left * MAX_IDS + right
    let pair = this.pairs.get(key)
    if (!pair) {
      pair = { left, right, count: 0, queued: 0, words: [] }
      this.pairs.set(key, pair)
    }
    return pair
  }

  /** Gives the pair an entry with its present count, unless a higher one waits, which will do it in time. */
  private queue(pair: Pair): void {
    if (pair.count <= pair.queued) return
    pair.queued = pair.count
    const { heap } = this
    const entry = { count: pair.count, pair }
    let at = heap.push(entry) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isBefore(entry, heap[parent]!)) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = entry
  }

  private pop(): Entry | undefined {
    const { heap } = this
    const last = heap.pop()
    if (!last || heap.length === 0) return last
    const top = heap[0]!
    let at = 0
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++
      if (!isBefore(heap[child]!, last)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = last
    return top
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  if (a.count !== b.count) return a.count > b.count
  return a.pair.left !== b.pair.left ? a.pair.left < b.pair.left : a.pair.right < b.pair.right
}

/** The symbols with every `left`, `right` joined, from left to right; the same array if there is none. */
function joined(symbols: Int32Array, left: number, right: number, merged: number): Int32Array {
  const out = new Int32Array(symbols.length)
  let length = 0
  for (let i = 0; i < symbols.length; i++) {
    const isPair = symbols[i] === left && symbols[i + 1] === right
    out[length++] = isPair ? merged : symbols[i]!
    if (isPair) i++
  }
  return length === symbols.length ? symbols : out.slice(0, length)
}
