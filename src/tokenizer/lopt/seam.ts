import type { SegmentEncoder } from '../id-buffer.js'
import type { CutTest } from '../json/split.js'
import { Trie } from '../trie.js'
import type { Unigram } from '../unigram.js'
import { type Chunk, chunkJob, encodeJob, lastAtOrBefore, type MarkKind } from './chunk.js'

/**
 * Where two encodings of parts of one text may be joined: one class for each lemma of docs/papers/lopt.md, which has
 * the proofs.
 */
export interface Seam {
  readonly marks: MarkKind
  /**
   * @param left known to be exact from its mark `from` on
   * @returns whether a position is proved to be a seam, for marks of both that are not before `from`
   */
  between(text: SeamText, left: Exact, right: Chunk): (at: number) => boolean
}

/** A text that chunks are cut from, and whether it begins as `SegmentEncoder.encode` has it. */
export interface SeamText {
  readonly text: string
  readonly isStart: boolean
}

export interface Exact {
  readonly chunk: Chunk
  readonly from: number
}

/** Scanners read on without bound behind a piece through a run of these only, and else two units. */
const READ_THROUGH = /[\p{White_Space}\p{Lu}\p{Lt}]/u
const READ_ON = 3

/** Lemma 1: pieces that a scanner cuts. */
export class ScanSeam implements Seam {
  readonly marks = 'pieces'

  between({ text }: SeamText, { chunk, from }: Exact): (at: number) => boolean {
    const trusted = chunk.end === text.length ? text.length : trustedEnd(text, from, chunk.end)
    return (at) => at === from || at <= trusted
  }
}

/** The last position from `from` on that pieces of a scan that ended at `end` can be trusted up to; −1 if there is none. */
export function trustedEnd(text: string, from: number, end: number): number {
  for (let at = end - READ_ON; at >= from; at--) {
    const unit = text.charCodeAt(at)
    const isInside = unit >= 0xdc00 && unit < 0xe000
    if (!isInside && !READ_THROUGH.test(String.fromCodePoint(text.codePointAt(at)!))) return at
  }
  return -1
}

/** Lemma 2: cuts that two characters decide. */
export class CutSeam implements Seam {
  readonly marks = 'pieces'
  private readonly cuts: readonly CutTest[]

  constructor(cuts: readonly CutTest[]) {
    this.cuts = cuts
  }

  between({ text }: SeamText): (at: number) => boolean {
    return (at) => at > 0 && at < text.length && this.cuts.some((cutsAt) => cutsAt(text, at))
  }
}

/** Lemma 3: BPE without pieces. */
export class PairSeam implements Seam {
  readonly marks = 'ends'
  private readonly encoder: SegmentEncoder

  /** @param encoder what encodes the chunks */
  constructor(encoder: SegmentEncoder) {
    this.encoder = encoder
  }

  between({ text, isStart }: SeamText, { chunk, from }: Exact, right: Chunk): (at: number) => boolean {
    return (at) => {
      if (at <= from) return false
      const start = chunk.positions[lastAtOrBefore(chunk.positions, at - 1)]!
      const end = right.positions[lastAtOrBefore(right.positions, at) + 1] ?? right.end
      const range = { start, end, head: end - start, tail: 0 }
      const { positions } = encodeJob(this.encoder, this.marks, chunkJob(text, isStart, range))
      return positions[lastAtOrBefore(positions, at)] === at
    }
  }
}

/** Lemma 4: Unigram. */
export class UnigramSeam implements Seam {
  readonly marks = 'ends'
  private readonly model: Unigram
  /** Sums of scores of texts up to this length are exact. */
  private readonly longestText: number

  constructor(model: Unigram) {
    this.model = model
    const { scores } = model.parts
    let largest = Math.abs(model.unknownScore)
    let bits = fractionBits(model.unknownScore)
    for (const [, id] of model.parts.pieces) {
      largest = Math.max(largest, Math.abs(scores[id]!))
      bits = Math.max(bits, fractionBits(scores[id]!))
    }
    this.longestText = 2 ** (53 - bits) / largest - 1
  }

  between({ text }: SeamText): (at: number) => boolean {
    if (text.length > this.longestText) return () => false
    return (at) =>
      (this.isKnown(text, before(text, at)) || this.isKnown(text, at)) && !this.isSpanned(text, at)
  }

  /** Whether the character that begins here is a piece. */
  private isKnown(text: string, at: number): boolean {
    if (at < 0 || at >= text.length) return false
    const { trie } = this.model
    let node = trie.child(Trie.root, text.charCodeAt(at))
    if (node >= 0 && text.codePointAt(at)! > 0xffff) node = trie.child(node, text.charCodeAt(at + 1))
    return node >= 0 && trie.value(node) >= 0
  }

  private isSpanned(text: string, at: number): boolean {
    const { trie } = this.model
    for (let start = Math.max(0, at - trie.longest + 1); start < at; start++) {
      let node = Trie.root
      for (let to = start; to < text.length; ) {
        node = trie.child(node, text.charCodeAt(to++))
        if (node < 0) break
        if (to > at && trie.value(node) >= 0) return true
      }
    }
    return false
  }
}

function before(text: string, at: number): number {
  return at > 1 && text.codePointAt(at - 2)! > 0xffff ? at - 2 : at - 1
}

/** k such that a number is a multiple of 2⁻ᵏ, at least 0. */
function fractionBits(value: number): number {
  if (!Number.isFinite(value)) return Number.POSITIVE_INFINITY
  let bits = 0
  for (let scaled = Math.abs(value); !Number.isInteger(scaled); scaled *= 2) bits++
  return bits
}

/** Either of two: marks must be the second's. */
export class EitherSeam implements Seam {
  readonly marks: MarkKind
  private readonly first: Seam
  private readonly second: Seam

  constructor(first: Seam, second: Seam) {
    this.first = first
    this.second = second
    this.marks = second.marks
  }

  between(text: SeamText, left: Exact, right: Chunk): (at: number) => boolean {
    const first = this.first.between(text, left, right)
    const second = this.second.between(text, left, right)
    return (at) => first(at) || second(at)
  }
}
