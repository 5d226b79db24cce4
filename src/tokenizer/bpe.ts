import { BYTE_CHARS, CHAR_BYTES, hexByte, writeUtf8 } from './bytes.js'
import type { IdBuffer, SegmentEncoder } from './id-buffer.js'
import { Merger, MergeTable } from './merge.js'
import type { PreTokenizer } from './pretokenize.js'
import { isPlain } from './token-type.js'
import type { Vocabulary } from './vocabulary.js'

/**
 * Pieces this short are cached. V8 copies substrings below 13 characters; longer ones would each keep the
 * whole text they were cut from alive.
 */
const CACHED_LENGTH = 12
const CACHE_ENTRIES = 1 << 16

/**
 * Byte-level BPE: cut by the pre-tokenizer, then in each piece merge bytes by rank. The cost is linear in the
 * text, O(n log n) within one piece.
 */
export class ByteLevelBpe implements SegmentEncoder {
  private readonly vocabulary: Vocabulary
  private readonly preTokenizer: PreTokenizer
  private readonly plainIds = new Map<string, number>()
  /** Results of merges that are no tokens themselves: symbol − vocabulary size → text. */
  private readonly extraTexts: string[] = []
  private readonly merger: Merger
  private readonly byteSymbols: Int32Array
  private readonly cache = new Map<string, number | readonly number[]>()
  private symbols = new Int32Array(256)

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
    this.merger = new Merger(table)
  }

  encode(text: string, _isStart: boolean, out: IdBuffer): void {
    this.preTokenizer.split(text, (start, end) => {
      if (end - start > CACHED_LENGTH) {
        this.encodePiece(text.slice(start, end), out)
        return
      }
      const piece = text.slice(start, end)
      const cached = this.cache.get(piece)
      if (typeof cached === 'number') out.push(cached)
      else if (cached) for (const id of cached) out.push(id)
      else this.encodeAndCache(piece, out)
    })
  }

  private encodeAndCache(piece: string, out: IdBuffer): void {
    const start = out.length
    this.encodePiece(piece, out)
    const ids = out.slice(start)
    if (this.cache.size >= CACHE_ENTRIES) this.cache.clear()
    this.cache.set(piece, ids.length === 1 ? ids[0]! : Array.from(ids))
  }

  private encodePiece(piece: string, out: IdBuffer): void {
    if (this.symbols.length < 3 * piece.length) this.symbols = new Int32Array(6 * piece.length)
    const { symbols, byteSymbols } = this
    let length = 0
    for (let i = 0; i < piece.length; i++) {
      const codePoint = piece.codePointAt(i)!
      if (codePoint > 0xffff) i++
      length = writeUtf8(codePoint, symbols, length)
    }
    if (this.preTokenizer.ignoreMerges) {
      let spelled = ''
      for (let i = 0; i < length; i++) spelled += BYTE_CHARS[symbols[i]!]!
      const whole = this.plainIds.get(spelled)
      if (whole !== undefined) {
        out.push(whole)
        return
      }
    }
    for (let i = 0; i < length; i++) symbols[i] = byteSymbols[symbols[i]!]!
    const count = this.merger.merge(symbols, length)
    for (let i = 0; i < count; i++) this.emit(symbols[i]!, out)
  }

  /** A symbol that is no token is spelled byte by byte. */
  private emit(symbol: number, out: IdBuffer): void {
    const extra = symbol - this.vocabulary.texts.length
    if (extra < 0) {
      out.push(symbol)
      return
    }
    for (const char of this.extraTexts[extra]!) {
      const id = this.plainIds.get(char) ?? this.vocabulary.unknownId
      if (id === undefined) {
        const byte = hexByte(CHAR_BYTES.get(char) ?? 0)
        throw new Error(
          `The vocabulary has no token for the byte 0x${byte} and no unknown token; remove it from the text`,
        )
      }
      out.push(id)
    }
  }
}
