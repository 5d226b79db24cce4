import type { Field } from './field.js'
import { translateRegex } from './regex.js'

/** What `pattern` says: a text to be found as it is, or an expression (as the file has it, and for JavaScript). */
export type Pattern =
  | { readonly text: string; readonly source?: undefined; readonly original?: undefined }
  | { readonly text?: undefined; readonly source: string; readonly original: string }

/** @throws Error naming the key for what is no pattern, or an expression that JavaScript has no equivalent of */
export function patternOf(field: Field): Pattern {
  const text = field.get('String')
  if (text.exists) return { text: text.string().toWellFormed() }
  const regex = field.get('Regex')
  if (!regex.exists) field.fail('{"String": …} or {"Regex": …}')
  const original = regex.string()
  try {
    const source = translateRegex(original)
    new RegExp(source, 'v')
    return { source, original }
  } catch (error) {
    throw regex.error(`is ${JSON.stringify(original)}: ${(error as Error).message}`, error)
  }
}
