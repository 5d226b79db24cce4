import { type PreTokenizer, preTokenizer } from '../pretokenize.js'

/** The expression that the pre-tokenizer ByteLevel brings along. */
export const GPT2_PATTERN =
  "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"

const CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
const END = '\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+'
const PREFIX = '[^\\r\\n\\p{L}\\p{N}]?'
const UPPER = '[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]'
const LOWER = '[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]'
const gpt4 = (digits: string) =>
  `${CONTRACTIONS}|${PREFIX}\\p{L}+|${digits}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|${END}`

/** Expressions of tokenizer.json files, one after the other, and the rule of pretokenize.ts that cuts the same. */
export const FILE_RULES: readonly { readonly name: string; readonly patterns: readonly string[] }[] = [
  { name: 'gpt-2', patterns: [GPT2_PATTERN] },
  { name: 'smollm', patterns: ['\\p{N}', GPT2_PATTERN] },
  { name: 'dbrx', patterns: [gpt4('\\p{N}{1,3}')] },
  { name: 'qwen2', patterns: [gpt4('\\p{N}')] },
  {
    name: 'gpt-4o',
    patterns: [
      `${PREFIX}${UPPER}*${LOWER}+${CONTRACTIONS}?|${PREFIX}${UPPER}+${LOWER}*${CONTRACTIONS}?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|${END}`,
    ],
  },
  {
    name: 'tekken',
    patterns: [
      `${PREFIX}${UPPER}*${LOWER}+|${PREFIX}${UPPER}+${LOWER}*|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|${END}`,
    ],
  },
  {
    name: 'deepseek-coder',
    patterns: ['[\r\n]', '\\s?\\p{L}+', '\\s?\\p{P}+', '[一-龥ࠀ-一가-퟿]+', '\\p{N}'],
  },
  {
    name: 'deepseek-v3',
    patterns: [
      '\\p{N}{1,3}',
      '[一-龥぀-ゟ゠-ヿ]+',
      `[!"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_\`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\r\n]*|${END}`,
    ],
  },
]

/** The pre-tokenizer that cuts as these expressions do, where there is one: it is far faster than they are. */
export function ruleFor(patterns: readonly (string | undefined)[]): PreTokenizer | undefined {
  const rule = FILE_RULES.find(
    (candidate) =>
      candidate.patterns.length === patterns.length &&
      candidate.patterns.every((pattern, i) => escapedLineEnds(pattern) === escapedLineEnds(patterns[i])),
  )
  return rule && preTokenizer(rule.name)
}

/** Files hold line ends in either way, DeepSeek's in one expression in both. */
function escapedLineEnds(pattern?: string): string | undefined {
  return pattern?.replaceAll('\r', '\\r').replaceAll('\n', '\\n')
}
