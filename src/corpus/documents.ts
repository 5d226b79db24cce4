import { arithmeticDocument } from './arithmetic.js'
import { factDocument } from './knowledge/facts.js'
import { Random } from './random.js'
import { type Split, splitOf } from './split.js'
import { planStory } from './story.js'

export type DocumentKind = 'story' | 'story with questions' | 'questions' | 'arithmetic'

export interface CorpusDocument {
  readonly text: string
  readonly kind: DocumentKind
  /** The choices that make it what it is. Of several items: their keys, joined by blanks. */
  readonly key: string
  /** Its key, or those of its items: none occurs in both splits. */
  readonly keys: readonly string[]
  readonly split: Split
}

export interface CorpusOptions {
  /** A whole number. */
  readonly seed: number
  /** Which documents to give; 'all' gives both, in the same order. */
  readonly split: Split | 'all'
  /** The share of held-out documents. Default: DEFAULT_HELD_OUT. */
  readonly heldOut?: number
}

/** The share of documents whose keys are kept from training. */
export const DEFAULT_HELD_OUT = 0.02

/** The line between two documents. */
export const SEPARATOR = '<|endoftext|>'

/** Shares of the documents; they are chosen so that stories are 80 % of the bytes. */
const STORY_SHARE = 0.69
const ARITHMETIC_SHARE = 0.18

/**
 * Documents without end. Each is a function of the seed, its number and the held-out share alone, so 'train' and 'heldout'
 * together are 'all'. Stories are held out by the hash of what they are about, the other documents are filled with facts or
 * problems that are.
 *
 * @throws RangeError if the seed is no whole number from 0 to 2^51 or the share is not from 0 to 1
 */
export function* corpusDocuments(options: CorpusOptions): Generator<CorpusDocument> {
  const { seed, split, heldOut = DEFAULT_HELD_OUT } = options
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new RangeError(`The seed must be a whole number that is not negative, it is ${seed}`)
  if (!(heldOut >= 0 && heldOut <= 1))
    throw new RangeError(`The held-out share must be from 0 to 1, it is ${heldOut}`)
  for (let index = 0; ; index++) {
    const random = new Random(seed, index * 4)
    const kind = random.nextFraction()
    if (kind < STORY_SHARE) {
      const { key, tell } = planStory(seed, index)
      const its = splitOf(key, heldOut)
      if (split !== 'all' && split !== its) continue
      const { text, hasQuestions } = tell()
      yield { text, kind: hasQuestions ? 'story with questions' : 'story', key, keys: [key], split: its }
      continue
    }
    const its: Split = random.chance(heldOut) ? 'heldout' : 'train'
    if (split !== 'all' && split !== its) continue
    const isArithmetic = kind < STORY_SHARE + ARITHMETIC_SHARE
    const { text, keys } = isArithmetic ? arithmeticDocument(random, its) : factDocument(random, its)
    yield { text, kind: isArithmetic ? 'arithmetic' : 'questions', key: keys.join(' '), keys, split: its }
  }
}
