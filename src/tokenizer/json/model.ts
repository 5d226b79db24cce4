import { ByteLevelBpe } from '../bpe.js'
import { BYTE_CHARS } from '../bytes.js'
import { byteTokens, CharacterBpe } from '../character-bpe.js'
import type { SegmentEncoder } from '../id-buffer.js'
import { MergeTable } from '../merge-table.js'
import type { PreTokenizer } from '../pretokenize.js'
import { isPlain } from '../token-type.js'
import { Unigram } from '../unigram.js'
import type { Vocabulary } from '../vocabulary.js'
import { WordLevel, WordPiece } from '../wordpiece.js'
import type { Field } from './field.js'
import { readMerges } from './merges.js'

/** What the model of a tokenizer.json is made with besides its own entry. */
export interface ModelSurroundings {
  readonly vocabulary: Vocabulary
  /** Text → id as the model's own entry has them. */
  readonly ids: ReadonlyMap<string, number>
  /** How pieces are cut, where the model is given text before its bytes are spelled; else the model gets pieces. */
  readonly bytes?: PreTokenizer
}

/** Makes the encoder of `model`. @throws Error naming the key of what cannot be used */
export function readModel(model: Field, surroundings: ModelSurroundings): SegmentEncoder {
  switch (typeOf(model)) {
    case 'BPE':
      return bpe(model, surroundings)
    case 'Unigram':
      return unigram(model, surroundings)
    case 'WordPiece':
      return wordPiece(model, surroundings)
    case 'WordLevel':
      return new WordLevel(plain(surroundings), unknownId(model, surroundings.ids))
  }
}

const TYPES = ['BPE', 'Unigram', 'WordPiece', 'WordLevel'] as const

/** The model's type; older files leave it out. */
export function typeOf(model: Field): (typeof TYPES)[number] {
  const type = model.get('type')
  if (type.exists) return type.oneOf(TYPES)
  if (model.get('merges').exists) return 'BPE'
  if (Array.isArray(model.get('vocab').value)) return 'Unigram'
  if (model.get('continuing_subword_prefix').exists) return 'WordPiece'
  return type.fail(`one of ${TYPES.join(', ')}`)
}

/** Whether text can be given to the fast encoder for byte-level BPE. */
export function isByteLevelBpe(model: Field, ids: ReadonlyMap<string, number>): boolean {
  return (
    typeOf(model) === 'BPE' &&
    affix(model, 'continuing_subword_prefix') === '' &&
    affix(model, 'end_of_word_suffix') === '' &&
    BYTE_CHARS.every((char) => ids.has(char))
  )
}

function bpe(model: Field, { vocabulary, ids, bytes }: ModelSurroundings): SegmentEncoder {
  const dropout = model.get('dropout')
  if (dropout.exists && dropout.value !== 0)
    throw dropout.error('is set: encoding would be random; set it to null to encode always the same way')
  const prefix = affix(model, 'continuing_subword_prefix')
  const ignoreMerges = model.get('ignore_merges').flag(false)
  const merges = readMerges(model.get('merges'), ids, prefix)
  if (bytes) return new ByteLevelBpe({ ...vocabulary, ids }, { ...bytes, ignoreMerges }, merges.texts())

  const table = new MergeTable(merges.length)
  merges.forEach((left, right, merged, rank) => {
    // What a user writes must never become a control token.
    if (isPlain(vocabulary.types[merged]!)) table.add(left, right, rank, merged)
  })
  const allowed = plain({ vocabulary, ids })
  return new CharacterBpe({
    ids: allowed,
    table,
    spans: merges.spans(vocabulary.texts),
    unknownId: unknownId(model, ids),
    fuseUnknown: model.get('fuse_unk').flag(false),
    byteIds: model.get('byte_fallback').flag(false) ? byteTokens(ids) : undefined,
    prefix,
    suffix: affix(model, 'end_of_word_suffix'),
    ignoreMerges,
  })
}

function unigram(model: Field, { vocabulary, ids }: ModelSurroundings): SegmentEncoder {
  const scores = Float64Array.from(vocabulary.texts, () => 0)
  let lowestScore = Number.POSITIVE_INFINITY
  model
    .get('vocab')
    .array()
    .forEach((entry, id) => {
      const score = (entry as readonly unknown[])[1]
      if (typeof score !== 'number' || !Number.isFinite(score))
        throw model.get('vocab').error(`[${id}] should be a token and its score, a number`)
      scores[id] = score
      lowestScore = Math.min(lowestScore, score)
    })
  const unkId = model.get('unk_id')
  return new Unigram({
    pieces: [...plain({ vocabulary, ids })],
    scores,
    lowestScore,
    unknownId: unkId.exists ? unkId.integer(0, vocabulary.texts.length - 1) : undefined,
    byteIds: model.get('byte_fallback').flag(false) ? byteTokens(ids) : undefined,
  })
}

function wordPiece(model: Field, surroundings: ModelSurroundings): SegmentEncoder {
  const prefix = affix(model, 'continuing_subword_prefix', '##')
  const allowed = [...plain(surroundings)]
  const unknown = unknownId(model, surroundings.ids, '[UNK]')
  if (unknown === undefined) throw model.get('unk_token').error('is missing, and [UNK] is no token')
  return new WordPiece({
    first: allowed,
    others: allowed
      .filter(([text]) => text.startsWith(prefix))
      .map(([text, id]) => [text.slice(prefix.length), id] as const),
    unknownId: unknown,
    longestWord: model.get('max_input_chars_per_word').integer(0, 2 ** 31, 100),
  })
}

/** The tokens that plain text may become: those of the model that are not special. */
function plain({ vocabulary, ids }: Pick<ModelSurroundings, 'vocabulary' | 'ids'>): Map<string, number> {
  const allowed = new Map<string, number>()
  for (const [text, id] of ids) if (isPlain(vocabulary.types[id]!)) allowed.set(text, id)
  return allowed
}

function affix(model: Field, name: string, fallback = ''): string {
  const field = model.get(name)
  return field.exists ? field.string() : fallback
}

function unknownId(model: Field, ids: ReadonlyMap<string, number>, fallback?: string): number | undefined {
  const field = model.get('unk_token')
  if (!field.exists) return fallback === undefined ? undefined : ids.get(fallback)
  const id = ids.get(field.string())
  if (id === undefined)
    throw field.error(`is ${JSON.stringify(field.value)}, which model.vocab does not hold`)
  return id
}
