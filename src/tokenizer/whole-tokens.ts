import { BYTE_CHARS, CHAR_BYTES, pairAt, utf8Length, writeUtf8 } from './bytes.js'

const BITS = 1 << 20

/**
 * Tokens by the bytes that they stand for, for vocabularies in which a piece that is a token as a whole is taken as
 * it is. Most pieces are none: a bit for each token's hash tells that without spelling the piece.
 */
export class WholeTokens {
  private readonly ids: ReadonlyMap<string, number>
  private readonly bits = new Int32Array(BITS / 32)
  private readonly bytes: Uint8Array

  /** @param ids tokens in GPT-2's byte alphabet */
  constructor(ids: ReadonlyMap<string, number>) {
    this.ids = ids
    const byteOf = new Int16Array(0x200).fill(-1)
    for (const [char, byte] of CHAR_BYTES) byteOf[char.charCodeAt(0)] = byte
    let longest = 0
    for (const text of ids.keys()) {
      let hash = 0
      for (let i = 0; i < text.length; i++) hash = add(hash, byteOf[text.charCodeAt(i)] ?? -1)
      const bit = (hash ^ (hash >>> 15)) & (BITS - 1)
      this.bits[bit >> 5]! |= 1 << (bit & 31)
      longest = Math.max(longest, text.length)
    }
    this.bytes = new Uint8Array(longest + 3)
  }

  /** The token that units `at` to `end` are. */
  find(text: Uint16Array, at: number, end: number): number | undefined {
    const { bytes } = this
    // A unit is at least one byte, half a pair two.
    if (end - at > bytes.length - 3) return undefined
    let length = 0
    for (let i = at; i < end; i++) {
      let codePoint = text[i]!
      if (utf8Length(codePoint) === 4) codePoint = pairAt(text, i++)
      if (length > bytes.length - 4) return undefined
      length = writeUtf8(codePoint, bytes, length)
    }
    let hash = 0
    for (let i = 0; i < length; i++) hash = add(hash, bytes[i]!)
    const bit = (hash ^ (hash >>> 15)) & (BITS - 1)
    if (((this.bits[bit >> 5]! >>> (bit & 31)) & 1) === 0) return undefined
    let spelled = ''
    for (let i = 0; i < length; i++) spelled += BYTE_CHARS[bytes[i]!]!
    return this.ids.get(spelled)
  }
}

const add = (hash: number, byte: number) => Math.imul(hash ^ byte, 0x9e3779b1)
