import type { OffsetRecorder } from './offset-recorder.js'
import type { TokenOffsets } from './types.js'

/**
 * Units and bytes of recorded tokens of `text`.
 * @param byteLength how many bytes token i stands for where the text is encoded as it is
 */
export function tokenOffsets(
  text: string,
  { tokenStarts: starts, tokenEnds: ends, isChanged }: OffsetRecorder,
  byteLength: (i: number) => number,
): Omit<TokenOffsets, 'ids'> {
  const byteAt = new ByteIndex(text)
  const byteStarts = new Uint32Array(starts.length)
  const byteEnds = new Uint32Array(starts.length)
  for (let i = 0; i < starts.length; i++) {
    const from = byteAt.of(starts[i]!)
    const to = byteAt.of(ends[i]!)
    // After a token that ends inside a character, a token begins there too.
    const before = i > 0 && ends[i - 1] === starts[i] ? byteEnds[i - 1]! : from
    byteStarts[i] = before > from && before < from + byteAt.charBytes(starts[i]!) ? before : from
    // A token whose bytes reach beyond the unit that it ends at, but not to that character's end, ends inside it.
    const exact = byteStarts[i]! + byteLength(i)
    const isInside = !isChanged && exact > to && exact < to + byteAt.charBytes(ends[i]!)
    byteEnds[i] = isInside && isNextInside(starts, ends, i) ? exact : Math.max(to, byteStarts[i]!)
  }
  return { starts: Uint32Array.from(starts), ends: Uint32Array.from(ends), byteStarts, byteEnds }
}

/** Whether the next token begins where token i ends: where the rest of a character is. */
function isNextInside(starts: readonly number[], ends: readonly number[], i: number): boolean {
  return i + 1 < starts.length && starts[i + 1] === ends[i]
}

/** UTF-8 index of UTF-16 indices that seldom go back, and then little. */
class ByteIndex {
  private readonly text: string
  private unit = 0
  private byte = 0

  constructor(text: string) {
    this.text = text
  }

  of(unit: number): number {
    const { text } = this
    while (this.unit < unit) {
      const bytes = this.charBytes(this.unit)
      this.unit += bytes === 4 ? 2 : 1
      this.byte += bytes
    }
    while (this.unit > unit) {
      const isPair = this.unit > 1 && text.codePointAt(this.unit - 2)! > 0xffff
      this.unit -= isPair ? 2 : 1
      this.byte -= this.charBytes(this.unit)
    }
    return this.byte
  }

  /** Bytes of the character at a unit, 0 at the end. */
  charBytes(unit: number): number {
    const codePoint = this.text.codePointAt(unit)
    if (codePoint === undefined) return 0
    return codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4
  }
}
