import { IdBuffer, type SegmentEncoder } from '../id-buffer.js'

/** What a chunk's marks are: ends of the pre-tokenizer's pieces, or positions that a token is the first to end at. */
export type MarkKind = 'pieces' | 'ends'

/** Away from a chunk's ends one mark of 256 units is kept, the first: two scans that agree keep the same. */
const BLOCK_BITS = 8

/** What a thread encodes: a chunk of a long text, or short texts and the tokens between them. */
export interface Job {
  readonly text: string
  /** Parts of `text`, in order: 2 × length, plus 1 if a text begins there; tokens between them: −1 − id. */
  readonly parts: readonly number[]
  /** Where a chunk begins in its text; positions count from that text's beginning. */
  readonly start: number
  /** Units at a chunk's beginning and end in which all marks are kept. */
  readonly head: number
  readonly tail: number
}

/** An encoding of units `start` to `end` of a text. */
export interface Chunk {
  readonly start: number
  readonly end: number
  readonly ids: Uint32Array
  /** Marks (docs/papers/lopt.md): positions, ascending, `start` among them, and the number of tokens before each. */
  readonly positions: Uint32Array
  readonly counts: Uint32Array
}

/** The job of a chunk. @param isStart whether the text begins with it as `SegmentEncoder.encode` has it */
export function chunkJob(
  text: string,
  isStart: boolean,
  range: { start: number; end: number; head: number; tail: number },
): Job {
  const { start, end, head, tail } = range
  const isFirst = isStart && start === 0
  return { text: text.slice(start, end), parts: [2 * (end - start) + Number(isFirst)], start, head, tail }
}

export function encodeJob(encoder: SegmentEncoder, kind: MarkKind, job: Job): Chunk {
  const { text, parts, start } = job
  const end = start + text.length
  const Marked = kind === 'pieces' ? PieceMarks : EndMarks
  const out = new Marked(start + job.head, end - job.tail)
  out.mark(start)
  let at = 0
  for (const part of parts) {
    out.origin = start + at
    if (part < 0) out.push(-1 - part, 0)
    else {
      const next = at + (part >> 1)
      const isAll = at === 0 && next === text.length
      encoder.encode(isAll ? text : text.slice(at, next), (part & 1) === 1, out)
      at = next
    }
  }
  return { start, end, ids: out.toIds(), ...out.marks() }
}

/** The number of tokens before a mark. */
export function countAt({ positions, counts }: Chunk, mark: number): number {
  return counts[lastAtOrBefore(positions, mark)]!
}

/** The index of the last of ascending numbers that is `value` or less; −1 if there is none. */
export function lastAtOrBefore(numbers: ArrayLike<number>, value: number): number {
  let low = 0
  let high = numbers.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (numbers[middle]! <= value) low = middle + 1
    else high = middle
  }
  return low - 1
}

/** Tokens, with marks. */
class MarkedBuffer extends IdBuffer {
  protected readonly positions: number[] = []
  protected readonly counts: number[] = []
  private readonly headEnd: number
  private readonly tailStart: number
  /** The last mark, kept or not. */
  protected last = -1

  constructor(headEnd: number, tailStart: number) {
    super()
    this.headEnd = headEnd
    this.tailStart = tailStart
  }

  mark(position: number): void {
    const isInBlock = position >> BLOCK_BITS === this.last >> BLOCK_BITS
    this.last = position
    if (isInBlock && position > this.headEnd && position < this.tailStart) return
    this.positions.push(position)
    this.counts.push(this.length)
  }

  marks(): Pick<Chunk, 'positions' | 'counts'> {
    return { positions: Uint32Array.from(this.positions), counts: Uint32Array.from(this.counts) }
  }
}

class PieceMarks extends MarkedBuffer {
  override endPiece(end: number): void {
    if (this.origin + end > this.last) this.mark(this.origin + end)
  }
}

class EndMarks extends MarkedBuffer {
  override push(id: number, end: number): void {
    super.push(id, end)
    if (this.origin + end > this.last) this.mark(this.origin + end)
  }

  override extend(end: number): void {
    const { positions, counts } = this
    // The last token ends elsewhere now, and so does its mark.
    if (positions.at(-1) === this.last && counts.at(-1) === this.length) {
      positions.pop()
      counts.pop()
    }
    this.mark(this.origin + end)
  }
}
