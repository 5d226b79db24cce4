import type { PreTokenizer } from '../pretokenize.js'
import { endTokens } from '../special.js'
import { TokenType } from '../token-type.js'
import { VocabularyTokenizer } from '../tokenizer.js'
import type { Tokenizer } from '../types.js'
import type { Vocabulary } from '../vocabulary.js'
import { type AddedToken, AddedTokenMatcher, readAddedTokens } from './added-tokens.js'
import { type Config, readConfig } from './config.js'
import { JsonDecoder } from './decoder.js'
import { readDecoder } from './decoders.js'
import { Field } from './field.js'
import { isByteLevelBpe, readModel, typeOf } from './model.js'
import { readNormalizer } from './normalizers.js'
import { ByteAlphabet, Pipeline } from './pipeline.js'
import { type Frame, readPostProcessor } from './post-processor.js'
import { type PreTokenizerPart, readPreTokenizer, type Stage, stageOf } from './pretokenizers.js'
import { ruleFor } from './rules.js'
import { readIds, textsOf } from './vocab.js'

export interface JsonOptions {
  /**
   * The parsed tokenizer_config.json: it says which tokens begin and end a text, and where a class of Hugging Face's
   * `transformers` adds them whatever tokenizer.json says (`add_bos_token`, `add_eos_token`).
   */
  config?: unknown
}

/**
 * The tokenizer of a parsed tokenizer.json. Gives the same ids as Hugging Face's `tokenizers`, up to the versions of
 * Unicode, with one intended difference: where special tokens are not parsed (`parseSpecial`, off unless asked for),
 * plain text can never become one, not even by merging.
 * @throws Error naming the key for whatever is missing, of a wrong type, at odds with the rest, or not supported
 */
export function tokenizerFromJson(json: unknown, options: JsonOptions = {}): Tokenizer {
  const file = new Field('', json)
  const model = file.get('model')
  typeOf(model)
  const ids = readIds(model)
  const added = idsOfModel(readAddedTokens(file.get('added_tokens')), ids)
  const config = readConfig(options.config)
  const vocabulary = vocabularyOf(ids, added, config, readPostProcessor(file.get('post_processor')))

  const normalizer = readNormalizer(file.get('normalizer'))
  const parts = readPreTokenizer(file.get('pre_tokenizer'))
  const { stages, bytes } = cuts(parts, isByteLevelBpe(model, ids))
  const encoder = readModel(model, { vocabulary, ids, bytes })
  const spellsBytes = parts.at(-1)?.kind === 'bytes' && !bytes
  const inNormalized = added.filter((token) => token.normalized)
  const pipeline = {
    normalizer,
    added:
      inNormalized.length === 0
        ? undefined
        : new AddedTokenMatcher(inNormalized, ({ content }) => normalizer?.(content, false).text ?? content),
    stages,
    model: spellsBytes ? new ByteAlphabet(encoder) : encoder,
  }
  const matcher = new AddedTokenMatcher(added.filter((token) => !token.normalized))
  return new VocabularyTokenizer({
    vocabulary,
    source: { kind: 'json', json, options },
    frame: vocabulary.frame,
    encoder: new Pipeline(pipeline, false),
    specialEncoder: new Pipeline(pipeline, true),
    decoder: new JsonDecoder(vocabulary, readDecoder(file.get('decoder'))),
    matcher: { beginsAnew: false, split: matcher.split.bind(matcher) },
  })
}

/** How text is cut: before the model, and by it if it is the encoder for byte-level BPE. */
interface Cuts {
  readonly stages: readonly Stage[]
  readonly bytes?: PreTokenizer
}

function cuts(parts: readonly PreTokenizerPart[], isByteLevel: boolean): Cuts {
  const spellsBytes = parts.at(-1)?.kind === 'bytes'
  const before = spellsBytes ? parts.slice(0, -1) : parts
  const all = before.map(stageOf)
  if (!spellsBytes || !isByteLevel) return { stages: all }
  // What comes after the last change of the text is left to the encoder, which knows fast ways and keeps pieces.
  const from = before.findLastIndex(({ kind }) => kind === 'change') + 1
  const patterns = before.slice(from).map((part) => (part.kind === 'cut' ? part.pattern : undefined))
  const rule = ruleFor(patterns)
  if (rule) return { stages: all.slice(0, from), bytes: rule }
  const stages = all.slice(from)
  const cutBy = (
    stage: number,
    text: string,
    base: number,
    onPiece: (start: number, end: number) => void,
  ) => {
    if (stage === stages.length) onPiece(base, base + text.length)
    else stages[stage]!(text, base, 0, false, (piece, start) => cutBy(stage + 1, piece, start, onPiece))
  }
  const bytes: PreTokenizer = {
    ignoreMerges: false,
    addBos: false,
    split: (text, onPiece) => cutBy(0, text, 0, onPiece),
  }
  return { stages: all.slice(0, from), bytes }
}

/** Added tokens that the model knows have the model's ids, as in Hugging Face `tokenizers`. */
function idsOfModel(added: readonly AddedToken[], ids: ReadonlyMap<string, number>): AddedToken[] {
  return added.map((token) => ({ ...token, id: ids.get(token.content) ?? token.id }))
}

function vocabularyOf(
  modelIds: ReadonlyMap<string, number>,
  added: readonly AddedToken[],
  config: Config,
  processed: Frame,
): Vocabulary & { frame: Frame } {
  const ids = new Map(modelIds)
  for (const { content, id } of added) if (content !== '') ids.set(content, id)
  const texts = textsOf(ids)
  const types = new Uint8Array(texts.length).fill(TokenType.unused)
  for (const id of ids.values()) types[id] = TokenType.normal
  for (const { id, special } of added) types[id] = special ? TokenType.control : TokenType.userDefined

  const frame = config.frame(processed, ids)
  for (const id of [...frame.prefix, ...frame.suffix])
    if (id >= texts.length)
      throw new Error(
        `tokenizer.json: post_processor adds token ${id}, but the vocabulary ends at ${texts.length - 1}`,
      )
  const bosId = config.idOf('bos_token', ids) ?? frame.prefix[0]
  const eosId = config.idOf('eos_token', ids) ?? frame.suffix.at(-1)
  return {
    texts,
    types,
    ids,
    bosId,
    eosId,
    addBos: frame.prefix.length > 0 && frame.prefix[0] === bosId,
    addEos: frame.suffix.length > 0 && frame.suffix.at(-1) === eosId,
    addSpacePrefix: false,
    endIds: endTokens(ids, types, () => undefined, eosId),
    frame,
  }
}
