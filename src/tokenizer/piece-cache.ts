import type { IdBuffer } from './id-buffer.js'

/** UTF-16 units of the longest piece that is kept. Longer ones seldom come again. */
export const LONGEST_CACHED = 32
/** The cache starts anew when it holds this many pieces, units, or ids: some 8 MB in all. */
const MOST_PIECES = 1 << 16
const MOST_UNITS = 1 << 20
const MOST_IDS = 1 << 19
/** Numbers of a slot: hash, place of the units, their number and 256 × the number of ids, place of the ids. */
const FIELDS = 4
const HASH = 0
const UNITS = 1
const SIZES = 2
const IDS = 3

/**
 * Token ids of short pieces that were seen before, by their UTF-16 units: an open-addressing table in typed arrays
 * over pools of units and ids, so that finding one makes no string and no garbage.
 */
export class PieceCache {
  private slots = new Int32Array(FIELDS << 10)
  private mask = (1 << 10) - 1
  private pieces = 0
  private units = new Uint16Array(1 << 12)
  private unitCount = 0
  private ids = new Uint32Array(1 << 11)
  /** Where each id's token ends, in units from the piece's beginning. */
  private ends = new Uint8Array(1 << 11)
  private idCount = 0

  /** The piece that was looked for last, and not found; its ids are pushed behind those of the others. */
  private missing = { hash: 0, at: 0, end: 0 }
  private pushed = 0

  /** Pushes the tokens of units `at` to `end` if they are known, and returns whether. At most LONGEST_CACHED units. */
  find(text: Uint16Array, at: number, end: number, out: IdBuffer): boolean {
    const { slots, mask, units } = this
    const length = end - at
    const hash = hashOf(text, at, end)
    for (let index = hash & mask; ; index = (index + 1) & mask) {
      const slot = FIELDS * index
      const sizes = slots[slot + SIZES]!
      if (sizes === 0) break
      if (slots[slot + HASH] !== hash || (sizes & 255) !== length) continue
      const from = slots[slot + UNITS]!
      let i = 0
      while (i < length && units[from + i] === text[at + i]) i++
      if (i < length) continue
      const ids = slots[slot + IDS]!
      if (sizes >> 8 === 1) out.push(this.ids[ids]!, end)
      else out.pushAll(this.ids, this.ends, ids, sizes >> 8, at)
      return true
    }
    this.missing.hash = hash
    this.missing.at = at
    this.missing.end = end
    this.pushed = this.idCount
    return false
  }

  /** Adds a token to the piece that was not found. */
  push(id: number, end: number): void {
    if (this.pushed === this.ids.length) {
      this.ids = twice(this.ids, Uint32Array)
      this.ends = twice(this.ends, Uint8Array)
    }
    this.ids[this.pushed] = id
    this.ends[this.pushed++] = end - this.missing.at
  }

  /** Pushes the tokens of the piece that was not found, which are complete now, and remembers them. */
  add(text: Uint16Array, out: IdBuffer): void {
    const { hash, at, end } = this.missing
    const count = this.pushed - this.idCount
    out.pushAll(this.ids, this.ends, this.idCount, count, at)
    if (this.pieces === MOST_PIECES || this.unitCount + end - at > MOST_UNITS || this.pushed > MOST_IDS) {
      // This piece is forgotten with the others.
      this.slots.fill(0)
      this.pieces = this.unitCount = this.idCount = 0
      return
    }
    if (2 * this.pieces > this.mask) this.growSlots()
    if (this.unitCount + end - at > this.units.length) this.units = twice(this.units, Uint16Array)
    const slot = this.freeSlot(hash)
    this.slots[slot + HASH] = hash
    this.slots[slot + UNITS] = this.unitCount
    this.slots[slot + SIZES] = (end - at) | (count << 8)
    this.slots[slot + IDS] = this.idCount
    for (let i = at; i < end; i++) this.units[this.unitCount++] = text[i]!
    this.idCount = this.pushed
    this.pieces++
  }

  private freeSlot(hash: number): number {
    let index = hash & this.mask
    while (this.slots[FIELDS * index + SIZES] !== 0) index = (index + 1) & this.mask
    return FIELDS * index
  }

  private growSlots(): void {
    const old = this.slots
    this.mask = 2 * this.mask + 1
    this.slots = new Int32Array(2 * old.length)
    for (let at = 0; at < old.length; at += FIELDS)
      if (old[at + SIZES] !== 0) this.slots.set(old.subarray(at, at + FIELDS), this.freeSlot(old[at + HASH]!))
  }
}

/** A number of 32 bits that depends on units `at` to `end`. */
export function hashOf(text: Uint16Array, at: number, end: number): number {
  let hash = 0
  for (let i = at; i < end; i++) hash = Math.imul(hash ^ text[i]!, 0x9e3779b1)
  return hash ^ (hash >>> 15)
}

function twice<T extends Uint8Array | Uint16Array | Uint32Array>(
  array: T,
  Kind: new (length: number) => T,
): T {
  const larger = new Kind(2 * array.length)
  larger.set(array)
  return larger
}
