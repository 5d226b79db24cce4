import { ByteLevelBpe } from './bpe.js'
import { Decoder, type Spelling } from './decode.js'
import { IdBuffer, type SegmentEncoder } from './id-buffer.js'
import { type Metadata, stringAt, stringsAt } from './metadata.js'
import { preTokenizer } from './pretokenize.js'
import { SentencePieceBpe } from './sentencepiece.js'
import { SpecialMatcher } from './special-matcher.js'
import { isSpecial, TokenType } from './token-type.js'
import type { DecodeOptions, DecodeStream, DecodeStreamOptions, EncodeOptions, Tokenizer } from './types.js'
import { readVocabulary, type Vocabulary } from './vocabulary.js'

export interface TokenizerOptions {
  /** Takes the place of `tokenizer.ggml.pre`, for files in which it is missing or wrong. */
  pre?: string
}

/**
 * The tokenizer of a GGUF file, from its metadata (keys `tokenizer.ggml.*`). Gives the same ids as llama.cpp.
 * Known models: `llama` (SentencePiece BPE) and `gpt2` (byte-level BPE).
 * @throws Error naming the key for metadata that is missing or inconsistent, and for an unknown model or
 *   pre-tokenizer
 */
export function tokenizerFromGguf(metadata: Metadata, options: TokenizerOptions = {}): Tokenizer {
  const model = stringAt(metadata, 'tokenizer.ggml.model')
  switch (model) {
    case 'llama': {
      const vocabulary = readVocabulary(metadata, {
        addBos: true,
        addSpacePrefix: true,
        bos: '<s>',
        eos: '</s>',
        unknown: '<unk>',
      })
      return new VocabularyTokenizer(vocabulary, new SentencePieceBpe(vocabulary), 'sentencepiece')
    }
    case 'gpt2': {
      const pre = preTokenizer(options.pre ?? stringAt(metadata, 'tokenizer.ggml.pre'))
      // llama.cpp's encoder for byte-level BPE has no use for a space prefix, whatever the metadata says.
      const vocabulary = {
        ...readVocabulary(metadata, { addBos: pre.addBos, addSpacePrefix: false }),
        addSpacePrefix: false,
      }
      const merges = stringsAt(metadata, 'tokenizer.ggml.merges')
      return new VocabularyTokenizer(vocabulary, new ByteLevelBpe(vocabulary, pre, merges), 'byte-level')
    }
    default: {
      const fault =
        model === undefined
          ? 'tokenizer.ggml.model is missing'
          : `tokenizer model '${model}' is not supported`
      throw new Error(`${fault}; known are: llama (SentencePiece BPE), gpt2 (byte-level BPE)`)
    }
  }
}

class VocabularyTokenizer implements Tokenizer {
  private readonly vocabulary: Vocabulary
  private readonly encoder: SegmentEncoder
  private readonly decoder: Decoder
  private readonly userDefined: SpecialMatcher
  private readonly allSpecial: SpecialMatcher

  constructor(vocabulary: Vocabulary, encoder: SegmentEncoder, spelling: Spelling) {
    this.vocabulary = vocabulary
    this.encoder = encoder
    this.decoder = new Decoder(vocabulary, spelling)
    const typeOf = (id: number) => vocabulary.types[id]!
    const tokens = [...vocabulary.ids]
    this.userDefined = new SpecialMatcher(tokens.filter(([, id]) => typeOf(id) === TokenType.userDefined))
    this.allSpecial = new SpecialMatcher(
      tokens.filter(([, id]) => typeOf(id) === TokenType.userDefined || isSpecial(typeOf(id))),
    )
  }

  get vocabSize(): number {
    return this.vocabulary.texts.length
  }

  get bosId(): number | undefined {
    return this.vocabulary.bosId
  }

  get eosId(): number | undefined {
    return this.vocabulary.eosId
  }

  get addBos(): boolean {
    return this.vocabulary.addBos
  }

  get addEos(): boolean {
    return this.vocabulary.addEos
  }

  get endIds(): ReadonlySet<number> {
    return this.vocabulary.endIds
  }

  encode(text: string, options: EncodeOptions = {}): Uint32Array {
    const out = new IdBuffer()
    this.encodeTo(out, text, options)
    return out.toIds()
  }

  count(text: string, options: EncodeOptions = {}): number {
    const out = new IdBuffer('count')
    this.encodeTo(out, text, options)
    return out.length
  }

  private encodeTo(
    out: IdBuffer,
    text: string,
    { addSpecial = true, parseSpecial = false }: EncodeOptions,
  ): void {
    const { bosId, eosId, addBos, addEos } = this.vocabulary
    const wellFormed = text.toWellFormed()
    if (addSpecial && addBos) out.push(bosId!, 0)
    let isStart = true
    const matcher = parseSpecial ? this.allSpecial : this.userDefined
    matcher.split(
      wellFormed,
      (start, end) => {
        out.origin = start
        this.encoder.encode(wellFormed.slice(start, end), isStart, out)
        isStart = false
      },
      (id, end) => {
        out.origin = 0
        out.push(id, end)
        isStart = true
      },
    )
    out.origin = 0
    if (addSpecial && addEos) out.push(eosId!, text.length)
  }

  decode(ids: ArrayLike<number>, { skipSpecial = true }: DecodeOptions = {}): string {
    return this.decoder.decode(ids, skipSpecial)
  }

  decodeStream(options: DecodeStreamOptions = {}): DecodeStream {
    return this.decoder.stream(options)
  }

  bytesOf(id: number, { skipSpecial = true }: DecodeOptions = {}): Uint8Array {
    const bytes = this.decoder.bytesOf(id)
    return skipSpecial && isSpecial(this.vocabulary.types[id]!) ? new Uint8Array(0) : bytes
  }

  tokenText(id: number): string {
    this.decoder.check(id)
    return this.vocabulary.texts[id]!
  }

  idOf(tokenText: string): number | undefined {
    return this.vocabulary.ids.get(tokenText)
  }
}
