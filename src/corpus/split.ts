import { hashFraction } from './random.js'

/** Which part of the corpus something belongs to. */
export type Split = 'train' | 'heldout'

/** Of the arithmetic problems, by operand pair: enough of them to measure with. */
const ARITHMETIC_SHARE = 0.1
/** Of the facts in one phrasing. */
const FACT_SHARE = 0.05

/** The part that a key belongs to. Of the key alone, so that no seed ever brings a held-out key into training. */
export function splitOf(key: string, share: number): Split {
  return hashFraction(key) < share ? 'heldout' : 'train'
}

export function arithmeticSplit(key: string): Split {
  return splitOf(key, ARITHMETIC_SHARE)
}

export function factSplit(key: string): Split {
  return splitOf(key, FACT_SHARE)
}
