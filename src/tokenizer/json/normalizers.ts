import { BYTE_CHARS, writeUtf8 } from '../bytes.js'
import { type Aligned, compose, TextBuilder } from './alignment.js'
import { decodeBase64 } from './base64.js'
import { bertNormalizer } from './bert-normalizer.js'
import { applyCharsmap, Charsmap } from './charsmap.js'
import { type Field, type Makers, PartReader } from './field.js'
import { type NormalForm, normalForm } from './normal-forms.js'
import { patternOf } from './pattern.js'

/**
 * Changes text before it is cut, with the alignment to what it was if `track` is set. Gives what Hugging Face's
 * `tokenizers` (Rust) gives, up to the version of Unicode.
 */
export type Normalizer = (text: string, track: boolean) => Aligned

/** Reads `normalizer`; undefined where there is none. @throws Error naming the key of what cannot be used */
export function readNormalizer(field: Field): Normalizer | undefined {
  return field.exists ? new PartReader('normalizer', MAKERS).part(field) : undefined
}

const MAKERS: Makers<Normalizer> = {
  Sequence: (field, parts) => inSequence(parts.sequence(field.get('normalizers'))),
  NFC: () => unicode('NFC'),
  NFD: () => unicode('NFD'),
  NFKC: () => unicode('NFKC'),
  NFKD: () => unicode('NFKD'),
  Lowercase: () => lowercase,
  StripAccents: () => (text, track) => replaceMatches(text, /\p{M}/gu, () => '', track),
  Nmt: () => nmt,
  ByteLevel: () => byteLevel,
  BertNormalizer: (field) =>
    inSequence(
      bertNormalizer({
        cleanText: field.get('clean_text').flag(true),
        chineseChars: field.get('handle_chinese_chars').flag(true),
        lowercase: field.get('lowercase').flag(true),
        stripAccents: field.get('strip_accents').flag(field.get('lowercase').flag(true)),
      }),
    ),
  Strip: (field) => {
    const left = field.get('strip_left').flag(true)
    const right = field.get('strip_right').flag(true)
    return (text, track) => strip(text, left, right, track)
  },
  Prepend: (field) => {
    const prefix = field.get('prepend').string().toWellFormed()
    return (text, track) => {
      if (text === '') return { text }
      const builder = new TextBuilder(text, track)
      builder.replace(0, 0, prefix)
      builder.copy(0, text.length)
      return builder.result()
    }
  },
  Replace: (field) => {
    const content = field.get('content').string().toWellFormed()
    const pattern = patternOf(field.get('pattern'))
    if (pattern.text !== undefined) return replaceText(pattern.text, content)
    const expression = new RegExp(pattern.source, 'vg')
    return (text, track) => replaceMatches(text, expression, () => content, track)
  },
  Precompiled: (field) => {
    const key = field.get('precompiled_charsmap')
    // Older files have none where the model's normalization is the identity.
    if (!key.exists || key.value === '') return (text) => ({ text })
    try {
      const map = new Charsmap(decodeBase64(key.string()))
      return (text, track) => applyCharsmap(map, text, track)
    } catch (error) {
      throw key.error((error as Error).message, error)
    }
  },
}

export function inSequence(normalizers: readonly Normalizer[]): Normalizer {
  if (normalizers.length === 1) return normalizers[0]!
  return (text, track) => {
    let current: Aligned = { text }
    for (const normalize of normalizers) {
      const next = normalize(current.text, track)
      current = { text: next.text, alignment: compose(current.alignment, next.alignment) }
    }
    return current
  }
}

const unicode =
  (form: NormalForm): Normalizer =>
  (text, track) =>
    normalForm(text, form, track)

/** Every match becomes what `replacement` makes of it. `expression` has the flag g. */
export function replaceMatches(
  text: string,
  expression: RegExp,
  replacement: (match: string) => string,
  track: boolean,
): Aligned {
  if (!track) return { text: text.replace(expression, replacement) }
  const builder = new TextBuilder(text, true)
  let done = 0
  for (const { index, 0: match } of text.matchAll(expression)) {
    builder.copy(done, index)
    builder.replace(index, index + match.length, replacement(match))
    done = index + match.length
  }
  builder.copy(done, text.length)
  return builder.result()
}

function replaceText(pattern: string, content: string): Normalizer {
  if (pattern === '') return (text) => ({ text })
  return (text, track) => {
    // A space becomes ▁ in most files: one unit for one, which moves nothing.
    if (!track || pattern.length === content.length) return { text: text.replaceAll(pattern, () => content) }
    const builder = new TextBuilder(text, true)
    let done = 0
    for (let at = text.indexOf(pattern); at >= 0; at = text.indexOf(pattern, done)) {
      builder.copy(done, at)
      done = at + pattern.length
      builder.replace(at, done, content)
    }
    builder.copy(done, text.length)
    return builder.result()
  }
}

/** Character by character, as Rust's `char::to_lowercase`: a sigma at the end of a word is a sigma like others. */
export const lowercase: Normalizer = (text, track) => {
  const lower = text.replaceAll('Σ', 'σ').toLowerCase()
  if (!track || lower.length === text.length) return { text: lower }
  return replaceMatches(
    text,
    /\p{Changes_When_Lowercased}/gu,
    (char) => char.replace('Σ', 'σ').toLowerCase(),
    true,
  )
}

const NOT_SPACE = /\P{White_Space}/u

function strip(text: string, left: boolean, right: boolean, track: boolean): Aligned {
  let start = left ? text.search(NOT_SPACE) : 0
  if (start < 0) start = text.length
  let end = text.length
  while (right && end > start && !NOT_SPACE.test(text[end - 1]!)) end--
  const builder = new TextBuilder(text, track)
  builder.copy(start, end)
  return builder.result()
}

/** Control characters go, other kinds of space become spaces (sentencepiece, the rules `nmt_nfkc`). */
const NMT_REMOVED = '\\u0001-\\u0008\\u000B\\u000E-\\u001F\\u007F\\u008F\\u009F'
const NMT_SPACES = '\\u0009\\u000A\\u000C\\u000D\\u1680\\u200B-\\u200F\\u2028\\u2029\\u2581\\uFEFF\\uFFFD'
const NMT = new RegExp(`[${NMT_REMOVED}${NMT_SPACES}]`, 'gu')
const IS_NMT_SPACE = new RegExp(`[${NMT_SPACES}]`, 'u')
const nmt: Normalizer = (text, track) =>
  replaceMatches(text, NMT, (char) => (IS_NMT_SPACE.test(char) ? ' ' : ''), track)

/** Bytes in GPT-2's alphabet, all of a character aligned with it. */
export const byteLevel: Normalizer = (text, track) => replaceMatches(text, /[^!-~]/gu, byteChars, track)

const utf8 = new Uint8Array(4)
function byteChars(char: string): string {
  const length = writeUtf8(char.codePointAt(0)!, utf8, 0)
  let out = ''
  for (let i = 0; i < length; i++) out += BYTE_CHARS[utf8[i]!]!
  return out
}
