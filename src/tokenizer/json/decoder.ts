import type { TokenDecoder } from '../decode.js'
import { isSpecial, TokenType } from '../token-type.js'
import type { DecodeStream, DecodeStreamOptions } from '../types.js'
import type { Vocabulary } from '../vocabulary.js'
import type { DecoderStep, Place, Shown } from './decoders.js'

const INSIDE: Place = { isFirst: false, isLast: false }

interface Strip {
  readonly content: Uint8Array
  readonly count: number
}

/**
 * Token ids to text as a tokenizer.json's `decoder` says. Bytes become text as in a non-fatal `TextDecoder`: where
 * Hugging Face shows U+FFFD for every byte of a run of byte tokens that is no UTF-8 as a whole, its good parts are
 * shown here.
 */
export class JsonDecoder implements TokenDecoder {
  private readonly vocabulary: Vocabulary
  private readonly steps: readonly DecoderStep[]
  /** What is taken off the beginning of a whole text. */
  readonly strip?: Strip
  /** Whether a token may show something else if it is the last. */
  readonly looksAtEnd: boolean
  private readonly encoder = new TextEncoder()
  private readonly inside: (Uint8Array | undefined)[] = []

  constructor(vocabulary: Vocabulary, steps: readonly DecoderStep[] = [{ show: joinedBySpaces }]) {
    this.vocabulary = vocabulary
    const fuse = steps.findIndex(({ fuses }) => fuses)
    this.steps = fuse < 0 ? steps : steps.filter(({ strip }, i) => !strip || i < fuse)
    this.looksAtEnd = steps.some(({ looksAtEnd }) => looksAtEnd)
    const after = fuse < 0 ? undefined : steps.find(({ strip }, i) => strip && i > fuse)?.strip
    if (after) this.strip = { content: this.encoder.encode(after.content), count: after.start }
  }

  bytesOf(id: number): Uint8Array {
    return this.shown(id, INSIDE)
  }

  decode(ids: ArrayLike<number>, skipSpecial: boolean): string {
    const assembler = new Assembler(this, this.vocabulary, { skipSpecial })
    const parts: Uint8Array[] = []
    for (let i = 0; i < ids.length; i++) parts.push(...assembler.take(ids[i]!))
    parts.push(...assembler.end())
    const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
    let at = 0
    for (const part of parts) {
      all.set(part, at)
      at += part.length
    }
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(all)
  }

  stream(options: DecodeStreamOptions): DecodeStream {
    const assembler = new Assembler(this, this.vocabulary, options)
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
    const text = (parts: Uint8Array[]) => parts.map((part) => decoder.decode(part, { stream: true })).join('')
    return {
      push: (id) => text(assembler.take(id)),
      flush: () => text(assembler.end()) + decoder.decode(),
    }
  }

  /** What a token shows at a place. */
  shown(id: number, place: Place): Uint8Array {
    const isInside = !place.isFirst && !place.isLast
    this.check(id)
    const known = isInside ? this.inside[id] : undefined
    if (known) return known
    const type = this.vocabulary.types[id]!
    let shown: Shown = type === TokenType.unused ? '' : this.vocabulary.texts[id]!
    const isAdded = isSpecial(type) || type === TokenType.userDefined
    for (const { show, strip } of this.steps) {
      if (typeof shown !== 'string') break
      // Added tokens stand for themselves: é is no byte there.
      if (show) shown = isAdded && show.name === 'byteLevel' ? shown : show(shown, place)
      else if (strip) shown = stripText(shown, strip.content, strip.start, strip.stop)
    }
    const bytes = typeof shown === 'string' ? this.encoder.encode(shown) : shown
    if (isInside) this.inside[id] = bytes
    return bytes
  }

  /** @throws RangeError for an id that is not in the vocabulary */
  check(id: number): void {
    const size = this.vocabulary.texts.length
    if (!(id >= 0 && id < size && Number.isInteger(id)))
      throw new RangeError(`Token id ${id} is outside the vocabulary (0 … ${size - 1})`)
  }
}

/** What each token of a sequence adds to its text, in parts. */
class Assembler {
  private readonly decoder: JsonDecoder
  private readonly vocabulary: Vocabulary
  private readonly skipSpecial: boolean
  private isFirst: boolean
  private toStrip: number
  private held?: number

  constructor(
    decoder: JsonDecoder,
    vocabulary: Vocabulary,
    { skipSpecial = true, after }: DecodeStreamOptions,
  ) {
    this.decoder = decoder
    this.vocabulary = vocabulary
    this.skipSpecial = skipSpecial
    if (after !== undefined) decoder.check(after)
    this.isFirst = after === undefined || this.isSkipped(after)
    this.toStrip = this.isFirst ? (decoder.strip?.count ?? 0) : 0
  }

  take(id: number): Uint8Array[] {
    this.decoder.check(id)
    if (this.isSkipped(id)) return []
    if (!this.decoder.looksAtEnd) return this.show(id, false)
    const { held } = this
    this.held = id
    return held === undefined ? [] : this.show(held, false)
  }

  end(): Uint8Array[] {
    const { held } = this
    this.held = undefined
    return held === undefined ? [] : this.show(held, true)
  }

  private isSkipped(id: number): boolean {
    return this.skipSpecial && isSpecial(this.vocabulary.types[id]!)
  }

  private show(id: number, isLast: boolean): Uint8Array[] {
    let bytes = this.decoder.shown(id, { isFirst: this.isFirst, isLast })
    this.isFirst = false
    const content = this.decoder.strip?.content
    while (content && this.toStrip > 0 && bytes.length > 0) {
      const isThere = content.every((byte, i) => bytes[i] === byte)
      this.toStrip = isThere ? this.toStrip - 1 : 0
      if (isThere) bytes = bytes.subarray(content.length)
    }
    return bytes.length > 0 ? [bytes] : []
  }
}

const joinedBySpaces = (text: string, { isFirst }: Place) => (isFirst ? text : ` ${text}`)

function stripText(text: string, content: string, start: number, stop: number): string {
  let from = 0
  for (let i = 0; i < start && text.startsWith(content, from); i++) from += content.length
  let to = text.length
  for (let i = 0; i < stop && to - content.length >= from && text.endsWith(content, to); i++)
    to -= content.length
  return text.slice(from, to)
}
