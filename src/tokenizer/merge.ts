/**
 * The heart of both BPE kinds: of all adjacent pairs that the table lists, merge the one of lowest rank, the
 * leftmost first, until no listed pair is left. Symbols are token ids, or ids from the vocabulary's size on
 * for strings that are no tokens themselves; negative symbols never merge.
 */

const EMPTY = -1

/**
 * (left, right) → (rank, merged symbol): an open-addressing hash table in one Int32Array, 4 numbers a slot.
 */
export class MergeTable {
  private slots: Int32Array
  private mask: number
  private count = 0

  /** @param expected number of pairs that will be added; more may be */
  constructor(expected: number) {
    this.mask = 2 ** Math.ceil(Math.log2(Math.max(8, 2 * expected))) - 1
    this.slots = new Int32Array(4 * (this.mask + 1)).fill(EMPTY)
  }

  /** Adds a pair; of two entries for one pair the first counts, as in llama.cpp. */
  add(left: number, right: number, rank: number, merged: number): void {
    if (2 * this.count > this.mask) this.grow()
    const slot = this.probe(left, right)
    if (this.slots[slot] !== EMPTY) return
    this.slots.set([left, right, rank, merged], slot)
    this.count++
  }

  /** Where the pair stands, to be given to `rank` and `merged`; −1 if it is not listed. */
  find(left: number, right: number): number {
    if (left < 0 || right < 0) return -1
    const slot = this.probe(left, right)
    return this.slots[slot] === EMPTY ? -1 : slot
  }

  rank(slot: number): number {
    return this.slots[slot + 2]!
  }

  merged(slot: number): number {
    return this.slots[slot + 3]!
  }

  private probe(left: number, right: number): number {
    const { slots, mask } = this
    let hash = Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca6b)
    hash ^= hash >>> 15
    for (let index = hash & mask; ; index = (index + 1) & mask) {
      const slot = 4 * index
      const key = slots[slot]!
      if (key === EMPTY || (key === left && slots[slot + 1] === right)) return slot
    }
  }

  private grow(): void {
    const old = this.slots
    this.mask = 2 * this.mask + 1
    this.slots = new Int32Array(4 * (this.mask + 1)).fill(EMPTY)
    for (let slot = 0; slot < old.length; slot += 4)
      if (old[slot] !== EMPTY)
        this.slots.set(old.subarray(slot, slot + 4), this.probe(old[slot]!, old[slot + 1]!))
  }
}

const POSITIONS = 2 ** 32
/** A symbol that was merged into its left neighbour. */
const DEAD = -0x80000000

/** Merges sequences by a table; keeps its buffers from one sequence to the next. O(n log n) for n symbols. */
export class Merger {
  private readonly table: MergeTable
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
    if (length < 2) return length
    if (this.next.length < length) {
      this.previous = new Int32Array(2 * length)
      this.next = new Int32Array(2 * length)
    }
    const { table, previous, next } = this
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
      const slot = table.find(symbols[left]!, symbols[right]!)
      // The pair that asked for this merge may be gone; if the one now here has the same rank, it is its turn
      // too.
      if (slot < 0 || table.rank(slot) !== rank) continue

      symbols[left] = table.merged(slot)
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
    for (let i = 0; i < length; i = next[i]!) symbols[kept++] = symbols[i]!
    return kept
  }

  private offer(symbols: Int32Array, left: number, right: number): void {
    const slot = this.table.find(symbols[left]!, symbols[right]!)
    if (slot < 0) return
    const key = this.table.rank(slot) * POSITIONS + left
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
