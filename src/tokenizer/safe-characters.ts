import type { MergeTable } from './merge-table.js'

/** Not looked at yet; not safe. */
const UNKNOWN = -1
const NONE = -2

/**
 * Characters of two and three bytes whose bytes merge to one symbol whatever stands beside them, so that merging may
 * begin with that symbol: for most of a text in another script than Latin that is a third of the pairs.
 *
 * A character is safe if at each step of its own merging every pair that the table lists with the symbol at its left
 * or right edge, and one outside, comes later than the character's next merge: so it is never torn apart. And if
 * every pair with the whole character comes later than its last merge: so nothing happens earlier than it would.
 * What can stand beside it depends on the text: hence the kinds of neighbours.
 */
export class SafeCharacters {
  private readonly table: MergeTable
  private readonly bytes: Int32Array
  /** Symbol of each character, by what stands before it and behind it. */
  private readonly symbols: (Int32Array | undefined)[] = []
  /** Lowest rank of pairs with this symbol at the right, what is at the left ending in ASCII, and in other bytes. */
  private readonly behind: readonly Int32Array[]
  /** Lowest rank of pairs with this symbol at the left, and at the right the beginning of a wide or narrow character. */
  private readonly before: readonly Int32Array[]

  /**
   * @param bytes symbols of the 256 bytes
   * @param edges first and last byte of a symbol
   */
  constructor(
    table: MergeTable,
    bytes: Int32Array,
    symbolCount: number,
    edges: (symbol: number) => readonly [number, number],
  ) {
    this.table = table
    this.bytes = bytes
    const lowest = () => new Int32Array(symbolCount).fill(0x7fffffff)
    this.behind = [lowest(), lowest()]
    this.before = [lowest(), lowest()]
    const first = new Uint8Array(symbolCount)
    const last = new Uint8Array(symbolCount)
    for (let symbol = 0; symbol < symbolCount; symbol++)
      [first[symbol], last[symbol]] = edges(symbol) as [number, number]
    table.forEach((left, right, rank) => {
      const behind = this.behind[last[left]! < 0x80 ? 1 : 0]!
      if (rank < behind[right]!) behind[right] = rank
      if ((first[right]! & 0xc0) === 0x80) return
      const before = this.before[first[right]! < 0xe0 ? 1 : 0]!
      if (rank < before[left]!) before[left] = rank
    })
  }

  /**
   * The symbol of a character from U+0080 to U+FFFF that is safe, else a negative number.
   * @param afterAscii whether an ASCII character stands before it in the piece
   * @param beforeNarrow whether a character below U+0800 stands behind it in the piece
   */
  find(codePoint: number, afterAscii: boolean, beforeNarrow: boolean): number {
    const kind = (afterAscii ? 1 : 0) + (beforeNarrow ? 2 : 0)
    this.symbols[kind] ??= new Int32Array(0x10000).fill(UNKNOWN)
    const symbols = this.symbols[kind]!
    if (symbols[codePoint] === UNKNOWN) symbols[codePoint] = this.look(codePoint, kind)
    return symbols[codePoint]!
  }

  private look(codePoint: number, kind: number): number {
    const { table, bytes } = this
    const right = this.behind[kind & 1]!
    const left = this.before[kind >> 1]!
    const tail = bytes[0x80 | (codePoint & 63)]!
    let [head, end] = [bytes[0xc0 | (codePoint >> 6)]!, tail]
    let rank = -1
    if (codePoint >= 0x800) {
      head = bytes[0xe0 | (codePoint >> 12)]!
      const middle = bytes[0x80 | ((codePoint >> 6) & 63)]!
      const before = table.find(head, middle)
      const behind = table.find(middle, tail)
      if (before < 0 && behind < 0) return NONE
      const takesBefore = behind < 0 || (before >= 0 && table.rank(before) <= table.rank(behind))
      const entry = takesBefore ? before : behind
      rank = table.rank(entry)
      if (right[head]! <= rank || left[tail]! <= rank) return NONE
      if (takesBefore) head = table.merged(entry)
      else end = table.merged(entry)
    }
    const entry = table.find(head, end)
    if (entry < 0) return NONE
    const next = table.rank(entry)
    if (right[head]! <= next || left[end]! <= next) return NONE
    const whole = table.merged(entry)
    rank = Math.max(rank, next)
    return right[whole]! <= rank || left[whole]! <= rank ? NONE : whole
  }
}
