import { MAX_TOKEN_ID } from './added-tokens.js'
import { describe, type Field } from './field.js'

/** Text → id of `model.vocab`: an object, or for Unigram an array of [text, score]. @throws Error naming the entry */
export function readIds(model: Field): Map<string, number> {
  const vocab = model.get('vocab')
  const ids = new Map<string, number>()
  if (Array.isArray(vocab.value)) {
    const entries = vocab.array()
    if (entries.length > MAX_TOKEN_ID + 1) throw vocab.error(`has more than ${MAX_TOKEN_ID + 1} entries`)
    entries.forEach((entry, id) => {
      const text = Array.isArray(entry) ? entry[0] : undefined
      if (typeof text !== 'string') throw vocab.error(`[${id}] should be a token and its score`)
      ids.set(text, id)
    })
  } else
    for (const [text, id] of Object.entries(vocab.object())) {
      if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id > MAX_TOKEN_ID)
        throw vocab.error(
          `[${JSON.stringify(text.slice(0, 60))}] is ${describe(id)}; it should be a token id, a whole number from 0 to ${MAX_TOKEN_ID}`,
        )
      ids.set(text, id)
    }
  if (ids.size === 0) throw vocab.error('is empty')
  return ids
}

/** The texts by id; ids that no token has are left empty. */
export function textsOf(ids: ReadonlyMap<string, number>): string[] {
  let size = 0
  for (const id of ids.values()) size = Math.max(size, id + 1)
  const texts = new Array<string>(size).fill('')
  for (const [text, id] of ids) texts[id] = text
  return texts
}
