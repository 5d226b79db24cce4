import { Field } from './field.js'
import type { Frame } from './post-processor.js'

/** What a tokenizer_config.json says of the tokens that begin and end a text. */
export interface Config {
  idOf(name: 'bos_token' | 'eos_token', ids: ReadonlyMap<string, number>): number | undefined
  /** What `addSpecial` adds, given what tokenizer.json says. */
  frame(processed: Frame, ids: ReadonlyMap<string, number>): Frame
}

/**
 * Classes of Hugging Face's `transformers` that make the post-processor themselves, from `add_bos_token` and
 * `add_eos_token`; others leave it as tokenizer.json has it.
 */
const FRAMING = /^(?:Llama|CodeLlama|Gemma|Cohere)Tokenizer(?:Fast)?$/

/** @param json a parsed tokenizer_config.json; undefined where there is none. @throws Error naming the key */
export function readConfig(json: unknown): Config {
  if (json === undefined || json === null) return { idOf: () => undefined, frame: (processed) => processed }
  const config = new Field('config', json)
  const textOf = (name: string) => {
    const field = config.get(name)
    if (!field.exists) return undefined
    // Older files spell the token out as an object.
    return typeof field.value === 'string' ? field.value : field.get('content').string()
  }
  const idOf = (name: string, ids: ReadonlyMap<string, number>) => {
    const text = textOf(name)
    return text === undefined ? undefined : ids.get(text)
  }
  return {
    idOf,
    frame: (processed, ids) => {
      const isFraming = FRAMING.test(textOf('tokenizer_class') ?? '')
      if (!isFraming || !config.get('add_bos_token').exists) return processed
      const added = (flag: string, fallback: boolean, token: string) => {
        if (!config.get(flag).flag(fallback)) return []
        const id = idOf(token, ids)
        if (id === undefined)
          throw config.get(token).error(`is no token of the vocabulary, but ${flag} asks for it`)
        return [id]
      }
      return {
        prefix: added('add_bos_token', true, 'bos_token'),
        suffix: added('add_eos_token', false, 'eos_token'),
      }
    },
  }
}
