/** Token ids as they are found: an array that grows by doubling. */
export class IdBuffer {
  private ids = new Uint32Array(256)
  private size = 0
  /** Added to the ends that are pushed: where the segment that is being encoded begins. */
  origin = 0

  get length(): number {
    return this.size
  }

  push(id: number, _end?: number): void {
    if (this.size === this.ids.length) {
      const larger = new Uint32Array(2 * this.size)
      larger.set(this.ids)
      this.ids = larger
    }
    this.ids[this.size++] = id
  }

  /** A copy of ids `start` … end. */
  slice(start = 0): Uint32Array {
    return this.ids.slice(start, this.size)
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
