import { writeUtf8 } from './bytes.js'
import type { IdBuffer, SegmentEncoder } from './id-buffer.js'
import { MarkCuts } from './mark-cuts.js'
import { SPACE_MARK } from './sentencepiece.js'
import { Trie } from './trie.js'

const NONE = -1
/** An unknown character is worth this much less than the worst piece (sentencepiece, unigram_model.cc). */
const UNKNOWN_PENALTY = 10

export interface UnigramParts {
  /** Pieces that plain text may become; of two with one text the later counts. */
  readonly pieces: readonly (readonly [text: string, id: number])[]
  /** Log probabilities, by id. */
  readonly scores: ArrayLike<number>
  /** The lowest score that counts for the unknown penalty. */
  readonly lowestScore: number
  readonly unknownId?: number
  /** Ids of `<0x00>` … `<0xFF>`, −1 where there is none; unknown characters become these if they can. */
  readonly byteIds?: Int32Array
}

/**
 * Unigram (Kudo, arXiv 1804.10959): of all ways to put a text together from pieces the one of the highest score, by
 * Viterbi's algorithm; of equal ones that whose last piece begins first. Unknown characters side by side are one
 * token. O(n · longest piece).
 */
export class Unigram implements SegmentEncoder {
  readonly parts: UnigramParts
  readonly trie = new Trie()
  readonly unknownScore: number
  private readonly cuts?: MarkCuts
  /** For every place: the best score of the text up to there, and where its last piece begins, and which it is. */
  private best = new Float64Array(256)
  private starts = new Int32Array(256)
  private ids = new Int32Array(256)
  /** The best path, backwards. */
  private path = new Int32Array(256)

  constructor(parts: UnigramParts) {
    this.parts = parts
    for (const [text, id] of parts.pieces) if (text !== '') this.trie.add(text, id)
    this.unknownScore = parts.lowestScore - UNKNOWN_PENALTY
    // Sums of binary32 scores are exact in binary64, so the best path of a part is that of the whole there.
    const isExact = Array.from(parts.scores).every((score) => Math.fround(score) === score)
    if (isExact && parts.pieces.some(([text]) => text === SPACE_MARK))
      this.cuts = new MarkCuts(parts.pieces.map(([text]) => text))
  }

  /** @throws Error for an unknown character if there is neither an unknown token nor its bytes */
  encode(text: string, _isStart: boolean, out: IdBuffer): void {
    if (this.cuts) this.cuts.split(text, (start, end) => this.encodePart(text, start, end, out))
    else if (text !== '') this.encodePart(text, 0, text.length, out)
  }

  private encodePart(text: string, start: number, end: number, out: IdBuffer): void {
    const length = end - start
    if (this.best.length <= length) {
      this.best = new Float64Array(2 * length)
      this.starts = new Int32Array(2 * length)
      this.ids = new Int32Array(2 * length)
      this.path = new Int32Array(2 * length)
    }
    this.search(text, start, length)
    const { starts, ids, path } = this
    let count = 0
    for (let at = length; at > 0; at = starts[at]!) path[count++] = at
    let unknownFrom = NONE
    for (let i = count - 1; i >= 0; i--) {
      const to = path[i]!
      if (ids[to] === NONE) {
        if (unknownFrom === NONE) unknownFrom = starts[to]!
        continue
      }
      if (unknownFrom !== NONE) this.pushUnknown(text, start + unknownFrom, start + starts[to]!, out)
      unknownFrom = NONE
      out.push(ids[to]!, start + to)
    }
    if (unknownFrom !== NONE) this.pushUnknown(text, start + unknownFrom, end, out)
  }

  /** Fills `best`, `starts` and `ids`; an id of −1 stands for an unknown character. */
  private search(text: string, start: number, length: number): void {
    const { best, starts, ids, trie, unknownScore } = this
    const { scores } = this.parts
    starts.fill(NONE, 0, length + 1)
    best[0] = 0
    for (let at = 0; at < length; ) {
      const score = best[at]!
      const next = at + (text.codePointAt(start + at)! > 0xffff ? 2 : 1)
      let isKnown = false
      let node = Trie.root
      for (let to = at; to < length; ) {
        node = trie.child(node, text.charCodeAt(start + to++))
        if (node === NONE) break
        const id = trie.value(node)
        if (id === NONE) continue
        if (to === next) isKnown = true
        const challenger = score + scores[id]!
        if (starts[to] !== NONE && challenger <= best[to]!) continue
        best[to] = challenger
        starts[to] = at
        ids[to] = id
      }
      const challenger = score + unknownScore
      if (!isKnown && (starts[next] === NONE || challenger > best[next]!)) {
        best[next] = challenger
        starts[next] = at
        ids[next] = NONE
      }
      at = next
    }
  }

  private pushUnknown(text: string, start: number, end: number, out: IdBuffer): void {
    const { byteIds, unknownId } = this.parts
    if (byteIds && this.pushBytes(text, start, end, byteIds, out)) return
    if (unknownId === undefined) {
      const char = String.fromCodePoint(text.codePointAt(start)!)
      throw new Error(
        `The vocabulary has neither a piece nor bytes for ${JSON.stringify(char)}, and no unknown token; remove it from the text`,
      )
    }
    out.push(unknownId, end)
  }

  private pushBytes(text: string, start: number, end: number, byteIds: Int32Array, out: IdBuffer): boolean {
    const bytes = new Uint8Array(4)
    for (const isTrial of [true, false])
      for (let at = start; at < end; ) {
        const codePoint = text.codePointAt(at)!
        const next = at + (codePoint > 0xffff ? 2 : 1)
        const count = writeUtf8(codePoint, bytes, 0)
        for (let i = 0; i < count; i++) {
          const id = byteIds[bytes[i]!]!
          if (id === NONE) return false
          if (!isTrial) out.push(id, i === count - 1 ? next : at)
        }
        at = next
      }
    return true
  }
}
