import { TokenType } from './token-type.js'

/**
 * Which tokens are special beyond what `token_type` says. The names are those that llama.cpp looks for
 * (src/llama-vocab.cpp), since converters often leave the ids out of the metadata.
 */

/**
 * Roles that metadata may give by id; without the id, the first name found takes the role and becomes
 * control.
 */
const ROLES: readonly { keys: readonly string[]; names: readonly string[]; ends: boolean }[] = [
  {
    keys: ['eot_token_id'],
    names: [
      '<|eot_id|>',
      '<|im_end|>',
      '<|end|>',
      '<end_of_turn>',
      '<|endoftext|>',
      '<|end_of_text|>',
      '<EOT>',
      '_<EOT>',
      '<｜end▁of▁sentence｜>',
      '<end_of_utterance>',
    ],
    ends: true,
  },
  { keys: ['eom_token_id'], names: ['<|eom_id|>'], ends: true },
  {
    keys: ['fim_pre_token_id', 'prefix_token_id'],
    names: [
      '<|fim_prefix|>',
      '<fim-prefix>',
      '<fim_prefix>',
      '<｜fim▁begin｜>',
      '<PRE>',
      '▁<PRE>',
      '<|code_prefix|>',
    ],
    ends: false,
  },
  {
    keys: ['fim_suf_token_id', 'suffix_token_id'],
    names: [
      '<|fim_suffix|>',
      '<fim-suffix>',
      '<fim_suffix>',
      '<｜fim▁hole｜>',
      '<SUF>',
      '▁<SUF>',
      '<|code_suffix|>',
    ],
    ends: false,
  },
  {
    keys: ['fim_mid_token_id', 'middle_token_id'],
    names: [
      '<|fim_middle|>',
      '<fim-middle>',
      '<fim_middle>',
      '<｜fim▁end｜>',
      '<MID>',
      '▁<MID>',
      '<|code_middle|>',
    ],
    ends: false,
  },
  { keys: ['fim_pad_token_id'], names: ['<|fim_pad|>', '<fim-pad>', '<fim_pad>', '<PAD>'], ends: true },
  {
    keys: ['fim_rep_token_id'],
    names: ['<|fim_repo|>', '<|repo_name|>', '<fim-repo>', '<REPO>', '<reponame>'],
    ends: true,
  },
  { keys: ['fim_sep_token_id'], names: ['<|file_sep|>'], ends: true },
]

/** Tokens of these names end generation, whatever role they have; they count as control tokens. */
const END_NAMES = [
  '<|eot_id|>',
  '<|im_end|>',
  '<|end|>',
  '<|return|>',
  '<|call|>',
  '<end_of_turn>',
  '<|endoftext|>',
  '<|eom_id|>',
  '<EOT>',
  '_<EOT>',
  '<|end_of_text|>',
  '<end_of_utterance>',
]

/** Ends generation only if declared control: elsewhere it is ordinary markup that a vocabulary may hold. */
const END_IF_CONTROL = ['</s>']

type Ids = ReadonlyMap<string, number>
type IdOfKey = (key: string) => number | undefined

const firstDefined = <T, R>(items: readonly T[], find: (item: T) => R | undefined): R | undefined => {
  for (const item of items) {
    const found = find(item)
    if (found !== undefined) return found
  }
  return undefined
}

/** Ids that count as control tokens because of their name. `idOfKey` reads `tokenizer.ggml.<key>`. */
export function overriddenControls(ids: Ids, idOfKey: IdOfKey): number[] {
  const unassigned = ROLES.filter((role) => firstDefined(role.keys, idOfKey) === undefined)
  return [
    ...unassigned.map((role) => firstDefined(role.names, (name) => ids.get(name))),
    ...END_NAMES.map((name) => ids.get(name)),
  ].filter((id) => id !== undefined)
}

/** Ids at which generation ends. `types` are GGUF token types with `overriddenControls` applied. */
export function endTokens(ids: Ids, types: Uint8Array, idOfKey: IdOfKey, eosId?: number): Set<number> {
  const ends = new Set<number>()
  const add = (id: number | undefined) => id !== undefined && ends.add(id)
  add(eosId)
  for (const role of ROLES)
    if (role.ends) add(firstDefined(role.keys, idOfKey) ?? firstDefined(role.names, (name) => ids.get(name)))
  for (const name of END_NAMES) add(ids.get(name))
  for (const name of END_IF_CONTROL) if (types[ids.get(name) ?? -1] === TokenType.control) add(ids.get(name))
  return ends
}
