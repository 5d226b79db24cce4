import { type Field, type Makers, PartReader } from './field.js'
import { patternOf } from './pattern.js'
import { translateRegex } from './regex.js'
import { escaped } from './regex-char.js'
import { GPT2_PATTERN } from './rules.js'
import { scriptCutter } from './scripts.js'
import {
  BEHAVIORS,
  type Behavior,
  type CutTest,
  type Cutter,
  charCuts,
  cutter,
  regexMatcher,
  textMatcher,
} from './split.js'

/**
 * A piece of text on its way to the model. Its first `prefix` units were put before it and stand for nothing; the
 * others stand from `base` on in the normalized text. `isFirst` says whether it begins where the whole text begins.
 */
export type OnPiece = (text: string, base: number, prefix: number, isFirst: boolean) => void

/** One step of pre-tokenization: hands on the pieces of a piece. */
export interface Stage {
  (text: string, base: number, prefix: number, isFirst: boolean, onPiece: OnPiece): void
  /** It changes pieces and cuts none. */
  readonly changes?: true
  readonly cutsAt?: CutTest
}

/** What a pre-tokenizer comes down to. */
export type PreTokenizerPart =
  | {
      readonly kind: 'cut'
      readonly cut: Cutter
      /** As Oniguruma has it. */
      readonly pattern?: string
      readonly cutsAt?: CutTest
    }
  | { readonly kind: 'change'; readonly stage: Stage }
  /** Pieces are spelled in GPT-2's alphabet for bytes from here on. */
  | { readonly kind: 'bytes' }

/** Reads `pre_tokenizer` into its steps; none where there is none. @throws Error naming the key of what cannot be used */
export function readPreTokenizer(field: Field): PreTokenizerPart[] {
  const parts = field.exists ? new PartReader('pre-tokenizer', MAKERS).part(field) : []
  const bytes = parts.findIndex(({ kind }) => kind === 'bytes')
  if (bytes >= 0 && bytes < parts.length - 1)
    throw field.error('has other pre-tokenizers after ByteLevel, which is supported as the last one only')
  return parts
}

export function stageOf(part: PreTokenizerPart): Stage {
  if (part.kind === 'bytes') throw new Error('unreachable: bytes are the last part, and the model reads them')
  return part.kind === 'cut' ? cutting(part.cut, part.cutsAt) : part.stage
}

/** Hands on the pieces that a cutter makes. */
export function cutting(cut: Cutter, cutsAt?: CutTest): Stage {
  const stage: Stage = (text, base, prefix, isFirst, onPiece) =>
    cut(text, (start, end) => {
      if (start === 0) onPiece(end === text.length ? text : text.slice(0, end), base, prefix, isFirst)
      else onPiece(text.slice(start, end), base + start - prefix, 0, false)
    })
  return Object.assign(stage, { cutsAt })
}

const one = (cut: Cutter, pattern?: string, cutsAt?: CutTest): PreTokenizerPart[] => [
  { kind: 'cut', cut, pattern, cutsAt },
]
const byChar = (source: string, behavior: Behavior, pattern?: string) =>
  one(cutter(regexMatcher(source), behavior), pattern, charCuts(source, behavior))

/** Rust's `is_ascii_punctuation` or a category of punctuation. */
const PUNCTUATION = '[\\p{P}\\u{24}\\u{2B}\\u{3C}\\u{3D}\\u{3E}\\u{5E}\\u{60}\\u{7C}\\u{7E}]'
const SPACE = '\\p{White_Space}'
const WORD = '\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}'

const MAKERS: Makers<PreTokenizerPart[]> = {
  Sequence: (field, parts) => parts.sequence(field.get('pretokenizers')).flat(),
  ByteLevel: (field) => {
    const parts: PreTokenizerPart[] = []
    if (field.get('add_prefix_space').flag(true)) parts.push({ kind: 'change', stage: prefixing(' ') })
    if (field.get('use_regex').flag(true))
      parts.push(...one(cutter(regexMatcher(translateRegex(GPT2_PATTERN)), 'Isolated'), GPT2_PATTERN))
    return [...parts, { kind: 'bytes' }]
  },
  Split: (field) => {
    const pattern = patternOf(field.get('pattern'))
    const behavior = field.get('behavior').oneOf(BEHAVIORS)
    const invert = field.get('invert').flag(false)
    if (pattern.text !== undefined) {
      const isChar = [...pattern.text].length === 1 && !invert
      const cutsAt = isChar ? charCuts(escaped(pattern.text), behavior) : undefined
      return one(cutter(textMatcher(pattern.text), behavior, invert), undefined, cutsAt)
    }
    // Expressions that match all of a text give the same either way.
    const isPlain = behavior === 'Isolated' ? !invert : behavior === 'Removed' && invert
    return one(cutter(regexMatcher(pattern.source), behavior, invert), isPlain ? pattern.original : undefined)
  },
  Metaspace: (field) => {
    const mark = field.get('replacement').exists ? field.get('replacement').string() : '▁'
    if ([...mark].length !== 1 || mark.length !== 1) field.get('replacement').fail('one character of 16 bits')
    const before = field.get('add_prefix_space').flag(true) ? 'always' : 'never'
    const scheme = field.get('prepend_scheme').oneOf(['always', 'first', 'never'], before)
    const parts: PreTokenizerPart[] = [{ kind: 'change', stage: marking(mark, scheme) }]
    if (field.get('split').flag(true)) {
      const cutsAt = charCuts(escaped(mark), 'MergedWithNext')
      parts.push(...one(cutter(textMatcher(mark), 'MergedWithNext'), undefined, cutsAt))
    }
    return parts
  },
  Whitespace: () => [...byChar(SPACE, 'Removed'), ...byChar(`[${WORD}]`, 'Contiguous')],
  WhitespaceSplit: () => byChar(SPACE, 'Removed'),
  Punctuation: (field) => byChar(PUNCTUATION, field.get('behavior').oneOf(BEHAVIORS, 'Isolated')),
  Digits: (field) =>
    field.get('individual_digits').flag(false)
      ? byChar('\\p{N}', 'Isolated', '\\p{N}')
      : byChar('\\p{N}', 'Contiguous'),
  BertPreTokenizer: () => [...byChar(SPACE, 'Removed'), ...byChar(PUNCTUATION, 'Isolated')],
  UnicodeScripts: () => one(scriptCutter),
  CharDelimiterSplit: (field) => {
    const delimiter = field.get('delimiter').string()
    if ([...delimiter].length !== 1) field.get('delimiter').fail('one character')
    return one(cutter(textMatcher(delimiter), 'Removed'), undefined, charCuts(escaped(delimiter), 'Removed'))
  },
}

/** Puts a space before pieces that begin with none. */
export function prefixing(space: string): Stage {
  return changing((text, base, prefix, isFirst, onPiece) => {
    if (text.startsWith(space)) onPiece(text, base, prefix, isFirst)
    else onPiece(space + text, base, prefix + 1, isFirst)
  })
}

const changing = (stage: Stage): Stage => Object.assign(stage, { changes: true as const })

function marking(mark: string, scheme: 'always' | 'first' | 'never'): Stage {
  const prefixed = prefixing(mark)
  return changing((text, base, prefix, isFirst, onPiece) => {
    const marked = text.replaceAll(' ', mark)
    if (scheme === 'always' || (scheme === 'first' && isFirst))
      prefixed(marked, base, prefix, isFirst, onPiece)
    else onPiece(marked, base, prefix, isFirst)
  })
}
