import { IdBuffer } from './id-buffer.js'

/** Where a text that is being encoded comes from: units `starts[i]` … `ends[i]` of the text before its changes. */
interface Origins {
  readonly starts: ArrayLike<number>
  readonly ends: ArrayLike<number>
}

/**
 * Tokens with the places in the whole text that they stand for. Encoders push tokens with their ends in a segment;
 * a pipeline that changes the segment's text says how, and where its pieces begin.
 */
export class OffsetRecorder extends IdBuffer {
  readonly starts: number[] = []
  readonly ends: number[] = []
  /** Where the segment begins in the whole text. */
  private segment = 0
  private origins?: Origins
  /** Where the last token ended, in the segment; tokens begin there, or at the piece that they are in. */
  private last = 0
  private floor = 0

  /** A segment begins at `start` of the whole text. */
  beginSegment(start: number): void {
    this.segment = start
    this.origins = undefined
    this.last = 0
    this.floor = 0
  }

  /** The segment's text is changed from here on; ends are those of the changed text. */
  change(origins: Origins | undefined): void {
    this.origins = origins
    this.last = 0
    this.floor = 0
  }

  /** A piece begins here, in the (changed) segment; what lies before it and was no token's is left out. */
  beginPiece(start: number): void {
    this.floor = start
  }

  override push(id: number, end?: number): void {
    if (end === undefined) throw new Error('The encoder does not say where its tokens end')
    const start = Math.max(this.last, this.floor)
    const to = Math.max(start, this.origin + end)
    this.last = to
    const { origins, segment } = this
    if (!origins) this.pushSpan(id, segment + start, segment + to)
    else {
      const count = origins.starts.length
      const from = start < count ? origins.starts[start]! : count > 0 ? origins.ends[count - 1]! : 0
      this.pushSpan(id, segment + from, segment + (to > start ? origins.ends[to - 1]! : from))
    }
  }

  /** A token with its place in the whole text. */
  pushSpan(id: number, start: number, end: number): void {
    super.push(id, end)
    this.starts.push(start)
    this.ends.push(end)
  }
}
