/** Numbers of an entry: left, right, rank, merged. */
const FIELDS = 4
/** Pairs of symbols below this, bytes in most vocabularies, have a table of their own: each piece begins with them. */
const FIRST = 288

/**
 * (left, right) → (rank, merged symbol). Most pairs of a text are not listed, and the table is far larger than the
 * processor's caches: so a slot is one number, the entry's index and as many bits of the hash as fit beside it, and
 * a pair that is not listed is nearly always told by reading that one number.
 */
export class MergeTable {
  private slots: Int32Array
  private mask: number
  private entries: Int32Array
  private count = 0
  /** Entry of each pair of first symbols, plus 1. */
  private readonly first = new Int32Array(FIRST * FIRST)

  /** @param expected number of pairs that will be added; more may be */
  constructor(expected: number) {
    const bits = Math.max(4, Math.ceil(Math.log2(2 * expected + 1)))
    this.mask = 2 ** bits - 1
    this.slots = new Int32Array(this.mask + 1)
    this.entries = new Int32Array(FIELDS * Math.max(4, expected))
  }

  /** Adds a pair; of two entries for one pair the first counts, as in llama.cpp. */
  add(left: number, right: number, rank: number, merged: number): void {
    if (this.find(left, right) >= 0) return
    if (2 * this.count > this.mask) this.grow()
    const at = FIELDS * this.count
    if (at === this.entries.length) {
      const larger = new Int32Array(2 * at)
      larger.set(this.entries)
      this.entries = larger
    }
    this.entries.set([left, right, rank, merged], at)
    this.insert(this.count++)
  }

  /** The pair's entry, to be given to `rank` and `merged`; −1 if it is not listed. Negative symbols never are. */
  find(left: number, right: number): number {
    if (left < FIRST && right < FIRST)
      return left < 0 || right < 0 ? -1 : this.first[FIRST * left + right]! - 1
    const { slots, mask, entries } = this
    const hash = hashOf(left, right)
    for (let index = hash & mask; ; index = (index + 1) & mask) {
      const slot = slots[index]!
      if (slot === 0) return -1
      // Bits above the index; the index itself is one more than the entry's, as 0 means empty.
      if (((slot ^ hash) & ~mask) !== 0) continue
      const entry = FIELDS * ((slot & mask) - 1)
      if (entries[entry] === left && entries[entry + 1] === right) return entry
    }
  }

  rank(entry: number): number {
    return this.entries[entry + 2]!
  }

  merged(entry: number): number {
    return this.entries[entry + 3]!
  }

  /** Calls back for every pair, in the order in which they were added. */
  forEach(onPair: (left: number, right: number, rank: number) => void): void {
    const { entries } = this
    for (let at = 0; at < FIELDS * this.count; at += FIELDS)
      onPair(entries[at]!, entries[at + 1]!, entries[at + 2]!)
  }

  private insert(number: number): void {
    const { slots, mask, entries } = this
    const left = entries[FIELDS * number]!
    const right = entries[FIELDS * number + 1]!
    if (left < FIRST && right < FIRST) this.first[FIRST * left + right] = FIELDS * number + 1
    const hash = hashOf(left, right)
    let index = hash & mask
    while (slots[index] !== 0) index = (index + 1) & mask
    slots[index] = (hash & ~mask) | (number + 1)
  }

  private grow(): void {
    this.mask = 2 * this.mask + 1
    this.slots = new Int32Array(this.mask + 1)
    for (let number = 0; number < this.count; number++) this.insert(number)
  }
}

function hashOf(left: number, right: number): number {
  const hash = Math.imul(Math.imul(left, 0x9e3779b1) ^ right, 0x85ebca6b)
  return hash ^ (hash >>> 15)
}
