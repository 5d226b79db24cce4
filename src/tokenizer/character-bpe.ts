import { hexByte, writeUtf8 } from './bytes.js'
import type { IdBuffer, SegmentEncoder } from './id-buffer.js'
import { MarkCuts } from './mark-cuts.js'
import { Merger } from './merge.js'
import { LongMerger } from './merge-long.js'
import type { MergeTable } from './merge-table.js'
import { LONGEST_CACHED, PieceCache } from './piece-cache.js'
import { SPACE_MARK } from './sentencepiece.js'
import { Units } from './units.js'

const NONE = -1

export interface CharacterBpeParts {
  /** Text → id of the tokens that plain text may become. */
  readonly ids: ReadonlyMap<string, number>
  /** Pairs by rank. */
  readonly table: MergeTable
  /** How many characters, or bytes, each token stands for that merging can make; 0 for others; by id. */
  readonly spans: Uint16Array
  /** Takes the place of characters that are no tokens; without it they are left out, as Hugging Face does. */
  readonly unknownId?: number
  /** One unknown token for a run of unknown characters. */
  readonly fuseUnknown: boolean
  /** Ids of `<0x00>` … `<0xFF>`, −1 where there is none; characters that are no tokens become these if they can. */
  readonly byteIds?: Int32Array
  /** Stands before every character of a piece but the first, in the vocabulary. */
  readonly prefix: string
  /** Stands after the last one. */
  readonly suffix: string
  /** A piece that is a token as a whole is taken as it is. */
  readonly ignoreMerges: boolean
}

/**
 * BPE over characters, by rank, as tokenizer.json files describe it (Hugging Face `tokenizers`, models/bpe): for
 * pieces of any length.
 */
export class CharacterBpe implements SegmentEncoder {
  readonly parts: CharacterBpeParts
  private readonly merger: LongMerger
  private readonly cuts?: MarkCuts
  private readonly cache = new PieceCache()
  private readonly units = new Units()
  private symbols = new Int32Array(256)
  /** Where in the text each symbol ends. */
  private ends = new Int32Array(256)
  private length = 0

  constructor(parts: CharacterBpeParts) {
    this.parts = parts
    this.merger = new LongMerger(new Merger(parts.table))
    // Not if a character's symbol depends on its place in the piece, or a run of unknown characters may hold ▁.
    if (parts.prefix === '' && parts.suffix === '' && parts.ids.has(SPACE_MARK))
      this.cuts = new MarkCuts(merged(parts))
  }

  encode(text: string, _isStart: boolean, out: IdBuffer): void {
    if (text === '') return
    const { ids, ignoreMerges } = this.parts
    const whole = ignoreMerges ? ids.get(text) : undefined
    if (whole !== undefined) {
      out.push(whole, text.length)
      return
    }
    const units = this.units.of(text)
    if (this.cuts) this.cuts.split(text, (start, end) => this.encodeWord(text, units, start, end, out))
    else this.encodeWord(text, units, 0, text.length, out)
  }

  private encodeWord(text: string, units: Uint16Array, start: number, end: number, out: IdBuffer): void {
    if (end - start > LONGEST_CACHED) this.merge(text, start, end, out)
    else if (!this.cache.find(units, start, end, out)) {
      this.merge(text, start, end, this.cache)
      this.cache.add(units, out)
    }
  }

  private merge(text: string, start: number, end: number, out: IdBuffer | PieceCache): void {
    this.read(text, start, end)
    const { symbols, ends, length } = this
    const { spans } = this.parts
    const count = this.merger.merge(symbols, length)
    let at = 0
    for (let i = 0; i < count; i++) {
      at = i === count - 1 ? length : Math.min(at + (spans[symbols[i]!] || 1), length)
      out.push(symbols[i]!, ends[at - 1]!)
    }
  }

  /** Sets the characters as symbols. */
  private read(text: string, start: number, end: number): void {
    const { ids, unknownId, fuseUnknown, prefix, suffix } = this.parts
    const most = 3 * (1 + prefix.length) * (end - start) + 3 * suffix.length
    if (this.symbols.length < most) {
      this.symbols = new Int32Array(2 * most)
      this.ends = new Int32Array(2 * most)
    }
    this.length = 0
    let wasUnknown = false
    for (let at = start; at < end; ) {
      const next = at + (text.codePointAt(at)! > 0xffff ? 2 : 1)
      let char = text.slice(at, next)
      if (at > start) char = prefix + char
      if (next === end) char += suffix
      const id = ids.get(char)
      if (id !== undefined) {
        this.add(id, next)
        wasUnknown = false
      } else if (this.addBytes(char, at, next)) wasUnknown = false
      else if (unknownId !== undefined) {
        if (wasUnknown && fuseUnknown) this.ends[this.length - 1] = next
        else this.add(unknownId, next)
        wasUnknown = true
      }
      at = next
    }
  }

  /** Whether the vocabulary has all bytes of the character; then they are added, and only the last ends at its end. */
  private addBytes(char: string, start: number, end: number): boolean {
    const { byteIds } = this.parts
    if (!byteIds) return false
    const before = this.length
    const bytes = new Uint8Array(4)
    for (const each of char) {
      const count = writeUtf8(each.codePointAt(0)!, bytes, 0)
      for (let i = 0; i < count; i++) {
        if (byteIds[bytes[i]!] === NONE) {
          this.length = before
          return false
        }
        this.add(byteIds[bytes[i]!]!, start)
      }
    }
    this.ends[this.length - 1] = end
    return true
  }

  private add(symbol: number, end: number): void {
    this.symbols[this.length] = symbol
    this.ends[this.length++] = end
  }
}

function* merged({ ids, spans }: CharacterBpeParts): Iterable<string> {
  for (const [text, id] of ids) if (spans[id]! > 0) yield text
}

/** The ids of the tokens for bytes. */
export function byteTokens(ids: ReadonlyMap<string, number>): Int32Array {
  return Int32Array.from({ length: 256 }, (_, byte) => ids.get(`<0x${hexByte(byte)}>`) ?? NONE)
}
