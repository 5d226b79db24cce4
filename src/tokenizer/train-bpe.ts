import { BYTE_CHARS } from './bytes.js'
import { PieceCounter } from './count-pieces.js'
import { MAX_IDS, MergeLearner } from './learn-merges.js'
import { preTokenizer as preTokenizerOf } from './pretokenize.js'
import { TokenType } from './token-type.js'

export interface TrainBpeOptions {
  /** Number of tokens, special ones and the 256 bytes included. */
  readonly vocabularySize: number
  /** How text is cut before pairs are counted: a name that `tokenizer.ggml.pre` may have. Default `smollm`. */
  readonly preTokenizer?: string
  /** Control tokens, ids 0, 1, …; the first begins and ends every text. Default `<|endoftext|>` alone. */
  readonly specialTokens?: readonly string[]
  /** Stops the training, between two documents or merges; the promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal
  /** Called some times a second, and at the end. */
  readonly onProgress?: (progress: TrainBpeProgress) => void
}

export interface TrainBpeProgress {
  readonly phase: 'counting' | 'merging'
  /** Documents and UTF-16 units read so far. */
  readonly documents: number
  readonly characters: number
  /** Tokens there are so far, and those asked for. */
  readonly tokens: number
  readonly vocabularySize: number
}

/** A value of the metadata: integers are `number`s here and u32 in a file. */
export type TokenizerMetadataValue = string | boolean | number | readonly string[] | Int32Array

export interface TrainedBpe {
  /** By id: special tokens, the 256 bytes, merged tokens. Bytes are spelled in GPT-2's alphabet. */
  readonly tokens: readonly string[]
  /** `left right`, most urgent first. */
  readonly merges: readonly string[]
  /** The keys `tokenizer.ggml.*` of a GGUF file, as `tokenizerFromGguf` reads them. */
  readonly metadata: ReadonlyMap<string, TokenizerMetadataValue>
}

/**
 * Learns a byte-level BPE vocabulary (Sennrich et al., arXiv 1508.07909; on bytes: GPT-2). The text is cut by the
 * pre-tokenizer; then the most frequent pair of neighbours becomes a token, again and again. Of several pairs that
 * are equally frequent the one with the lowest left id, then the lowest right id is taken: the result depends on how
 * often pieces occur, never on the order of the documents. It is the vocabulary that Hugging Face's `BpeTrainer`
 * learns with `ByteLevel.alphabet()`.
 *
 * Where two merges spell the same text, they share a token; a merge that would spell a special token is left out.
 * If the text has fewer pairs than were asked for, the vocabulary is smaller than `vocabularySize`.
 * @param documents texts; special tokens written out in them are text like any other
 * @throws RangeError for a vocabulary that cannot hold the special tokens and bytes, or is above 2^22; Error for a
 *   pre-tokenizer or special tokens that cannot be used, and for documents without text
 */
export async function trainBpe(
  documents: Iterable<string> | AsyncIterable<string>,
  options: TrainBpeOptions,
): Promise<TrainedBpe> {
  const { vocabularySize, preTokenizer = 'smollm', specialTokens = ['<|endoftext|>'], signal } = options
  checkSpecialTokens(specialTokens)
  const least = specialTokens.length + BYTE_CHARS.length
  if (!Number.isInteger(vocabularySize) || vocabularySize < least || vocabularySize > MAX_IDS)
    throw new RangeError(
      `vocabularySize is ${vocabularySize}; it should be a whole number from ${least} (special tokens and bytes) to ${MAX_IDS}`,
    )
  const counter = new PieceCounter(preTokenizerOf(preTokenizer))
  const progress = { phase: 'counting', documents: 0, characters: 0, tokens: least, vocabularySize }
  const report = () => options.onProgress?.({ ...progress } as TrainBpeProgress)
  const pause = pauses(signal, report)

  signal?.throwIfAborted()
  for await (const document of documents) {
    counter.add(document)
    progress.documents++
    progress.characters += document.length
    await pause()
  }
  if (progress.characters === 0) throw new Error('The documents hold no text; there is nothing to learn from')

  // GPT-2 numbers its alphabet by code point, and so does Hugging Face: ties depend on it.
  const tokens = [...specialTokens, ...[...BYTE_CHARS].sort()]
  const ids = new Map(tokens.map((text, id) => [text, id]))
  const specials = new Set(specialTokens)
  const merges: string[] = []
  const learner = new MergeLearner(
    counter.counts(),
    Int32Array.from(BYTE_CHARS, (char) => ids.get(char)!),
  )
  const symbolOf = (left: number, right: number) => {
    const text = tokens[left]! + tokens[right]!
    // What a user writes must never become a control token.
    if (specials.has(text)) return undefined
    const known = ids.get(text)
    if (known !== undefined) return known
    ids.set(text, tokens.length)
    return tokens.push(text) - 1
  }
  progress.phase = 'merging'
  while (tokens.length < vocabularySize) {
    const merge = learner.next(symbolOf)
    if (!merge) break
    merges.push(`${tokens[merge.left]} ${tokens[merge.right]}`)
    progress.tokens = tokens.length
    await pause()
  }
  report()
  return { tokens, merges, metadata: metadataOf(preTokenizer, tokens, specialTokens.length, merges) }
}

function metadataOf(
  pre: string,
  tokens: readonly string[],
  specials: number,
  merges: readonly string[],
): Map<string, TokenizerMetadataValue> {
  const types = Int32Array.from(tokens, (_, id) => (id < specials ? TokenType.control : TokenType.normal))
  const values: Record<string, TokenizerMetadataValue> = {
    model: 'gpt2',
    pre,
    tokens,
    token_type: types,
    merges,
    bos_token_id: 0,
    eos_token_id: 0,
    add_bos_token: true,
    add_eos_token: false,
  }
  return new Map(Object.entries(values).map(([name, value]) => [`tokenizer.ggml.${name}`, value]))
}

function checkSpecialTokens(tokens: readonly string[]): void {
  if (tokens.length === 0)
    throw new Error('specialTokens is empty; one token is needed to begin and end texts with')
  tokens.forEach((token, at) => {
    const fault =
      token === ''
        ? 'is empty'
        : BYTE_CHARS.includes(token)
          ? 'stands for a byte already'
          : tokens.indexOf(token) < at
            ? 'occurs twice'
            : undefined
    if (fault) throw new Error(`specialTokens[${at}], ${JSON.stringify(token)}, ${fault}; choose another`)
  })
}

/** Milliseconds of work between two turns of the event loop, and between two reports. */
const TURN = 25
const REPORT = 200

/** What to await between pieces of work: it lets other events in now and then, an abort among them. */
function pauses(signal: AbortSignal | undefined, report: () => void): () => Promise<void> | undefined {
  let turned = performance.now()
  let reported = turned
  return () => {
    const now = performance.now()
    if (now - turned < TURN) return undefined
    if (now - reported >= REPORT) {
      reported = now
      report()
    }
    return new Promise<void>((resolve) => setTimeout(resolve, 0)).then(() => {
      turned = performance.now()
      signal?.throwIfAborted()
    })
  }
}
