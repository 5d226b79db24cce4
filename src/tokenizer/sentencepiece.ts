import { hexByte, writeUtf8 } from './bytes.js'
import type { IdBuffer, SegmentEncoder } from './id-buffer.js'
import { Merger, MergeTable } from './merge.js'
import { isPlain } from './token-type.js'
import type { Vocabulary } from './vocabulary.js'

/** SentencePiece writes spaces as U+2581. */
export const SPACE_MARK = '▁'
const MARK = SPACE_MARK.codePointAt(0)!
const NONE = -1

/**
 * SentencePiece BPE: merges by score over the whole text, spaces marked; characters that the vocabulary lacks
 * become byte tokens (`<0x0A>`), or the unknown token, one for a run, where there are none. O(n log n) for n
 * characters.
 */
export class SentencePieceBpe implements SegmentEncoder {
  private readonly vocabulary: Vocabulary
  /** Symbol of every code point of the BMP that a token holds; NONE elsewhere. */
  private readonly basic = new Int32Array(0x10000).fill(NONE)
  private readonly astral = new Map<number, number>()
  /** Characters inside tokens that are no tokens themselves: symbol − vocabulary size → code point. */
  private readonly extraCodePoints: number[] = []
  private readonly byteIds: Int32Array
  /**
   * Characters that stand before ▁ inside some token. Where another one does, no token and so no merge ever
   * spans the place: the text can be cut there, and merging words by themselves is far cheaper than merging
   * all at once.
   */
  private readonly beforeMark = new Set<number>()
  private readonly merger: Merger
  private symbols = new Int32Array(256)

  /** @throws Error if the vocabulary has no scores */
  constructor(vocabulary: Vocabulary) {
    this.vocabulary = vocabulary
    const { texts, types, scores, ids } = vocabulary
    if (!scores)
      throw new Error(
        'GGUF metadata: tokenizer.ggml.scores is missing; a SentencePiece vocabulary cannot merge without',
      )
    this.byteIds = Int32Array.from({ length: 256 }, (_, byte) => ids.get(`<0x${hexByte(byte)}>`) ?? NONE)

    const plain = [...ids].filter(([, id]) => isPlain(types[id]!))
    for (const [text, id] of plain) {
      const codePoint = text.codePointAt(0)!
      if (text.length === (codePoint > 0xffff ? 2 : 1)) this.setSymbol(codePoint, id)
    }
    for (const [text] of plain) {
      let previous = NONE
      for (const char of text) {
        const codePoint = char.codePointAt(0)!
        if (codePoint === MARK && previous !== NONE) this.beforeMark.add(previous)
        previous = codePoint
        if (this.symbolOf(codePoint) !== NONE) continue
        this.setSymbol(codePoint, texts.length + this.extraCodePoints.length)
        this.extraCodePoints.push(codePoint)
      }
    }

    // Every way to put a token together from two symbols, ranked by the token's score.
    const ranks = new Map(
      [...new Set(plain.map(([, id]) => scores[id]!))]
        .sort((a, b) => b - a)
        .map((score, rank) => [score, rank]),
    )
    const plainIds = new Map(plain)
    const partOf = (text: string) => {
      const id = plainIds.get(text)
      if (id !== undefined) return id
      const codePoint = text.codePointAt(0)!
      return text.length === (codePoint > 0xffff ? 2 : 1) ? this.symbolOf(codePoint) : NONE
    }
    const table = new MergeTable(4 * plain.length)
    for (const [text, id] of plain) {
      const rank = ranks.get(scores[id]!)!
      for (let cut = 1; cut < text.length; cut++) {
        if (text.codePointAt(cut - 1)! > 0xffff) continue
        const left = partOf(text.slice(0, cut))
        const right = left === NONE ? NONE : partOf(text.slice(cut))
        if (right !== NONE) table.add(left, right, rank, id)
      }
    }
    this.merger = new Merger(table)
  }

  encode(text: string, isStart: boolean, out: IdBuffer): void {
    if (this.symbols.length <= text.length) this.symbols = new Int32Array(2 * text.length)
    const { symbols } = this
    let length = 0
    let previous = NONE
    let afterUnknown = false
    if (isStart && this.vocabulary.addSpacePrefix) {
      symbols[length++] = this.symbolFor(MARK)
      previous = MARK
    }
    for (let i = 0; i < text.length; i++) {
      let codePoint = text.codePointAt(i)!
      if (codePoint > 0xffff) i++
      if (codePoint === 0x20) codePoint = MARK
      if (codePoint === MARK && !this.beforeMark.has(previous)) {
        afterUnknown = this.mergeAndEmit(length, afterUnknown, out)
        length = 0
      }
      symbols[length++] = this.symbolFor(codePoint)
      previous = codePoint
    }
    this.mergeAndEmit(length, afterUnknown, out)
  }

  /** The first `length` symbols to `out`; takes and returns whether the last token is the unknown one. */
  private mergeAndEmit(length: number, wasUnknown: boolean, out: IdBuffer): boolean {
    const count = this.merger.merge(this.symbols, length)
    const size = this.vocabulary.texts.length
    let afterUnknown = wasUnknown
    for (let i = 0; i < count; i++) {
      const symbol = this.symbols[i]!
      if (symbol >= 0 && symbol < size) {
        out.push(symbol)
        afterUnknown = false
      } else {
        const codePoint = symbol < 0 ? -1 - symbol : this.extraCodePoints[symbol - size]!
        afterUnknown = this.encodeUnlisted(codePoint, afterUnknown, out)
      }
    }
    return afterUnknown
  }

  /**
   * A character that is no token: bytes if the vocabulary has them, else the unknown token (returns true
   * then).
   */
  private encodeUnlisted(codePoint: number, afterUnknown: boolean, out: IdBuffer): boolean {
    const bytes = new Uint8Array(4)
    const utf8 = bytes.subarray(0, writeUtf8(codePoint, bytes, 0))
    if (utf8.every((byte) => this.byteIds[byte] !== NONE)) {
      for (const byte of utf8) out.push(this.byteIds[byte]!)
      return false
    }
    const { unknownId } = this.vocabulary
    if (unknownId === undefined) {
      const name = `'${String.fromCodePoint(codePoint)}' (U+${codePoint.toString(16).toUpperCase().padStart(4, '0')})`
      throw new Error(
        `The vocabulary has neither a token nor bytes for ${name}, and no unknown token; remove it from the text`,
      )
    }
    if (!afterUnknown) out.push(unknownId)
    return true
  }

  private setSymbol(codePoint: number, symbol: number): void {
    if (codePoint < 0x10000) this.basic[codePoint] = symbol
    else this.astral.set(codePoint, symbol)
  }

  private symbolOf(codePoint: number): number {
    return codePoint < 0x10000 ? this.basic[codePoint]! : (this.astral.get(codePoint) ?? NONE)
  }

  /** As `symbolOf`; a character in no token becomes −1 − code point, which never merges. */
  private symbolFor(codePoint: number): number {
    const symbol = this.symbolOf(codePoint)
    return symbol === NONE ? -1 - codePoint : symbol
  }
}
