/** What a buffer keeps of the tokens that are pushed: how many they are, their ids, or their ids and ends. */
export type Kept = 'count' | 'ids' | 'ends'

const FIRST_BLOCK = 256
/** Blocks double up to this many tokens: growing copies nothing, so the peak is what is kept and the result. */
const LARGEST_BLOCK = 1 << 16

/** Tokens as they are found. */
export class IdBuffer {
  /** Added to the ends that are pushed: where the segment that is being encoded begins in the whole text. */
  origin = 0
  private readonly kept: Kept
  private readonly full: { ids: Uint32Array; ends: Uint32Array }[] = []
  private ids: Uint32Array
  private ends: Uint32Array
  private inFull = 0
  private size = 0

  constructor(kept: Kept = 'ids') {
    this.kept = kept
    this.ids = new Uint32Array(kept === 'count' ? 0 : FIRST_BLOCK)
    this.ends = new Uint32Array(kept === 'ends' ? FIRST_BLOCK : 0)
  }

  /** Number of tokens pushed. */
  get length(): number {
    return this.inFull + this.size
  }

  /**
   * @param end UTF-16 offset, in the segment given to the encoder, where the token ends. A token that ends inside a
   *   character has that character's start as its end: ends increase exactly at boundaries of characters.
   */
  push(id: number, end: number): void {
    if (this.kept === 'count') {
      this.inFull++
      return
    }
    if (this.size === this.ids.length) this.addBlock()
    if (this.kept === 'ends') this.ends[this.size] = this.origin + end
    this.ids[this.size++] = id
  }

  /** The last token stands for text up to here: a run of what the vocabulary does not know is one token. */
  extend(end: number): void {
    if (this.kept === 'ends') this.ends[this.size - 1] = this.origin + end
  }

  /** The tokens pushed stand for all text up to here, where the pre-tokenizer ends a piece. Of use to `lopt/`. */
  endPiece(_end: number): void {}

  /** Pushes `count` tokens from `from` on; `ends` count from `base`. */
  pushAll(ids: Uint32Array, ends: Uint8Array, from: number, count: number, base: number): void {
    if (this.kept === 'count') this.inFull += count
    else for (let i = from; i < from + count; i++) this.push(ids[i]!, base + ends[i]!)
  }

  /** A copy of the ids. */
  toIds(): Uint32Array {
    return this.joined('ids')
  }

  /** A copy of the ends, for buffers that keep them. */
  toEnds(): Uint32Array {
    return this.joined('ends')
  }

  private joined(of: 'ids' | 'ends'): Uint32Array {
    const all = new Uint32Array(this.length)
    let at = 0
    for (const block of this.full) {
      all.set(block[of], at)
      at += block[of].length
    }
    all.set(this[of].subarray(0, this.size), at)
    return all
  }

  private addBlock(): void {
    this.full.push({ ids: this.ids, ends: this.ends })
    this.inFull += this.size
    const length = Math.min(2 * this.size, LARGEST_BLOCK)
    this.ids = new Uint32Array(length)
    if (this.kept === 'ends') this.ends = new Uint32Array(length)
    this.size = 0
  }
}

/** Cuts one run of plain text, with no special token in it, into token ids. */
export interface SegmentEncoder {
  /**
   * @param text well-formed
   * @param isStart whether the text begins the whole or follows a special token
   */
  encode(text: string, isStart: boolean, out: IdBuffer): void
}
