import { IdBuffer } from './id-buffer.js'

/** Where every unit of a changed text comes from: units `starts[i]` … `ends[i]` of the text before. */
interface Origins {
  readonly starts: ArrayLike<number>
  readonly ends: ArrayLike<number>
}

/**
 * Tokens with the places in the whole text that they stand for. Encoders push tokens with their ends in a segment;
 * who changes the segment's text before says how, and where the pieces begin that it is cut into.
 */
export class OffsetRecorder extends IdBuffer {
  readonly tokenStarts: number[] = []
  readonly tokenEnds: number[] = []
  /** Whether some segment's text was changed: then bytes of tokens need not be bytes of the text. */
  isChanged = false
  /** Where the segment begins in the whole text. */
  private segment = 0
  private origins?: Origins
  /** In the (changed) segment: where the last token ended, and the piece begins. Tokens begin at the later place. */
  private last = 0
  private piece = 0
  private lastStart = 0

  /**
   * A segment begins at `start` of the whole text.
   * @param origins how its text was changed; `origin` plus an end, less `start`, counts in the changed text then
   */
  beginSegment(start: number, origins?: Origins): void {
    this.segment = start
    this.origins = origins
    this.isChanged ||= origins !== undefined
    this.last = 0
    this.piece = 0
  }

  /** A piece begins here in the segment: what lies before it and was no token's is left out. */
  beginPiece(start: number): void {
    this.piece = start
  }

  override push(id: number, end: number): void {
    const start = Math.max(this.last, this.piece)
    this.lastStart = start
    this.last = Math.max(start, this.origin + end - this.segment)
    this.pushSpan(id, this.startOf(start), this.endOf(start, this.last))
  }

  override extend(end: number): void {
    this.last = Math.max(this.last, this.origin + end - this.segment)
    this.tokenEnds[this.tokenEnds.length - 1] = this.endOf(this.lastStart, this.last)
  }

  /** A token with its place in the whole text. */
  pushSpan(id: number, start: number, end: number): void {
    super.push(id, end)
    this.tokenStarts.push(start)
    this.tokenEnds.push(end)
  }

  private startOf(start: number): number {
    const { origins, segment } = this
    if (!origins) return segment + start
    const count = origins.starts.length
    if (start < count) return segment + origins.starts[start]!
    return segment + (count === 0 ? 0 : origins.ends[count - 1]!)
  }

  private endOf(start: number, end: number): number {
    if (end === start) return this.startOf(start)
    return this.segment + (this.origins ? this.origins.ends[end - 1]! : end)
  }
}
