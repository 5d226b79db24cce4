/** What a caller holds: text to token ids and back, for one model's vocabulary. */
export interface Tokenizer {
  /** Number of token ids; ids are 0 … vocabSize − 1. */
  readonly vocabSize: number
  /** Beginning-of-sequence token, where the model has one. */
  readonly bosId?: number
  /** End-of-sequence token, where the model has one. */
  readonly eosId?: number
  /** Whether `encode` with `addSpecial` puts `bosId` first. */
  readonly addBos: boolean
  /** Whether `encode` with `addSpecial` puts `eosId` last. */
  readonly addEos: boolean
  /** Every token that ends generation: end of sequence, of turn, of message, and FIM padding. */
  readonly endIds: ReadonlySet<number>
  /**
   * Token ids of `text`. Lone surrogates count as U+FFFD, as `String.prototype.toWellFormed` makes them.
   * @throws Error when the text holds a byte or character that the vocabulary cannot express at all
   */
  encode(text: string, options?: EncodeOptions): Uint32Array
  /**
   * How many tokens `encode` would give, without keeping them.
   * @throws Error as `encode` does
   */
  count(text: string, options?: EncodeOptions): number
  /**
   * As `encode`, on several threads: parts of the text are encoded at once and joined where that is proved to be right
   * (docs/papers/lopt.md); the ids are always those of `encode`. Texts that are too short for it to be faster, and
   * texts of tokenizers that nothing is proved for, are encoded in sequence, in this thread; the result says so.
   *
   * Making a large vocabulary in a thread takes longer than encoding ten megabytes. So threads are started for a text far
   * longer than that, for one with a `chunkLength`, or when a second long text comes, which is encoded in sequence while
   * they start. They are kept for later texts, end when they have had nothing to do for half a minute, and keep no process
   * alive. Each holds the vocabulary.
   * @throws Error as `encode` does, and where a thread ends (out of memory); RangeError for an option out of its range;
   *   the signal's reason if it aborts
   */
  encodeParallel(text: string, options?: ParallelOptions): Promise<ParallelEncoding>
  /**
   * Token ids of `text` with the place in it that each stands for.
   * @throws Error as `encode` does
   */
  offsets(text: string, options?: EncodeOptions): TokenOffsets
  /**
   * Text of `ids`. Invalid UTF-8 becomes U+FFFD as in a non-fatal `TextDecoder`; a leading U+FEFF is kept.
   * @throws RangeError for an id outside the vocabulary
   */
  decode(ids: ArrayLike<number>, options?: DecodeOptions): string
  /** Decodes token by token; text comes out as soon as its last byte is there, never half a character. */
  decodeStream(options?: DecodeStreamOptions): DecodeStream
  /**
   * The bytes that a token stands for; in SentencePiece vocabularies a leading space is part of the piece.
   * The array is shared between calls: do not write to it.
   * @throws RangeError for an id outside the vocabulary
   */
  bytesOf(id: number, options?: DecodeOptions): Uint8Array
  /**
   * The token as the vocabulary spells it (`Ġthe`, `▁the`, `<0x0A>`, `<|im_end|>`).
   * @throws RangeError for an id outside the vocabulary
   */
  tokenText(id: number): string
  /** The id of the token that the vocabulary spells so, special tokens included. */
  idOf(tokenText: string): number | undefined
  /** Ends the threads of `encodeParallel`; what they are at fails. The tokenizer can still be used. */
  close(): void
  [Symbol.dispose](): void
}

/**
 * Token ids, as `encode` gives them, and where they stand in the text: token i in UTF-16 units `starts[i]` … `ends[i]`
 * and in bytes `byteStarts[i]` … `byteEnds[i]` of the text's UTF-8. Spaces count where the token holds them; what the
 * vocabulary drops (spaces between words in BERT's) is no token's. A token that ends inside a character has that
 * character's start as its end in units; its end in bytes is exact where the text is encoded as it is. Of a text that
 * was normalized, a token stands where its characters come from. Tokens that were added have empty places at the
 * text's ends.
 */
export interface TokenOffsets {
  readonly ids: Uint32Array
  readonly starts: Uint32Array
  readonly ends: Uint32Array
  readonly byteStarts: Uint32Array
  readonly byteEnds: Uint32Array
}

export interface EncodeOptions {
  /** Add the BOS and EOS tokens that the model asks for. Default true. */
  addSpecial?: boolean
  /**
   * Read control tokens written out in the text (`<|im_end|>`) as those tokens. Default false: text from
   * users must not forge turns. User-defined tokens (GGUF type 4) are matched either way, as llama.cpp does.
   */
  parseSpecial?: boolean
}

export interface ParallelOptions extends EncodeOptions {
  /** Threads that encode. Default: the processors there are, at most 8. */
  threads?: number
  /**
   * UTF-16 units of a chunk, the part of a text that one thread encodes at a time. Where it is given, texts of any
   * length are encoded in chunks. Default: as long as four chunks a thread make, from 65536 to 524288.
   */
  chunkLength?: number
  /** UTF-16 units that a chunk goes on behind the beginning of the next, where the two are joined. Default 512. */
  overlap?: number
  signal?: AbortSignal
  /** Called when a chunk is encoded, with how many are and how many there are. Never for what is encoded in sequence. */
  onProgress?: (progress: { readonly encodedChunks: number; readonly totalChunks: number }) => void
}

export interface ParallelEncoding {
  readonly ids: Uint32Array
  /** Parts that were encoded at once. 1 if `sequential`. */
  readonly chunks: number
  /** Joins of two parts of one text, each proved. */
  readonly joins: number
  /** Times that two parts had no join in their overlap and text was encoded once more to find one. */
  readonly retries: number
  /** Threads that encoded; the caller's if `sequential`. */
  readonly threads: number
  /** All was encoded in sequence, in the caller's thread. */
  readonly sequential: boolean
}

export interface DecodeOptions {
  /** Leave out control and unknown tokens. Default true. */
  skipSpecial?: boolean
}

export interface DecodeStreamOptions extends DecodeOptions {
  /**
   * The token just before the first one pushed, usually the last of the prompt. SentencePiece vocabularies
   * need it: the space that begins a text is the encoder's and is dropped, the space that continues one is
   * the model's. Left out, the stream decodes a text from its beginning.
   */
  after?: number
}

export interface DecodeStream {
  /** Adds a token; returns the text that is now complete, possibly none. */
  push(id: number): string
  /** Ends the text: what is left of an unfinished character comes out as U+FFFD. */
  flush(): string
}
