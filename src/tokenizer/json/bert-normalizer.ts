import { normalForm } from './normal-forms.js'
import type { Normalizer } from './normalizers.js'
import { lowercase, replaceMatches } from './normalizers.js'

export interface BertNormalizerOptions {
  cleanText: boolean
  chineseChars: boolean
  stripAccents: boolean
  lowercase: boolean
}

const SPACE = /\p{White_Space}/u
const CONTROL = /\p{Cc}/u
const KEPT_CONTROL = /[\t\n\r]/
/** The blocks that BERT takes for Chinese; one of them begins later than the Unicode block that is meant. */
export const CHINESE =
  '\\u4E00-\\u9FFF\\u3400-\\u4DBF\\u{20000}-\\u{2A6DF}\\u{2A700}-\\u{2B73F}\\u{2B740}-\\u{2B81F}\\u{2B920}-\\u{2CEAF}\\uF900-\\uFAFF\\u{2F800}-\\u{2FA1F}'

/** The steps of BERT's normalization that are asked for, in their order. */
export function bertNormalizer(options: BertNormalizerOptions): Normalizer[] {
  const steps: Normalizer[] = []
  if (options.cleanText) steps.push(clean)
  if (options.chineseChars) steps.push(spaceChinese)
  if (options.stripAccents)
    steps.push(
      (text, track) => normalForm(text, 'NFD', track),
      (text, track) => replaceMatches(text, /\p{Mn}/gu, () => '', track),
    )
  if (options.lowercase) steps.push(lowercase)
  return steps
}

/** Control characters and U+FFFD go, those that are spaces too but for these three; other spaces become spaces. */
const clean: Normalizer = (text, track) =>
  replaceMatches(
    text,
    /[\p{White_Space}\p{Cc}\p{Cf}\p{Co}\uFFFD]/gu,
    (char) => (KEPT_CONTROL.test(char) || (SPACE.test(char) && !CONTROL.test(char)) ? ' ' : ''),
    track,
  )

const EACH_CHINESE = new RegExp(`[${CHINESE}]`, 'gu')
const spaceChinese: Normalizer = (text, track) =>
  replaceMatches(text, EACH_CHINESE, (char) => ` ${char} `, track)
