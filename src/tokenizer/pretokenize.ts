import { regexSplitter } from './regex-split.js'
import { scanBloom, scanViking } from './scan-bloom.js'
import { scanDeepSeekCoder, scanDeepSeekV3 } from './scan-deepseek.js'
import { scanDefault, scanFalcon, scanGpt2, scanSingleNumbers } from './scan-gpt2.js'
import { gpt4, gpt4o } from './scan-gpt4.js'
import type { Scanner } from './scanner.js'
import { Units } from './units.js'

/**
 * Pre-tokenizers: how a byte-level BPE vocabulary cuts text before it merges. The expressions are the specification.
 * They are those of the models' own tokenizers as llama.cpp lists them (src/llama-vocab.cpp), written for JavaScript:
 * its `\s` takes in U+FEFF and leaves out U+0085, so Unicode's White_Space stands in its place. (Where llama.cpp
 * gives two, what the model's tokenizer has and what its own engine can do, as for GPT-4o, it is the former.)
 * A rule's scanner cuts exactly as its expressions do, in a fraction of the time.
 */

const SPACE = '\\p{White_Space}'
const NOT_SPACE = '\\P{White_Space}'
const OTHER = `[^${SPACE}\\p{L}\\p{N}]`
const TRAILING_SPACE = `${SPACE}+(?!${NOT_SPACE})|${SPACE}+`
const LINES_OR_SPACE = `${SPACE}*[\\r\\n]+|${TRAILING_SPACE}`

const GPT2 = `'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?${OTHER}+|${TRAILING_SPACE}`

const CONTRACTIONS = "'[sSſtTmMdD]|'[rR][eE]|'[vV][eE]|'[lL][lL]"
const PREFIX = '[^\\r\\n\\p{L}\\p{N}]?'
const UPPER = '[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]'
const LOWER = '[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]'

/** The GPT-4 family: contractions in either case, newlines kept with what they end, numbers cut to `digits`. */
const gpt4Rule = (digits: string) =>
  `${CONTRACTIONS}|${PREFIX}\\p{L}+|${digits}| ?${OTHER}+[\\r\\n]*|${LINES_OR_SPACE}`
/** GPT-4o: words are cut where lower case becomes upper case, and `suffix` belongs to them. */
const gpt4oRule = (digits: string, suffix: string) =>
  `${PREFIX}${UPPER}*${LOWER}+${suffix}|${PREFIX}${UPPER}+${LOWER}*${suffix}|${digits}| ?${OTHER}+[\\r\\n/]*|${LINES_OR_SPACE}`

const BLOOM = ` ?[^(${SPACE}|.,!?…。，、।۔،)]+`

interface Rule {
  names: readonly string[]
  /** Applied one after the other, each to the pieces that the one before left. */
  stages: readonly string[]
  scanner?: Scanner
  /** A piece that is a token as a whole is taken as it is, even if merging would not build it. */
  ignoreMerges?: boolean
  /** BOS is added where the metadata does not say. */
  addBos?: boolean
}

export const RULES: readonly Rule[] = [
  {
    names: ['default'],
    stages: ['[\\p{P}$+<=>^~\\|]+', GPT2, '\\p{N}+', '[0-9][0-9][0-9]'],
    scanner: scanDefault,
  },
  {
    names: [
      ...['gpt-2', 'phi-2', 'mpt', 'olmo', 'jais', 'gigachat', 'mellum', 'exaone4', 'trillion'],
      ...['granite-docling', 'a.x-4.0', 'modern-bert', 'jina-es', 'jina-de', 'jina-v2-es', 'jina-v2-de'],
    ],
    stages: [GPT2],
    scanner: scanGpt2,
  },
  {
    names: [
      ...['llama-bpe', 'llama3', 'llama-v3', 'falcon3', 'falcon-h1', 'pixtral', 'lfm2', 'midm-2.0'],
      'jina-v5-nano',
    ],
    stages: [gpt4Rule('\\p{N}{1,3}')],
    scanner: gpt4({ numbers: 3 }),
    ignoreMerges: true,
    addBos: true,
  },
  {
    names: ['dbrx', 'smaug-bpe', 'glm4', 'chatglm-bpe'],
    stages: [gpt4Rule('\\p{N}{1,3}')],
    scanner: gpt4({ numbers: 3 }),
  },
  {
    names: [
      ...['qwen2', 'deepseek-r1-qwen', 'stablelm2', 'megrez', 'hunyuan', 'grok-2', 'kormo', 'f2llmv2'],
      ...['solar-open', 'bailingmoe', 'bailingmoe2', 'llada-moe'],
    ],
    stages: [gpt4Rule('\\p{N}')],
    scanner: gpt4({ numbers: 1 }),
  },
  {
    names: ['qwen35'],
    stages: [
      `${CONTRACTIONS}|${PREFIX}[\\p{L}\\p{M}]+|\\p{N}| ?[^${SPACE}\\p{L}\\p{M}\\p{N}]+[\\r\\n]*|${LINES_OR_SPACE}`,
    ],
    scanner: gpt4({ numbers: 1, marks: true }),
  },
  {
    names: ['seed-coder'],
    stages: [`${CONTRACTIONS}|${PREFIX}\\p{L}+|\\p{N}| ?${OTHER}+|${LINES_OR_SPACE}`],
    scanner: gpt4({ numbers: 1, keepLineEnds: false }),
  },
  {
    names: ['ufakzeka'],
    stages: [`${PREFIX}\\p{L}+|\\p{N}| ?${OTHER}+[\\r\\n]*|${LINES_OR_SPACE}`],
    scanner: gpt4({ numbers: 1, contractions: false }),
  },
  {
    names: ['gpt-4o', 'llama4', 'kanana2', 'talkie', 'minimax-m2'],
    stages: [gpt4oRule('\\p{N}{1,3}', `(?:${CONTRACTIONS})?`)],
    scanner: gpt4o({ numbers: 3, contractions: true }),
  },
  {
    names: ['tekken'],
    stages: [gpt4oRule('\\p{N}', '')],
    scanner: gpt4o({ numbers: 1, contractions: false }),
    ignoreMerges: true,
    addBos: true,
  },
  {
    names: [
      ...['smollm', 'starcoder', 'refact', 'command-r', 'codeshell', 'exaone', 'minerva-7b', 'mellum2'],
    ],
    stages: ['\\p{N}', GPT2],
    scanner: scanSingleNumbers,
  },
  {
    names: ['falcon'],
    stages: ['[\\p{P}$+<=>^~\\|`]+', GPT2, '[0-9][0-9][0-9]'],
    scanner: scanFalcon,
  },
  {
    names: ['bloom', 'poro-chat', 'gpt3-finnish'],
    stages: [BLOOM],
    scanner: scanBloom,
  },
  { names: ['viking'], stages: [BLOOM, '\\p{N}'], scanner: scanViking },
  {
    names: ['deepseek-coder'],
    stages: ['[\\r\\n]', `${SPACE}?\\p{L}+`, `${SPACE}?\\p{P}+`, '[一-龥ࠀ-一가-\\uD7FF]+', '\\p{N}'],
    scanner: scanDeepSeekCoder,
  },
  {
    names: ['deepseek-v3', 'hunyuan-dense', 'joyai-llm', 'hy_v4'],
    stages: [
      '\\p{N}{1,3}',
      '[一-龥぀-ゟ゠-ヿ]+',
      `[!"#$%&'()*+,\\-.\\/:;<=>?@\\[\\\\\\]^_\`{\\|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*|${LINES_OR_SPACE}`,
    ],
    scanner: scanDeepSeekV3,
  },
]

/** A way to cut text into pieces that are merged on their own. */
export interface PreTokenizer {
  readonly ignoreMerges: boolean
  readonly addBos: boolean
  /** What `split` does, for text that is at hand as UTF-16 units; missing for rules that only have expressions. */
  readonly scanner?: Scanner
  /** Calls `onPiece` with UTF-16 offsets of every piece, in order and without gaps. `text` is well-formed. */
  split(text: string, onPiece: (start: number, end: number) => void): void
}

/**
 * The pre-tokenizer that `tokenizer.ggml.pre` names.
 * @throws Error for a name not known here: another one's cuts would give wrong tokens without any sign of it
 */
export function preTokenizer(name: string | undefined): PreTokenizer {
  const rule = RULES.find(({ names }) => name !== undefined && names.includes(name))
  if (!rule) {
    const known = RULES.flatMap(({ names }) => names).join(', ')
    const fault =
      name === undefined ? 'tokenizer.ggml.pre is missing' : `pre-tokenizer '${name}' is not supported`
    throw new Error(
      `${fault}; known are: ${known}. If you are sure which of them cuts text as this model's does, pass it as the option 'pre'`,
    )
  }
  const { scanner, stages } = rule
  return {
    ignoreMerges: rule.ignoreMerges ?? false,
    addBos: rule.addBos ?? false,
    scanner,
    split: scanner ? scanningSplitter(scanner) : regexSplitter(stages),
  }
}

function scanningSplitter(scanner: Scanner): PreTokenizer['split'] {
  const units = new Units()
  return (text, onPiece) => {
    const all = units.of(text)
    for (let at = 0; at < text.length; ) {
      const end = scanner(all, at, text.length)
      onPiece(at, end)
      at = end
    }
  }
}
