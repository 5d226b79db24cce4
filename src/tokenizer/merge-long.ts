import type { Merger } from './merge.js'

/** Symbols that are merged at once: more than nearly all tokens have, and few enough for the first-level cache. */
const WINDOW = 64
/** A window that becomes fewer symbols is made larger, up to this: most of it would be overlap. */
const FEW_SYMBOLS = 5
const LARGEST_WINDOW = 1024
/** Times the sequence's length that may be merged in all windows before it is merged at once. */
const BUDGET = 8

/**
 * Merges sequences of any length window by window: in a time linear in their length, and with buffers as long as the
 * window and the result. It rests on a lemma: an encoding is the one that merging gives if and only if every two
 * adjacent symbols of it, merged by themselves, come back as those two.
 *
 * Proof. Merging never looks further than one symbol, so as long as nothing has been merged across the ends of two
 * adjacent spans, inside them the same merges happen in the same order as if they were alone. Take the first merge
 * across a boundary of the claimed encoding: it was of all pairs the next, so it would be next in the two spans
 * alone as well, and those would not come back. Conversely a merge across the boundary in the two alone would have
 * been open to the whole, before what the whole did instead.
 *
 * So a window's encoding holds but for its end, which may depend on what follows. The next window begins some
 * symbols before that end; where the pair at the seam is one that comes back, both join to the encoding of all.
 * Where it is not, the window was too small, and one of twice the size takes its place. Should windows be in vain
 * too often, the whole is merged at once, in O(n log n).
 */
export class LongMerger {
  private readonly merger: Merger
  private window = new Int32Array(WINDOW)

  constructor(merger: Merger) {
    this.merger = merger
  }

  /** Merges the first `length` of `symbols` in place and returns how many are left. */
  merge(symbols: Int32Array, length: number): number {
    if (length <= WINDOW) return this.merger.merge(symbols, length)
    const out = new Symbols()
    /** Windows before this one: where each begins, the symbols before it and where their last begins, its size. */
    const earlier: { from: number; kept: number; lastStart: number; size: number }[] = []
    let from = 0
    let lastStart = 0
    let size = WINDOW
    let work = 0
    for (;;) {
      const taken = Math.min(size, length - from)
      work += taken
      if (work > BUDGET * length) return this.merger.merge(symbols, length)
      const count = this.mergeWindow(symbols, from, from + taken)
      const { starts } = this.merger
      // What begins in the last eighth may depend on what follows.
      let use = count - 1
      while (use > 1 && starts[use]! > taken - taken / 8) use--
      const seam = from + starts[use]!
      const useStart = from + starts[Math.max(0, use - 1)]!
      const firstEnd = count > 1 ? from + starts[1]! : from + taken
      const settled = this.window.slice(0, count)

      if (from > 0 && !this.comesBack(symbols, lastStart, from, firstEnd)) {
        const before = earlier.pop()!
        from = before.from
        lastStart = before.lastStart
        size = 2 * before.size
        out.length = before.kept
      } else if (from + taken === length) {
        out.add(settled, count)
        symbols.set(out.all())
        return out.length
      } else if (use === 0 || (count < FEW_SYMBOLS && size < LARGEST_WINDOW)) {
        size *= 2
      } else {
        earlier.push({ from, kept: out.length, lastStart, size })
        out.add(settled, use)
        lastStart = useStart
        from = seam
        size = count < 2 * FEW_SYMBOLS ? taken : WINDOW
      }
    }
  }

  /** Merges symbols `from` to `to` to the beginning of the window. */
  private mergeWindow(symbols: Int32Array, from: number, to: number): number {
    if (this.window.length < to - from) this.window = new Int32Array(to - from)
    this.window.set(symbols.subarray(from, to))
    return this.merger.merge(this.window, to - from)
  }

  /** Whether what lies on both sides of the seam, merged alone, comes back as those two. */
  private comesBack(symbols: Int32Array, from: number, seam: number, to: number): boolean {
    return this.mergeWindow(symbols, from, to) === 2 && this.merger.starts[1] === seam - from
  }
}

/** Symbols that are found, in order; the last of them can be taken back. */
class Symbols {
  length = 0
  private symbols = new Int32Array(WINDOW)

  add(symbols: Int32Array, count: number): void {
    if (this.symbols.length < this.length + count) {
      const larger = new Int32Array(2 * (this.length + count))
      larger.set(this.symbols)
      this.symbols = larger
    }
    this.symbols.set(symbols.subarray(0, count), this.length)
    this.length += count
  }

  all(): Int32Array {
    return this.symbols.subarray(0, this.length)
  }
}
