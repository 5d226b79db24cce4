/**
 * Pre-tokenizers: how a byte-level BPE vocabulary cuts text before it merges. The expressions are those of
 * the models' own tokenizers as llama.cpp lists them (src/llama-vocab.cpp), written for JavaScript: its `\s`
 * takes in U+FEFF and leaves out U+0085, so Unicode's White_Space stands in its place.
 */

const SPACE = '\\p{White_Space}'
const NOT_SPACE = '\\P{White_Space}'
const OTHER = `[^${SPACE}\\p{L}\\p{N}]`
const TRAILING_SPACE = `${SPACE}+(?!${NOT_SPACE})|${SPACE}+`

const GPT2 = `'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?${OTHER}+|${TRAILING_SPACE}`
/**
 * The GPT-4 family: contractions in either case, newlines kept with what they end, numbers cut to `digits`.
 */
const gpt4 = (digits: string) =>
  `'[sStTmMdD]|'[rR][eE]|'[vV][eE]|'[lL][lL]|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${digits}| ?${OTHER}+[\\r\\n]*|${SPACE}*[\\r\\n]+|${TRAILING_SPACE}`

interface Rule {
  names: readonly string[]
  /** Applied one after the other, each to the pieces that the one before left. */
  stages: readonly string[]
  /** A piece that is a token as a whole is taken as it is, even if merging would not build it. */
  ignoreMerges?: boolean
  /** BOS is added where the metadata does not say. */
  addBos?: boolean
}

const RULES: readonly Rule[] = [
  { names: ['default'], stages: ['[\\p{P}$+<=>^~\\|]+', GPT2, '\\p{N}+', '[0-9][0-9][0-9]'] },
  {
    names: [
      'gpt-2',
      'phi-2',
      'mpt',
      'olmo',
      'jais',
      'gigachat',
      'mellum',
      'exaone4',
      'trillion',
      'granite-docling',
    ],
    stages: [GPT2],
  },
  {
    names: ['llama-bpe', 'llama3', 'llama-v3', 'falcon3', 'falcon-h1', 'pixtral', 'lfm2'],
    stages: [gpt4('\\p{N}{1,3}')],
    ignoreMerges: true,
    addBos: true,
  },
  { names: ['dbrx', 'smaug-bpe', 'glm4', 'chatglm-bpe'], stages: [gpt4('\\p{N}{1,3}')] },
  {
    names: ['qwen2', 'deepseek-r1-qwen', 'stablelm2', 'megrez', 'hunyuan', 'grok-2'],
    stages: [gpt4('\\p{N}')],
  },
  {
    names: ['smollm', 'starcoder', 'refact', 'command-r', 'codeshell', 'exaone', 'minerva-7b'],
    stages: ['\\p{N}', GPT2],
  },
  {
    names: ['deepseek-coder'],
    stages: ['[\\r\\n]', `${SPACE}?\\p{L}+`, `${SPACE}?\\p{P}+`, '[一-龥ࠀ-一가-\\uD7FF]+', '\\p{N}'],
  },
]

/** A way to cut text into pieces that are merged on their own. */
export interface PreTokenizer {
  readonly ignoreMerges: boolean
  readonly addBos: boolean
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
  const stages = rule.stages.map((source) => new RegExp(source, 'uy'))
  return {
    ignoreMerges: rule.ignoreMerges ?? false,
    addBos: rule.addBos ?? false,
    split: (text, onPiece) => splitStage(stages, 0, text, 0, onPiece),
  }
}

/** Matches of the stage's expression and what lies between them, each handed to the next stage on its own. */
function splitStage(
  stages: readonly RegExp[],
  stage: number,
  text: string,
  offset: number,
  onPiece: (start: number, end: number) => void,
): void {
  const isLast = stage === stages.length - 1
  const emit = (start: number, end: number) => {
    if (isLast) onPiece(offset + start, offset + end)
    else splitStage(stages, stage + 1, text.slice(start, end), offset + start, onPiece)
  }
  const expression = stages[stage]!
  let done = 0
  let at = 0
  while (at < text.length) {
    if (matchesAt(expression, text, at)) {
      const end = expression.lastIndex
      if (at > done) emit(done, at)
      emit(at, end)
      done = at = end
    } else {
      at += text.codePointAt(at)! > 0xffff ? 2 : 1
    }
  }
  if (at > done) emit(done, at)
}

/** Sets `lastIndex` to the end of the match. @throws Error where the expression engine gives up */
function matchesAt(expression: RegExp, text: string, at: number): boolean {
  expression.lastIndex = at
  try {
    return expression.test(text)
  } catch (error) {
    // V8 keeps a place to back up to for every character of a match: about 64 MiB of them, then this
    // RangeError.
    if (!(error instanceof RangeError)) throw error
    throw new Error(
      `The text holds a run of millions of characters of one kind at index ${at}, too long to pre-tokenize; encode it in parts`,
      { cause: error },
    )
  }
}
