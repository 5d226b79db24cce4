import type { MergeTable } from './merge-table.js'

/**
 * The heart of both BPE kinds: of all adjacent pairs that the table lists, merge the one of lowest rank, the
 * leftmost first, until no listed pair is left. Symbols are token ids, or ids from the vocabulary's size on
 * for strings that are no tokens themselves; negative symbols never merge.
 */

/** Up to this many symbols, looking at all ranks for the lowest is faster than keeping a heap of them. */
const FEW = 1024
const UNLISTED = 0x7fffffff
const POSITIONS = 2 ** 32
/** A symbol that was merged into its left neighbour. */
const DEAD = -0x80000000

/** Merges sequences by a table; keeps its buffers from one sequence to the next. O(n log n) for n symbols. */
export class Merger {
  /** After `merge`: where each symbol that is left begins, in symbols as they were given. */
  starts = new Int32Array(FEW)
  private readonly table: MergeTable
  /** Of the pair that begins at each symbol. */
  private readonly ranks = new Int32Array(FEW)
  private readonly merged = new Int32Array(FEW)
  private previous = new Int32Array(64)
  private next = new Int32Array(64)
  /** Binary min-heap of rank × 2³² + position: one number orders by rank, then from left to right. */
  private heap = new Float64Array(64)
  private heapSize = 0

  constructor(table: MergeTable) {
    this.table = table
  }

  /** Merges the first `length` of `symbols` in place and returns how many are left. */
  merge(symbols: Int32Array, length: number): number {
    return length <= FEW ? this.mergeFew(symbols, length) : this.mergeMany(symbols, length)
  }

  /**
   * All pairs of the lowest rank are merged in one pass from left to right, which also looks for the next rank. A
   * merge that makes a pair of a lower rank yet ends it.
   */
  private mergeFew(symbols: Int32Array, length: number): number {
    const { ranks, merged, starts } = this
    let lowest = UNLISTED
    starts[0] = 0
    for (let i = 0; i + 1 < length; i++) {
      starts[i + 1] = i + 1
      this.look(symbols[i]!, symbols[i + 1]!, i)
      if (ranks[i]! < lowest) lowest = ranks[i]!
    }
    let count = length
    while (lowest !== UNLISTED) {
      const rank = lowest
      lowest = UNLISTED
      let isOn = true
      let kept = 0
      // The pair behind symbol i is (i, i + 1), unless symbol i + 1 has just been merged into something else.
      for (let i = 0; i < count; i++) {
        const isMerge = isOn && i + 1 < count && ranks[i] === rank
        starts[kept] = starts[i]!
        if (isMerge) {
          symbols[kept] = merged[i]!
          i++
          for (let isDone = false; !isDone; ) {
            const before = kept > 0 ? this.look(symbols[kept - 1]!, symbols[kept]!, kept - 1) : UNLISTED
            const behind = i + 1 < count ? this.look(symbols[kept]!, symbols[i + 1]!, kept) : UNLISTED
            if (before < rank || behind < rank) isOn = false
            // A new pair of the same rank is the leftmost there is: its turn is next.
            if (isOn && before === rank) symbols[--kept] = merged[kept]!
            else if (isOn && behind === rank) {
              symbols[kept] = merged[kept]!
              i++
            } else isDone = true
          }
        } else {
          symbols[kept] = symbols[i]!
          ranks[kept] = ranks[i]!
          merged[kept] = merged[i]!
        }
        if (kept > 0 && ranks[kept - 1]! < lowest) lowest = ranks[kept - 1]!
        kept++
      }
      count = kept
    }
    return count
  }

  /** Notes what the pair that begins at `at` would become, and when; returns the latter. */
  private look(left: number, right: number, at: number): number {
    const entry = this.table.find(left, right)
    if (entry >= 0) this.merged[at] = this.table.merged(entry)
    const rank = entry < 0 ? UNLISTED : this.table.rank(entry)
    this.ranks[at] = rank
    return rank
  }

  private mergeMany(symbols: Int32Array, length: number): number {
    if (this.next.length < length) {
      this.previous = new Int32Array(2 * length)
      this.next = new Int32Array(2 * length)
    }
    if (this.starts.length < length) this.starts = new Int32Array(2 * length)
    const { table, previous, next, starts } = this
    this.heapSize = 0
    for (let i = 0; i < length; i++) {
      previous[i] = i - 1
      next[i] = i + 1
    }
    for (let i = 0; i + 1 < length; i++) this.offer(symbols, i, i + 1)

    while (this.heapSize > 0) {
      const key = this.pop()
      const rank = Math.floor(key / POSITIONS)
      const left = key - rank * POSITIONS
      if (symbols[left] === DEAD) continue
      const right = next[left]!
      if (right >= length) continue
      const entry = table.find(symbols[left]!, symbols[right]!)
      // The pair that asked for this merge may be gone; if the one now here has the same rank, it is its turn
      // too.
      if (entry < 0 || table.rank(entry) !== rank) continue

      symbols[left] = table.merged(entry)
      symbols[right] = DEAD
      const after = next[right]!
      next[left] = after
      if (after < length) {
        previous[after] = left
        this.offer(symbols, left, after)
      }
      if (previous[left]! >= 0) this.offer(symbols, previous[left]!, left)
    }

    let kept = 0
    for (let i = 0; i < length; i = next[i]!) {
      starts[kept] = i
      symbols[kept++] = symbols[i]!
    }
    return kept
  }

  private offer(symbols: Int32Array, left: number, right: number): void {
    const entry = this.table.find(symbols[left]!, symbols[right]!)
    if (entry < 0) return
    const key = this.table.rank(entry) * POSITIONS + left
    if (this.heapSize === this.heap.length) {
      const larger = new Float64Array(2 * this.heap.length)
      larger.set(this.heap)
      this.heap = larger
    }
    const { heap } = this
    let at = this.heapSize++
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (heap[parent]! <= key) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = key
  }

  private pop(): number {
    const { heap } = this
    const top = heap[0]!
    const size = --this.heapSize
    const last = heap[size]!
    let at = 0
    for (let child = 1; child < size; child = 2 * at + 1) {
      if (child + 1 < size && heap[child + 1]! < heap[child]!) child++
      if (heap[child]! >= last) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = last
    return top
  }
}
