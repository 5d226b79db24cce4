import { readFile } from 'node:fs/promises'
import { corpusDocuments } from '../../../corpus/index.js'
import type { Tokenizer } from '../../../tokenizer/index.js'

/** Tokens that are captured if nothing else is asked for. */
export const DEFAULT_TOKENS = 256

export interface TextFlags {
  readonly prompt?: string
  readonly file?: string
  readonly tokens?: number
  readonly seed: number
}

/** The text that was asked for; undefined if none was. */
export async function givenText({ prompt, file }: TextFlags): Promise<string | undefined> {
  return file === undefined ? prompt : readFile(file, 'utf8')
}

/**
 * The first tokens of the text or, where there is none, of stories that the built-in model was not trained on.
 * @param context a default gives way to it; what was asked for does not (ContextLimitError)
 * @throws Error if the text has no tokens
 */
export function captureIds(
  tokenizer: Tokenizer,
  text: string | undefined,
  { tokens, seed }: TextFlags,
  context: number,
): number[] {
  const count = tokens ?? Math.min(DEFAULT_TOKENS, context)
  const ids = text === undefined ? storyIds(tokenizer, count, seed) : Array.from(tokenizer.encode(text))
  if (text === '' || ids.length === 0) throw new Error('the text to capture is empty')
  return ids.slice(0, count)
}

/** At least so many tokens of held-out stories, one after the other. */
function storyIds(tokenizer: Tokenizer, count: number, seed: number): number[] {
  const stories: string[] = []
  for (const { kind, text } of corpusDocuments({ seed, split: 'heldout' })) {
    if (kind !== 'story') continue
    stories.push(text)
    const ids = tokenizer.encode(stories.join('\n\n'))
    if (ids.length >= count) return Array.from(ids)
  }
  throw new Error('unreachable: the corpus has no end')
}
