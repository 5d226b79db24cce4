import { hexByte, pairAt, utf8Length, writeUtf8 } from './bytes.js'
import { IdBuffer, type SegmentEncoder } from './id-buffer.js'
import { Merger } from './merge.js'
import { LongMerger } from './merge-long.js'
import { MergeTable } from './merge-table.js'
import { LONGEST_CACHED, PieceCache } from './piece-cache.js'
import { isPlain } from './token-type.js'
import { Units } from './units.js'
import type { Vocabulary } from './vocabulary.js'

/** SentencePiece writes spaces as U+2581. */
export const SPACE_MARK = '▁'
const MARK = SPACE_MARK.codePointAt(0)!
const NONE = -1

const markIfSpace = (unit: number) => (unit === 0x20 ? MARK : unit)

/**
 * SentencePiece BPE: merges by score over the whole text, spaces marked; characters that the vocabulary lacks
 * become byte tokens (`<0x0A>`), or the unknown token, one for a run, where there are none. The cost is linear in
 * the text, between two places that no token spans at worst O(n log n).
 */
export class SentencePieceBpe implements SegmentEncoder {
  private readonly vocabulary: Vocabulary
  /** Symbol of every code point of the BMP that a token holds; NONE elsewhere. */
  private readonly basic = new Int32Array(0x10000).fill(NONE)
  private readonly astral = new Map<number, number>()
  /** Characters inside tokens that are no tokens themselves: symbol − vocabulary size → code point. */
  private readonly extraCodePoints: number[] = []
  private readonly byteIds: Int32Array
  /** Whether every character can be spelled in bytes. */
  private readonly hasBytes: boolean
  /**
   * Characters that stand before ▁ inside some token. Where another one does, no token and so no merge ever
   * spans the place: the text can be cut there, and merging words by themselves is far cheaper than merging
   * all at once.
   */
  private readonly beforeMark = new Set<number>()
  private readonly merger: LongMerger
  private readonly cache = new PieceCache()
  private readonly units = new Units()
  private symbols = new Int32Array(256)
  private readonly utf8 = new Uint8Array(4)

  /** @throws Error if the vocabulary has no scores */
  constructor(vocabulary: Vocabulary) {
    this.vocabulary = vocabulary
    const { texts, types, scores, ids } = vocabulary
    if (!scores)
      throw new Error(
        'GGUF metadata: tokenizer.ggml.scores is missing; a SentencePiece vocabulary cannot merge without',
      )
    this.byteIds = Int32Array.from({ length: 256 }, (_, byte) => ids.get(`<0x${hexByte(byte)}>`) ?? NONE)
    this.hasBytes = !this.byteIds.includes(NONE)

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
    this.merger = new LongMerger(new Merger(table))
  }

  encode(text: string, isStart: boolean, out: IdBuffer): void {
    const units = this.units.of(text)
    const { length } = text
    let hasPrefix = isStart && this.vocabulary.addSpacePrefix
    let afterUnknown = false
    let at = 0
    let previous = hasPrefix ? MARK : NONE
    for (let i = 0; i < length; ) {
      const isPair = utf8Length(units[i]!) === 4
      const codePoint = isPair ? pairAt(units, i) : markIfSpace(units[i]!)
      if (codePoint === MARK && (i > at || hasPrefix) && !this.beforeMark.has(previous)) {
        afterUnknown = this.encodePiece(units, at, i, hasPrefix, afterUnknown, out)
        hasPrefix = false
        at = i
      }
      previous = codePoint
      i += isPair ? 2 : 1
    }
    if (length > 0) this.encodePiece(units, at, length, hasPrefix, afterUnknown, out)
  }

  /** Takes and returns whether the last token is the unknown one. */
  private encodePiece(
    text: Uint16Array,
    at: number,
    end: number,
    hasPrefix: boolean,
    afterUnknown: boolean,
    out: IdBuffer,
  ): boolean {
    const isShort = !hasPrefix && end - at <= LONGEST_CACHED
    if (isShort && this.cache.find(text, at, end, out)) return false
    if (this.symbols.length <= end - at) this.symbols = new Int32Array(2 * (end - at))
    const { symbols } = this
    let length = 0
    if (hasPrefix) symbols[length++] = this.symbolFor(MARK)
    for (let i = at; i < end; i++) {
      const isPair = utf8Length(text[i]!) === 4
      symbols[length++] = this.symbolFor(isPair ? pairAt(text, i++) : markIfSpace(text[i]!))
    }
    const count = this.merger.merge(symbols, length)
    const from = hasPrefix ? at - 1 : at
    // What the unknown token stands for depends on the pieces before.
    if (!isShort || !this.hasBytes) return this.emit(count, from, afterUnknown, out)
    this.emit(count, from, false, this.cache)
    this.cache.add(text, out)
    return false
  }

  /** The first `count` symbols, for text from `at` on. Takes and returns whether the last token is the unknown one. */
  private emit(count: number, at: number, wasUnknown: boolean, out: IdBuffer | PieceCache): boolean {
    const { texts } = this.vocabulary
    let afterUnknown = wasUnknown
    let end = at
    for (let i = 0; i < count; i++) {
      const symbol = this.symbols[i]!
      if (symbol >= 0 && symbol < texts.length) {
        end += texts[symbol]!.length
        // The space that is put before a text is no part of it.
        out.push(symbol, Math.max(0, end))
        afterUnknown = false
      } else {
        const codePoint = symbol < 0 ? -1 - symbol : this.extraCodePoints[symbol - texts.length]!
        const start = end
        end += codePoint > 0xffff ? 2 : 1
        afterUnknown = this.emitUnlisted(codePoint, Math.max(0, start), Math.max(0, end), afterUnknown, out)
      }
    }
    return afterUnknown
  }

  /**
   * A character that is no token: bytes if the vocabulary has them, else the unknown token (returns true
   * then).
   */
  private emitUnlisted(
    codePoint: number,
    start: number,
    end: number,
    afterUnknown: boolean,
    out: IdBuffer | PieceCache,
  ): boolean {
    const { utf8, byteIds } = this
    const length = writeUtf8(codePoint, utf8, 0)
    let isListed = true
    for (let i = 0; i < length; i++) isListed &&= byteIds[utf8[i]!] !== NONE
    if (isListed) {
      for (let i = 0; i < length; i++) out.push(byteIds[utf8[i]!]!, i + 1 < length ? start : end)
      return false
    }
    const { unknownId } = this.vocabulary
    if (unknownId === undefined) {
      const name = `'${String.fromCodePoint(codePoint)}' (U+${codePoint.toString(16).toUpperCase().padStart(4, '0')})`
      throw new Error(
        `The vocabulary has neither a token nor bytes for ${name}, and no unknown token; remove it from the text`,
      )
    }
    if (!afterUnknown) out.push(unknownId, end)
    else if (out instanceof IdBuffer) out.extend(end)
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
