import { type Chunk, chunkJob, countAt, type Job, lastAtOrBefore } from './chunk.js'
import { atCharacter } from './plan.js'
import type { Exact, Seam, SeamText } from './seam.js'

export interface JoinCounts {
  joins: number
  retries: number
}

export interface JoinContext {
  readonly seam: Seam
  /** UTF-16 units that a chunk goes on behind the beginning of the next. */
  readonly overlap: number
  readonly encode: (job: Job) => Promise<Chunk>
  readonly counts: JoinCounts
}

/** The jobs of a text that is cut at `cuts`. */
export function chunkJobs({ text, isStart }: SeamText, cuts: readonly number[], overlap: number): Job[] {
  return cuts.map((start, i) => {
    const next = cuts[i + 1]
    const end = next === undefined ? text.length : atCharacter(text, next + overlap)
    return chunkJob(text, isStart, { start, end, head: overlap, tail: overlap })
  })
}

/**
 * Joins chunks of a text to its encoding, from left to right. Two chunks without a seam in their overlap are joined by
 * a bridge, a chunk in the place of the left one's end that reaches further; it is made longer until it has a seam with
 * the next chunk or has taken its place.
 * @returns ids in pieces
 */
export async function joinChunks(
  text: SeamText,
  chunks: readonly Promise<Chunk>[],
  context: JoinContext,
): Promise<Uint32Array[]> {
  const { seam, overlap, counts } = context
  const { length } = text.text
  let out: Uint32Array[] = []
  let left: Exact = { chunk: await chunks[0]!, from: 0 }
  /** Makes `next` the left one, from a seam on; of the one before, what lies between its own seam and this is kept. */
  const goOn = (next: Chunk, at: number) => {
    out.push(idsBetween(left, at))
    left = { chunk: next, from: at }
  }
  let reach = overlap
  let back = 2 * overlap
  for (let i = 1; i < chunks.length && left.chunk.end < length; ) {
    const right = await chunks[i]!
    const at = findSeam(seam, text, left, right)
    if (at !== undefined) {
      counts.joins++
      goOn(right, at)
      reach = overlap
      i++
      continue
    }
    if (left.chunk.end >= right.end) {
      // The bridge has taken its place.
      i++
      continue
    }
    counts.retries++
    const { chunk, from } = left
    const marked = chunk.positions[lastAtOrBefore(chunk.positions, Math.max(from, chunk.end - back))]!
    const start = Math.max(marked, from)
    // Where marks are far apart a bridge begins far back, and what it encodes must be worth that.
    reach = Math.max(2 * reach, chunk.end - start)
    const end = atCharacter(text.text, Math.min(length, chunk.end + reach))
    const bridge = (range: { start: number; end: number }) =>
      context.encode(chunkJob(text.text, text.isStart, { ...range, head: 4 * overlap, tail: 2 * overlap }))
    const next = await bridge({ start, end })
    const nearer = findSeam(seam, text, left, next)
    if (nearer !== undefined) {
      goOn(next, nearer)
      back = 2 * overlap
    } else if (next.start > from) back *= 2
    else {
      // Nowhere can this be joined to what came before: all from the beginning, which needs no proof.
      out = []
      left = { chunk: await bridge({ start: 0, end: length }), from: 0 }
    }
  }
  out.push(left.chunk.ids.subarray(countAt(left.chunk, left.from)))
  return out
}

function idsBetween({ chunk, from }: Exact, to: number): Uint32Array {
  return chunk.ids.subarray(countAt(chunk, from), countAt(chunk, to))
}

/** The first seam of two encodings. */
function findSeam(seam: Seam, text: SeamText, left: Exact, right: Chunk): number | undefined {
  const isSeam = seam.between(text, left, right)
  const [ours, theirs] = [left.chunk.positions, right.positions]
  const first = Math.max(left.from, right.start)
  let i = lastAtOrBefore(ours, first - 1) + 1
  let j = lastAtOrBefore(theirs, first - 1) + 1
  while (i < ours.length && j < theirs.length) {
    const [at, other] = [ours[i]!, theirs[j]!]
    // At the right one's end nothing of it would be left to join the next to.
    if (at === other && at < right.end && (at === 0 || isSeam(at))) return at
    if (at <= other) i++
    if (other <= at) j++
  }
  return undefined
}
