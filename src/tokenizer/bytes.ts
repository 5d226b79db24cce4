/**
 * GPT-2's alphabet for bytes (openai/gpt-2 `encoder.py`, bytes_to_unicode): printable Latin-1 characters
 * stand for themselves, the other 68 bytes in order for U+0100, U+0101, … `BYTE_CHARS[byte]` is the
 * character.
 */
export const BYTE_CHARS: readonly string[] = (() => {
  let next = 0x100
  return Array.from({ length: 256 }, (_, byte) => {
    const isPrintable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte !== 0xad)
    return String.fromCharCode(isPrintable ? byte : next++)
  })
})()

/** The byte that a character of GPT-2's alphabet stands for. */
export const CHAR_BYTES: ReadonlyMap<string, number> = new Map(BYTE_CHARS.map((char, byte) => [char, byte]))

/**
 * Writes a code point's UTF-8 to `out` from `at` on (room for 4 bytes) and returns the place behind it. Much
 * faster than `TextEncoder` for the few characters of a pre-token.
 */
export function writeUtf8(codePoint: number, out: Int32Array | Uint8Array, at: number): number {
  if (codePoint < 0x80) {
    out[at] = codePoint
    return at + 1
  }
  if (codePoint < 0x800) {
    out[at] = 0xc0 | (codePoint >> 6)
    out[at + 1] = 0x80 | (codePoint & 63)
    return at + 2
  }
  if (codePoint < 0x10000) {
    out[at] = 0xe0 | (codePoint >> 12)
    out[at + 1] = 0x80 | ((codePoint >> 6) & 63)
    out[at + 2] = 0x80 | (codePoint & 63)
    return at + 3
  }
  out[at] = 0xf0 | (codePoint >> 18)
  out[at + 1] = 0x80 | ((codePoint >> 12) & 63)
  out[at + 2] = 0x80 | ((codePoint >> 6) & 63)
  out[at + 3] = 0x80 | (codePoint & 63)
  return at + 4
}

/** UTF-8 bytes of the character that a UTF-16 unit of well-formed text begins: 4 if it is the first of a pair. */
export function utf8Length(unit: number): number {
  if (unit < 0x80) return 1
  if (unit < 0x800) return 2
  return (unit & 0xfc00) === 0xd800 ? 4 : 3
}

/** The code point of the pair that begins at `at`. */
export function pairAt(units: Uint16Array, at: number): number {
  return 0x10000 + ((units[at]! - 0xd800) << 10) + (units[at + 1]! - 0xdc00)
}

export function hexByte(byte: number): string {
  return byte.toString(16).toUpperCase().padStart(2, '0')
}
