import { CHAR_BYTES } from './bytes.js'
import { SPACE_MARK } from './sentencepiece.js'
import { isSpecial, TokenType } from './token-type.js'
import type { DecodeStream, DecodeStreamOptions } from './types.js'
import type { Vocabulary } from './vocabulary.js'

const NO_BYTES = new Uint8Array(0)
const SPACE = 0x20

/**
 * How a vocabulary spells bytes: in GPT-2's alphabet, or as text with ▁ for the space and `<0x0A>` for bytes.
 */
export type Spelling = 'byte-level' | 'sentencepiece'

/** Token ids to bytes and text. */
export interface TokenDecoder {
  /** The token's bytes, special tokens included; shared between calls. @throws RangeError for an unknown id */
  bytesOf(id: number): Uint8Array
  decode(ids: ArrayLike<number>, skipSpecial: boolean): string
  stream(options: DecodeStreamOptions): DecodeStream
  /** @throws RangeError for an id that is not in the vocabulary */
  check(id: number): void
}

/** Token ids to bytes and text as the vocabulary of a GGUF file spells them. */
export class Decoder implements TokenDecoder {
  private readonly vocabulary: Vocabulary
  private readonly spelling: Spelling
  private readonly encoder = new TextEncoder()
  private readonly known: (Uint8Array | undefined)[] = []

  constructor(vocabulary: Vocabulary, spelling: Spelling) {
    this.vocabulary = vocabulary
    this.spelling = spelling
  }

  /**
   * The token's bytes, special tokens included; shared between calls. @throws RangeError for an unknown id
   */
  bytesOf(id: number): Uint8Array {
    this.check(id)
    const known = this.known[id]
    if (known) return known
    const bytes = this.spell(this.vocabulary.texts[id]!, this.vocabulary.types[id]!)
    this.known[id] = bytes
    return bytes
  }

  /** Whether a text that follows the token is encoded as one that begins anew. */
  startsText(id: number): boolean {
    this.check(id)
    const type = this.vocabulary.types[id]
    return type === TokenType.control || type === TokenType.userDefined
  }

  decode(ids: ArrayLike<number>, skipSpecial: boolean): string {
    const assembler = new Assembler(this.vocabulary, this, { skipSpecial })
    const parts: Uint8Array[] = []
    let length = 0
    for (let i = 0; i < ids.length; i++) {
      const bytes = assembler.take(ids[i]!)
      if (bytes.length === 0) continue
      parts.push(bytes)
      length += bytes.length
    }
    const all = new Uint8Array(length)
    let at = 0
    for (const bytes of parts) {
      all.set(bytes, at)
      at += bytes.length
    }
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(all)
  }

  stream(options: DecodeStreamOptions): DecodeStream {
    const assembler = new Assembler(this.vocabulary, this, options)
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
    return {
      push: (id) => decoder.decode(assembler.take(id), { stream: true }),
      flush: () => decoder.decode(),
    }
  }

  private spell(text: string, type: number): Uint8Array {
    if (isSpecial(type) || type === TokenType.userDefined) return this.encoder.encode(text)
    if (type === TokenType.byte && /^<0x[0-9A-Fa-f]{2}>$/.test(text))
      return Uint8Array.of(Number.parseInt(text.slice(3, 5), 16))
    // Padding of the embedding matrix; llama.cpp prints nothing for it either.
    if (type !== TokenType.normal) return NO_BYTES
    if (this.spelling === 'sentencepiece') return this.encoder.encode(text.replaceAll(SPACE_MARK, ' '))
    const bytes: number[] = []
    for (const char of text) {
      const byte = CHAR_BYTES.get(char)
      if (byte === undefined) bytes.push(...this.encoder.encode(char))
      else bytes.push(byte)
    }
    return Uint8Array.from(bytes)
  }

  /** @throws RangeError for an id that is not in the vocabulary */
  check(id: number): void {
    const size = this.vocabulary.texts.length
    if (!(id >= 0 && id < size && Number.isInteger(id)))
      throw new RangeError(`Token id ${id} is outside the vocabulary (0 … ${size - 1})`)
  }
}

/**
 * What each token of a sequence adds to its text: nothing for a special token that is skipped; and the space
 * that the encoder put before a text is taken off again, at the beginning and after special tokens that are
 * shown.
 */
class Assembler {
  private readonly vocabulary: Vocabulary
  private readonly decoder: Decoder
  private isStart: boolean
  private readonly skipSpecial: boolean

  constructor(vocabulary: Vocabulary, decoder: Decoder, { skipSpecial = true, after }: DecodeStreamOptions) {
    this.vocabulary = vocabulary
    this.decoder = decoder
    this.skipSpecial = skipSpecial
    this.isStart = after === undefined || decoder.startsText(after)
  }

  take(id: number): Uint8Array {
    const bytes = this.decoder.bytesOf(id)
    const type = this.vocabulary.types[id]!
    if (bytes.length === 0 || (this.skipSpecial && isSpecial(type))) return NO_BYTES
    const { isStart } = this
    this.isStart = this.decoder.startsText(id)
    const hasPrefix =
      isStart && this.vocabulary.addSpacePrefix && type === TokenType.normal && bytes[0] === SPACE
    return hasPrefix ? bytes.subarray(1) : bytes
  }
}
