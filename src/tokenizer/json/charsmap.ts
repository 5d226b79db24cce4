import { writeUtf8 } from '../bytes.js'
import { type Aligned, TextBuilder } from './alignment.js'

/**
 * SentencePiece's compiled normalization rules (`precompiled_charsmap`): a Darts-clone double array over UTF-8 from
 * texts to places in a list of NUL-terminated replacements. The layout is that of sentencepiece/normalizer.cc: the
 * array's size in bytes (u32), the array's units (u32, little-endian), the replacements.
 */
export class Charsmap {
  private readonly units: Uint32Array
  private readonly replacements: Uint8Array
  private readonly texts = new Map<number, string>()
  private readonly utf8 = new Uint8Array(4)

  /** @throws Error saying what is wrong with it, for the caller to name the key */
  constructor(bytes: Uint8Array) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    const size = bytes.length < 4 ? -1 : view.getUint32(0, true)
    if (size < 4 || size % 4 !== 0 || 4 + size > bytes.length)
      throw new Error(`holds ${bytes.length} bytes that are no SentencePiece charsmap; the file is damaged`)
    this.units = Uint32Array.from({ length: size / 4 }, (_, i) => view.getUint32(4 + 4 * i, true))
    this.replacements = bytes.subarray(4 + size)
  }

  /**
   * The length in UTF-16 units of a text at `start` that has a replacement, and the replacement; the longest such
   * text, or the shortest. It ends before `limit`.
   */
  find(
    text: string,
    start: number,
    limit: number,
    longest: boolean,
  ): { length: number; text: string } | undefined {
    const { units, utf8 } = this
    let node = offset(units[0]!)
    let found = -1
    let length = 0
    for (let at = start; at < limit; ) {
      const codePoint = text.codePointAt(at)!
      at += codePoint > 0xffff ? 2 : 1
      const count = writeUtf8(codePoint, utf8, 0)
      for (let i = 0; i < count; i++) {
        const byte = utf8[i]!
        if (byte === 0) return this.match(found, length)
        node ^= byte
        const unit = units[node]
        if (unit === undefined || label(unit) !== byte) return this.match(found, length)
        node ^= offset(unit)
        if (!hasLeaf(unit)) continue
        found = value(units[node] ?? 0)
        length = at - start
        if (!longest) return this.match(found, length)
      }
    }
    return this.match(found, length)
  }

  private match(found: number, length: number): { length: number; text: string } | undefined {
    if (found < 0) return undefined
    let text = this.texts.get(found)
    if (text === undefined) {
      const end = this.replacements.indexOf(0, found)
      text = new TextDecoder().decode(
        this.replacements.subarray(found, end < 0 ? this.replacements.length : end),
      )
      this.texts.set(found, text)
    }
    return { length, text }
  }
}

const offset = (unit: number) => ((unit >>> 10) << ((unit & 0x200) >>> 6)) >>> 0
const label = (unit: number) => (unit & 0x800000ff) >>> 0
const hasLeaf = (unit: number) => (unit & 0x100) !== 0
const value = (unit: number) => unit & 0x7fffffff

/** Characters that stay with what follows them; the others of this kind take 3 bytes or more. */
const PREPENDED = /[\u0600-\u0605\u06DD\u070F\u0890\u0891\u08E2]/
/** What stays with the character before it, but for some spacing marks that begin clusters of their own (UAX #29). */
const EXTENDS = /[\p{Grapheme_Extend}\p{Emoji_Modifier}\u0E33\u0EB3\p{Mc}]/u
const NO_SPACING_MARK =
  /[\u102B\u102C\u1038\u1062-\u1064\u1067-\u106D\u1083\u1087-\u108C\u108F\u109A-\u109C\u1A61\u1A63\u1A64\uAA7B\uAA7D\u{11720}\u{11721}]/u
const JOINER = '\u200D'
const CONTROL = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u
const FIRST_MARK = 0x300
const MAX_CLUSTER_BYTES = 5

/**
 * The normalizer `Precompiled` as Hugging Face's Rust library has it: a grapheme cluster of fewer than 6 bytes becomes
 * the replacement of its shortest beginning that has one; else each of its characters does.
 */
export function applyCharsmap(map: Charsmap, text: string, track: boolean): Aligned {
  const builder = new TextBuilder(text, track)
  let copied = 0
  const replaceAt = (start: number, end: number) => {
    const found = map.find(text, start, end, false)
    if (!found) return false
    builder.copy(copied, start)
    builder.replace(start, end, found.text)
    copied = end
    return true
  }
  for (let at = 0; at < text.length; ) {
    const end = clusterEnd(text, at)
    const isWhole = end - at > 1 && utf8Length(text, at, end) <= MAX_CLUSTER_BYTES && replaceAt(at, end)
    for (let char = at; !isWhole && char < end; ) {
      const next = char + (text.codePointAt(char)! > 0xffff ? 2 : 1)
      replaceAt(char, next)
      char = next
    }
    at = end
  }
  builder.copy(copied, text.length)
  return builder.result()
}

/**
 * Where the grapheme cluster that begins at `at` ends, right for clusters shorter than 6 bytes: none of these holds
 * Hangul, flags or emoji joined to others. (`Intl.Segmenter` copies its whole input for every cluster.)
 */
function clusterEnd(text: string, at: number): number {
  const unit = text.charCodeAt(at)
  const next = text.charCodeAt(at + 1)
  if (unit < FIRST_MARK && next < FIRST_MARK) return at + (unit === 0x0d && next === 0x0a ? 2 : 1)
  let end = at
  let char = charAt(text, end)
  while (PREPENDED.test(char) && end + 1 < text.length && !CONTROL.test(charAt(text, end + 1)))
    char = charAt(text, ++end)
  end += char.length
  if (CONTROL.test(char) && char !== '\u200C' && char !== JOINER && !PREPENDED.test(char)) return end
  while (end < text.length && text.charCodeAt(end) >= FIRST_MARK) {
    char = charAt(text, end)
    if (char !== JOINER && (!EXTENDS.test(char) || NO_SPACING_MARK.test(char))) break
    end += char.length
  }
  return end
}

const charAt = (text: string, at: number) => String.fromCodePoint(text.codePointAt(at)!)

function utf8Length(text: string, start: number, end: number): number {
  let bytes = 0
  for (let at = start; at < end && bytes <= MAX_CLUSTER_BYTES; at++) {
    const codePoint = text.codePointAt(at)!
    bytes += codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4
    if (codePoint > 0xffff) at++
  }
  return bytes
}
