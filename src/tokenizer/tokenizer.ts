import { ByteLevelBpe } from './bpe.js'
import { Decoder, type Spelling, type TokenDecoder } from './decode.js'
import { ggufWordPiece } from './gguf-bert.js'
import { ggufUnigram } from './gguf-unigram.js'
import { IdBuffer, type SegmentEncoder } from './id-buffer.js'
import { Parallelizer } from './lopt/parallelizer.js'
import type { TokenizerSource } from './lopt/source.js'
import { flagAt, idAt, type Metadata, stringAt, stringsAt } from './metadata.js'
import { OffsetRecorder } from './offset-recorder.js'
import { tokenOffsets } from './offsets.js'
import { preTokenizer } from './pretokenize.js'
import { SentencePieceBpe } from './sentencepiece.js'
import { SpecialMatcher } from './special-matcher.js'
import { isSpecial, TokenType } from './token-type.js'
import type {
  DecodeOptions,
  DecodeStream,
  DecodeStreamOptions,
  EncodeOptions,
  ParallelEncoding,
  ParallelOptions,
  Tokenizer,
  TokenOffsets,
} from './types.js'
import { readVocabulary, type Vocabulary } from './vocabulary.js'

export interface TokenizerOptions {
  /** Takes the place of `tokenizer.ggml.pre`, for files in which it is missing or wrong. */
  pre?: string
}

/**
 * The tokenizer of a GGUF file, from its metadata (keys `tokenizer.ggml.*`). Gives the same ids as llama.cpp.
 * Known models: `llama` (SentencePiece BPE), `gpt2` (byte-level BPE), `bert` (WordPiece) and `t5` (Unigram).
 * @throws Error naming the key for metadata that is missing or inconsistent, and for an unknown model or
 *   pre-tokenizer
 */
export function tokenizerFromGguf(metadata: Metadata, options: TokenizerOptions = {}): Tokenizer {
  const model = stringAt(metadata, 'tokenizer.ggml.model')
  const source = { kind: 'gguf', metadata, options } as const
  switch (model) {
    case 'llama': {
      const vocabulary = readVocabulary(metadata, {
        addBos: true,
        addSpacePrefix: true,
        bos: '<s>',
        eos: '</s>',
        unknown: '<unk>',
      })
      return ggufTokenizer(vocabulary, new SentencePieceBpe(vocabulary), 'sentencepiece', source)
    }
    case 'gpt2': {
      const pre = preTokenizer(options.pre ?? stringAt(metadata, 'tokenizer.ggml.pre'))
      // llama.cpp's encoder for byte-level BPE has no use for a space prefix, whatever the metadata says.
      const vocabulary = {
        ...readVocabulary(metadata, { addBos: pre.addBos, addSpacePrefix: false }),
        addSpacePrefix: false,
      }
      const merges = stringsAt(metadata, 'tokenizer.ggml.merges')
      return ggufTokenizer(vocabulary, new ByteLevelBpe(vocabulary, pre, merges), 'byte-level', source)
    }
    case 'bert': {
      const read = readVocabulary(metadata, {
        addBos: true,
        addSpacePrefix: true,
        bos: '[CLS]',
        eos: '[SEP]',
        unknown: '[UNK]',
      })
      // The separator ends a text, whatever the flags say; words begin with the space that decoding takes off.
      const idOf = (key: string) => idAt(metadata, `tokenizer.ggml.${key}`, read.texts.length)
      const bosId = idOf('cls_token_id') ?? read.bosId
      const eosId = idOf('seperator_token_id') ?? read.eosId
      const [addBos, addEos] = [bosId !== undefined, eosId !== undefined]
      const vocabulary = { ...read, bosId, eosId, addBos, addEos, addSpacePrefix: true }
      return ggufTokenizer(vocabulary, ggufWordPiece(vocabulary), 'sentencepiece', source)
    }
    case 't5': {
      const read = readVocabulary(metadata, {
        addBos: false,
        addSpacePrefix: false,
        eos: '</s>',
        unknown: '<unk>',
      })
      const addEos = flagAt(metadata, 'tokenizer.ggml.add_eos_token') ?? read.eosId !== undefined
      const vocabulary = { ...read, addEos }
      return ggufTokenizer(vocabulary, ggufUnigram(vocabulary, metadata), 'sentencepiece', source)
    }
    default: {
      const fault =
        model === undefined
          ? 'tokenizer.ggml.model is missing'
          : `tokenizer model '${model}' is not supported`
      throw new Error(
        `${fault}; known are: llama (SentencePiece BPE), gpt2 (byte-level BPE), bert (WordPiece), t5 (Unigram)`,
      )
    }
  }
}

function ggufTokenizer(
  vocabulary: Vocabulary,
  encoder: SegmentEncoder,
  spelling: Spelling,
  source: TokenizerSource,
): Tokenizer {
  const { ids, types, bosId, eosId, addBos, addEos } = vocabulary
  const tokens = [...ids]
  const userDefined = new SpecialMatcher(tokens.filter(([, id]) => types[id] === TokenType.userDefined))
  const allSpecial = new SpecialMatcher(
    tokens.filter(([, id]) => types[id] === TokenType.userDefined || isSpecial(types[id]!)),
  )
  return new VocabularyTokenizer({
    vocabulary,
    encoder,
    source,
    decoder: new Decoder(vocabulary, spelling),
    matcher: {
      beginsAnew: true,
      split: (text, special, onText, onToken) =>
        (special ? allSpecial : userDefined).split(text, onText, (id, end) =>
          onToken(id, end - vocabulary.texts[id]!.length, end),
        ),
    },
    frame: { prefix: addBos ? [bosId!] : [], suffix: addEos ? [eosId!] : [] },
  })
}

/** Finds tokens that stand in a text as they are. */
export interface TokenMatcher {
  /** Whether a text that follows such a token is encoded as one that begins anew. */
  readonly beginsAnew: boolean
  /** `special`: whether control tokens count. Offsets are UTF-16 indices; texts between tokens are never empty. */
  split(
    text: string,
    special: boolean,
    onText: (start: number, end: number) => void,
    onToken: (id: number, start: number, end: number) => void,
  ): void
}

export interface TokenizerParts {
  readonly vocabulary: Vocabulary
  readonly encoder: SegmentEncoder
  /** Takes the encoder's place where special tokens are parsed, if it looks for any itself. */
  readonly specialEncoder?: SegmentEncoder
  /** What other threads can make the same tokenizer of. */
  readonly source: TokenizerSource
  readonly decoder: TokenDecoder
  readonly matcher: TokenMatcher
  /** Ids before and after a text with `addSpecial`. */
  readonly frame: { readonly prefix: readonly number[]; readonly suffix: readonly number[] }
}

/** A tokenizer put together from its parts, the same for every source. */
export class VocabularyTokenizer implements Tokenizer {
  readonly parts: TokenizerParts
  private parallelizer?: Parallelizer
  private readonly vocabulary: Vocabulary
  private readonly decoder: TokenDecoder

  constructor(parts: TokenizerParts) {
    this.parts = parts
    this.vocabulary = parts.vocabulary
    this.decoder = parts.decoder
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
    this.encodeTo(out, text.toWellFormed(), options)
    return out.toIds()
  }

  count(text: string, options: EncodeOptions = {}): number {
    const out = new IdBuffer('count')
    this.encodeTo(out, text.toWellFormed(), options)
    return out.length
  }

  offsets(text: string, options: EncodeOptions = {}): TokenOffsets {
    const wellFormed = text.toWellFormed()
    const out = new OffsetRecorder()
    this.encodeTo(out, wellFormed, options)
    const ids = out.toIds()
    return { ids, ...tokenOffsets(wellFormed, out, (i) => this.decoder.bytesOf(ids[i]!).length) }
  }

  encodeParallel(text: string, options: ParallelOptions = {}): Promise<ParallelEncoding> {
    this.parallelizer ??= new Parallelizer(this)
    return this.parallelizer.encode(text, options)
  }

  close(): void {
    this.parallelizer?.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** @param encodeSegment takes the place of the encoder that the options ask for */
  encodeTo(
    out: IdBuffer,
    wellFormed: string,
    { addSpecial = true, parseSpecial = false }: EncodeOptions,
    encodeSegment?: SegmentEncoder['encode'],
  ): void {
    const { encoder, specialEncoder = encoder, matcher, frame } = this.parts
    const segmentEncoder = encodeSegment ? { encode: encodeSegment } : parseSpecial ? specialEncoder : encoder
    const recorder = out instanceof OffsetRecorder ? out : undefined
    const push = (id: number, start: number, end: number) => {
      out.origin = 0
      if (recorder) recorder.pushSpan(id, start, end)
      else out.push(id, end)
    }
    if (addSpecial) for (const id of frame.prefix) push(id, 0, 0)
    let isStart = true
    matcher.split(
      wellFormed,
      parseSpecial,
      (start, end) => {
        out.origin = start
        recorder?.beginSegment(start)
        segmentEncoder.encode(wellFormed.slice(start, end), isStart, out)
        isStart = false
      },
      (id, start, end) => {
        push(id, start, end)
        isStart = matcher.beginsAnew
      },
    )
    const { length } = wellFormed
    if (addSpecial) for (const id of frame.suffix) push(id, length, length)
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
