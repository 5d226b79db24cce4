import { BYTE_CHARS, CHAR_BYTES } from './bytes.js'
import { hashOf } from './piece-cache.js'

const BITS = 1 << 21

/**
 * Tokens by the text that they stand for, for vocabularies in which a piece that is a token as a whole is taken as
 * it is. Most pieces are none: two bits for each token, by its hash, tell that without spelling the piece.
 */
export class WholeTokens {
  private readonly ids: ReadonlyMap<string, number>
  private readonly bits = new Int32Array(BITS / 32)
  private readonly utf8 = new TextEncoder()
  private longest = 0

  /** @param ids tokens in GPT-2's byte alphabet */
  constructor(ids: ReadonlyMap<string, number>) {
    this.ids = ids
    const byteOf = new Int16Array(0x200).fill(-1)
    for (const [char, byte] of CHAR_BYTES) byteOf[char.charCodeAt(0)] = byte
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
    let units = new Uint16Array(256)
    for (const text of ids.keys()) {
      if (units.length < text.length) units = new Uint16Array(2 * text.length)
      let all = 0
      for (let i = 0; i < text.length; i++) {
        units[i] = byteOf[text.charCodeAt(i)] ?? -1
        all |= units[i]!
      }
      let { length } = text
      if (all >= 0x80) {
        // A token that is no valid UTF-8 is never a whole piece: it does no harm to look for what it decodes to.
        const decoded = decoder.decode(Uint8Array.from(units.subarray(0, length)))
        length = decoded.length
        for (let i = 0; i < length; i++) units[i] = decoded.charCodeAt(i)
      }
      const hash = hashOf(units, 0, length)
      for (const bit of [hash & (BITS - 1), hash >>> 11]) this.bits[bit >> 5]! |= 1 << (bit & 31)
      this.longest = Math.max(this.longest, length)
    }
  }

  /** The token that units `at` to `end` are. */
  find(text: Uint16Array, at: number, end: number): number | undefined {
    if (end - at > this.longest) return undefined
    const hash = hashOf(text, at, end)
    if (!this.has(hash & (BITS - 1)) || !this.has(hash >>> 11)) return undefined
    let spelled = ''
    for (const byte of this.utf8.encode(String.fromCharCode(...text.subarray(at, end))))
      spelled += BYTE_CHARS[byte]!
    return this.ids.get(spelled)
  }

  private has(bit: number): boolean {
    return ((this.bits[bit >> 5]! >>> (bit & 31)) & 1) === 1
  }
}
