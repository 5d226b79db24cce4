import { listArithmeticProblems, type Split } from '../corpus/index.js'
import type { Task } from '../rl/index.js'
import type { Tokenizer } from '../tokenizer/index.js'

/** Problems with a reward of 1 for the right answer, 0 for another. */
export function arithmeticTasks(split: Split): Task[] {
  return listArithmeticProblems(split).map(({ question, answer }) => ({
    prompt: question,
    reward: ({ text }) => (answerOf(text) === answer ? 1 : 0),
  }))
}

/** The last number of the first line; NaN if there is none. */
export function answerOf(text: string): number {
  return Number(text.split('\n')[0].match(/\d+/g)?.at(-1) ?? Number.NaN)
}

/** Tokens that end an answer, which is one line. */
export function answerEnds(tokenizer: Tokenizer): ReadonlySet<number> {
  return new Set([...tokenizer.endIds, ...tokenizer.encode('\n', { addSpecial: false })])
}
