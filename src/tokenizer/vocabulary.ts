import { flagAt, idAt, type Metadata, numbersAt, stringsAt } from './metadata.js'
import { endTokens, overriddenControls } from './special.js'
import { TokenType } from './token-type.js'

/** A model's tokens and what its metadata says of them, the same for every encoder. */
export interface Vocabulary {
  readonly texts: readonly string[]
  /** `TokenType` of each token, as llama.cpp comes to see it (misdeclared control tokens corrected). */
  readonly types: Uint8Array
  /** Merge scores, where the file has them: higher merges first. */
  readonly scores?: ArrayLike<number>
  /** Text → id of every token. */
  readonly ids: ReadonlyMap<string, number>
  readonly bosId?: number
  readonly eosId?: number
  readonly unknownId?: number
  readonly addBos: boolean
  readonly addEos: boolean
  /** SentencePiece: the text is encoded with a space before it. */
  readonly addSpacePrefix: boolean
  readonly endIds: ReadonlySet<number>
}

/** What holds where the metadata is silent; it depends on the kind of tokenizer. */
export interface VocabularyDefaults {
  addBos: boolean
  addSpacePrefix: boolean
  bos?: string
  eos?: string
  unknown?: string
}

/**
 * Reads the keys `tokenizer.ggml.*` that every tokenizer shares.
 * @throws Error naming the key when one is missing, of the wrong type, or at odds with the others
 */
export function readVocabulary(metadata: Metadata, defaults: VocabularyDefaults): Vocabulary {
  const key = (name: string) => `tokenizer.ggml.${name}`
  const texts = stringsAt(metadata, key('tokens'))
  const size = texts.length
  if (size === 0) throw new Error('GGUF metadata: tokenizer.ggml.tokens is empty')

  const types = new Uint8Array(size).fill(TokenType.normal)
  types.set(numbersAt(metadata, key('token_type'), size) ?? [])
  const ids = new Map<string, number>()
  // Backwards, so that of two tokens with one text the lower id counts. Empty texts could never be matched.
  for (let id = size - 1; id >= 0; id--) if (texts[id]) ids.set(texts[id]!, id)

  const idOf = (name: string) => idAt(metadata, key(name), size)
  const idOfText = (text: string | undefined) => (text === undefined ? undefined : ids.get(text))
  for (const id of overriddenControls(ids, idOf)) types[id] = TokenType.control

  const bosId = idOf('bos_token_id') ?? idOfText(defaults.bos)
  const eosId = idOf('eos_token_id') ?? idOfText(defaults.eos)
  const addBos = flagAt(metadata, key('add_bos_token'))
  const addEos = flagAt(metadata, key('add_eos_token')) ?? false
  if (addBos && bosId === undefined)
    throw new Error('GGUF metadata: add_bos_token is true, but there is no tokenizer.ggml.bos_token_id')
  if (addEos && eosId === undefined)
    throw new Error('GGUF metadata: add_eos_token is true, but there is no tokenizer.ggml.eos_token_id')

  return {
    texts,
    types,
    scores: numbersAt(metadata, key('scores'), size),
    ids,
    bosId,
    eosId,
    unknownId: idOf('unknown_token_id') ?? idOfText(defaults.unknown),
    addBos: addBos ?? (defaults.addBos && bosId !== undefined),
    addEos,
    addSpacePrefix: flagAt(metadata, key('add_space_prefix')) ?? defaults.addSpacePrefix,
    endIds: endTokens(ids, types, idOf, eosId),
  }
}
