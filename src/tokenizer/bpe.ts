import { BYTE_CHARS, CHAR_BYTES, hexByte, pairAt, utf8Length, writeUtf8 } from './bytes.js'
import type { IdBuffer, SegmentEncoder } from './id-buffer.js'
import { Merger } from './merge.js'
import { LongMerger } from './merge-long.js'
import { MergeTable } from './merge-table.js'
import { LONGEST_CACHED, PieceCache } from './piece-cache.js'
import type { PreTokenizer } from './pretokenize.js'
import { SafeCharacters } from './safe-characters.js'
import { isPlain } from './token-type.js'
import { Units } from './units.js'
import type { Vocabulary } from './vocabulary.js'
import { WholeTokens } from './whole-tokens.js'

/**
 * Byte-level BPE: cut by the pre-tokenizer, then in each piece merge bytes by rank. The cost is linear in the
 * text, in one piece at worst O(n log n).
 */
export class ByteLevelBpe implements SegmentEncoder {
  private readonly vocabulary: Vocabulary
  readonly preTokenizer: PreTokenizer
  private readonly plainIds = new Map<string, number>()
  /** Results of merges that are no tokens themselves: symbol − vocabulary size → text. */
  private readonly extraTexts: string[] = []
  private readonly table: MergeTable
  private readonly merger: LongMerger
  /** Made when the first character beyond ASCII is merged. */
  private safeCharacters?: SafeCharacters
  private readonly byteSymbols: Int32Array
  private readonly wholeTokens?: WholeTokens
  private readonly cache = new PieceCache()
  private readonly units = new Units()
  private symbols = new Int32Array(256)
  /** While tokens are emitted: the character boundary reached, and bytes behind it. */
  private boundary = 0
  private ahead = 0

  /**
   * @param merges `left right` in GPT-2's byte alphabet, most urgent first
   * @throws Error for a merge without a space
   */
  constructor(vocabulary: Vocabulary, preTokenizer: PreTokenizer, merges: readonly string[]) {
    this.vocabulary = vocabulary
    this.preTokenizer = preTokenizer
    for (const [text, id] of vocabulary.ids) if (isPlain(vocabulary.types[id]!)) this.plainIds.set(text, id)
    const extras = new Map<string, number>()
    const symbolOf = (text: string) => {
      const known = this.plainIds.get(text) ?? extras.get(text)
      if (known !== undefined) return known
      const symbol = vocabulary.texts.length + this.extraTexts.length
      extras.set(text, symbol)
      this.extraTexts.push(text)
      return symbol
    }
    this.byteSymbols = Int32Array.from(BYTE_CHARS, symbolOf)
    const table = new MergeTable(merges.length)
    merges.forEach((merge, rank) => {
      const gap = merge.indexOf(' ', 1)
      if (gap < 0)
        throw new Error(
          `GGUF metadata: tokenizer.ggml.merges[${rank}] is '${merge}', not two symbols with a space between`,
        )
      const left = merge.slice(0, gap)
      const right = merge.slice(gap + 1)
      table.add(symbolOf(left), symbolOf(right), rank, symbolOf(left + right))
    })
    this.table = table
    this.merger = new LongMerger(new Merger(table))
    if (preTokenizer.ignoreMerges) this.wholeTokens = new WholeTokens(this.plainIds)
  }

  encode(text: string, _isStart: boolean, out: IdBuffer): void {
    const units = this.units.of(text)
    const { scanner } = this.preTokenizer
    if (!scanner) {
      this.preTokenizer.split(text, (start, end) => this.encodePiece(units, start, end, out))
      return
    }
    const { length } = text
    for (let at = 0; at < length; ) {
      const end = scanner(units, at, length)
      this.encodePiece(units, at, end, out)
      out.endPiece(end)
      at = end
    }
  }

  private encodePiece(text: Uint16Array, at: number, end: number, out: IdBuffer): void {
    if (end - at > LONGEST_CACHED) this.mergePiece(text, at, end, out)
    else if (!this.cache.find(text, at, end, out)) {
      this.mergePiece(text, at, end, this.cache)
      this.cache.add(text, out)
    }
  }

  private mergePiece(text: Uint16Array, at: number, end: number, out: IdBuffer | PieceCache): void {
    if (this.symbols.length < 3 * (end - at)) this.symbols = new Int32Array(6 * (end - at))
    const { symbols, byteSymbols } = this
    let length = 0
    let afterAscii = false
    for (let i = at; i < end; i++) {
      let codePoint = text[i]!
      if (codePoint < 0x80) {
        symbols[length++] = byteSymbols[codePoint]!
        afterAscii = true
        continue
      }
      const isPair = utf8Length(codePoint) === 4
      if (isPair) codePoint = pairAt(text, i++)
      this.safeCharacters ??= this.findSafeCharacters()
      const symbol = isPair
        ? -1
        : this.safeCharacters.find(codePoint, afterAscii, i + 1 < end && text[i + 1]! < 0x800)
      afterAscii = false
      if (symbol >= 0) symbols[length++] = symbol
      else {
        const stop = writeUtf8(codePoint, symbols, length)
        for (; length < stop; length++) symbols[length] = byteSymbols[symbols[length]!]!
      }
    }
    const count = this.merger.merge(symbols, length)
    if (this.wholeTokens && (count > 1 || symbols[0]! >= this.vocabulary.texts.length)) {
      const whole = this.wholeTokens.find(text, at, end)
      if (whole !== undefined) {
        out.push(whole, end)
        return
      }
    }
    this.emit(text, at, count, out)
  }

  private findSafeCharacters(): SafeCharacters {
    const { texts } = this.vocabulary
    const byteAt = (text: string, at: number) => CHAR_BYTES.get(text.charAt(at)) ?? 0
    return new SafeCharacters(
      this.table,
      this.byteSymbols,
      texts.length + this.extraTexts.length,
      (symbol) => {
        const text = texts[symbol] ?? this.extraTexts[symbol - texts.length]!
        return [byteAt(text, 0), byteAt(text, text.length - 1)]
      },
    )
  }

  /** The first `count` symbols, for text from `at` on. A symbol that is no token is spelled byte by byte. */
  private emit(text: Uint16Array, at: number, count: number, out: IdBuffer | PieceCache): void {
    const { texts } = this.vocabulary
    this.boundary = at
    this.ahead = 0
    for (let i = 0; i < count; i++) {
      const symbol = this.symbols[i]!
      if (symbol < texts.length) out.push(symbol, this.advance(text, texts[symbol]!.length))
      else
        for (const char of this.extraTexts[symbol - texts.length]!)
          out.push(this.byteId(char), this.advance(text, 1))
    }
  }

  /** The last boundary of characters that `bytes` more bytes reach. */
  private advance(text: Uint16Array, bytes: number): number {
    let ahead = this.ahead + bytes
    let end = this.boundary
    for (let width = utf8Length(text[end]!); width <= ahead; width = utf8Length(text[end]!)) {
      ahead -= width
      end += width === 4 ? 2 : 1
    }
    this.ahead = ahead
    this.boundary = end
    return end
  }

  /** The token of a byte, given in GPT-2's alphabet. */
  private byteId(char: string): number {
    const id = this.plainIds.get(char) ?? this.vocabulary.unknownId
    if (id !== undefined) return id
    const byte = hexByte(CHAR_BYTES.get(char) ?? 0)
    throw new Error(
      `The vocabulary has no token for the byte 0x${byte} and no unknown token; remove it from the text`,
    )
  }
}
