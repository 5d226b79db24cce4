import { Random } from './random.js'
import { arithmeticSplit, type Split } from './split.js'
import { wordProblem } from './word-problems.js'

/** Results and operands go up to this. */
export const LARGEST = 20

/** A problem whose answer is a number. */
export interface ArithmeticProblem {
  /** As in the documents, up to and including "Answer:". */
  readonly question: string
  readonly answer: number
  /** What the documents say after "Answer:", with the blank before it. */
  readonly reply: string
  /** The operation and its operands; both orders of a sum have one key. */
  readonly key: string
  readonly split: Split
}

interface Sum {
  readonly a: number
  readonly b: number
}

/** One phrasing of an operation: the question, then the answer. */
type Phrasing = readonly [question: string, reply: string]

const ADDITION: readonly Phrasing[] = [
  ['What is A plus B?', 'A plus B is C.'],
  ['How much is A plus B?', 'A plus B is C.'],
  ['What is A + B?', 'A + B = C.'],
  ['What do you get when you add A and B?', 'When you add A and B, you get C.'],
  ['Can you add A and B?', 'A plus B is C.'],
  ['What is the sum of A and B?', 'The sum of A and B is C.'],
]
const SUBTRACTION: readonly Phrasing[] = [
  ['What is A minus B?', 'A minus B is C.'],
  ['How much is A minus B?', 'A minus B is C.'],
  ['What is A - B?', 'A - B = C.'],
  ['What is left when you take B from A?', 'When you take B from A, C is left.'],
  ['Can you take B away from A?', 'A minus B is C.'],
]
const DOUBLE: readonly Phrasing[] = [
  ['What is double A?', 'Double A is C.'],
  ['What is two times A?', 'Two times A is C.'],
  ['What is the double of A?', 'The double of A is C.'],
]
const HALF: readonly Phrasing[] = [['What is half of A?', 'Half of A is C.']]
const AFTER: readonly Phrasing[] = [
  ['What number comes after A?', 'After A comes C.'],
  ['Which number is one more than A?', 'One more than A is C.'],
]
const BEFORE: readonly Phrasing[] = [
  ['What number comes before A?', 'Before A comes C.'],
  ['Which number is one less than A?', 'One less than A is C.'],
]
const BIGGER: readonly Phrasing[] = [
  ['Which is bigger, A or B?', 'C is bigger.'],
  ['Which number is larger, A or B?', 'C is larger.'],
  ['What is more, A or B?', 'C is more.'],
]
const SMALLER: readonly Phrasing[] = [
  ['Which is smaller, A or B?', 'C is smaller.'],
  ['What is less, A or B?', 'C is less.'],
]

interface Operation {
  readonly phrasings: readonly Phrasing[]
  readonly operands: readonly Sum[]
  result(sum: Sum): number
  key(sum: Sum): string
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i)
const pairs = (accept: (sum: Sum) => boolean): Sum[] =>
  range(0, LARGEST)
    .flatMap((a) => range(0, LARGEST).map((b) => ({ a, b })))
    .filter(accept)
const singles = (values: readonly number[]): Sum[] => values.map((a) => ({ a, b: 0 }))

export const additionKey = (a: number, b: number) => `arithmetic/${Math.min(a, b)}+${Math.max(a, b)}`
export const subtractionKey = (a: number, b: number) => `arithmetic/${a}-${b}`
const comparisonKey = ({ a, b }: Sum) => `arithmetic/${Math.min(a, b)}<${Math.max(a, b)}`

const sums = pairs(({ a, b }) => a + b <= LARGEST)
const differences = pairs(({ a, b }) => b <= a)
const unequal = pairs(({ a, b }) => a !== b)

const PLUS: Operation = {
  phrasings: ADDITION,
  operands: sums,
  result: ({ a, b }) => a + b,
  key: ({ a, b }) => additionKey(a, b),
}
const MINUS: Operation = {
  phrasings: SUBTRACTION,
  operands: differences,
  result: ({ a, b }) => a - b,
  key: ({ a, b }) => subtractionKey(a, b),
}
const OTHERS: readonly Operation[] = [
  {
    phrasings: DOUBLE,
    operands: singles(range(0, LARGEST / 2)),
    result: ({ a }) => 2 * a,
    key: ({ a }) => additionKey(a, a),
  },
  {
    phrasings: HALF,
    operands: singles(range(0, LARGEST / 2).map((half) => 2 * half)),
    result: ({ a }) => a / 2,
    key: ({ a }) => subtractionKey(a, a / 2),
  },
  {
    phrasings: AFTER,
    operands: singles(range(0, LARGEST - 1)),
    result: ({ a }) => a + 1,
    key: ({ a }) => additionKey(a, 1),
  },
  {
    phrasings: BEFORE,
    operands: singles(range(1, LARGEST)),
    result: ({ a }) => a - 1,
    key: ({ a }) => subtractionKey(a, 1),
  },
  { phrasings: BIGGER, operands: unequal, result: ({ a, b }) => Math.max(a, b), key: comparisonKey },
  { phrasings: SMALLER, operands: unequal, result: ({ a, b }) => Math.min(a, b), key: comparisonKey },
]

function problem(operation: Operation, sum: Sum, [question, reply]: Phrasing): ArithmeticProblem {
  const answer = operation.result(sum)
  const numbers: Record<string, number> = { A: sum.a, B: sum.b, C: answer }
  const filled = (text: string) => text.replace(/\b[ABC]\b/g, (letter) => String(numbers[letter]))
  const key = operation.key(sum)
  return asked(filled(question), filled(reply), answer, key)
}

function asked(question: string, reply: string, answer: number, key: string): ArithmeticProblem {
  return {
    question: `Question: ${question}\nAnswer:`,
    answer,
    reply: ` ${reply}`,
    key,
    split: arithmeticSplit(key),
  }
}

/** Every problem in every phrasing, without the word problems, which are too many to list. */
export function listArithmeticProblems(split?: Split): ArithmeticProblem[] {
  return [PLUS, MINUS, ...OTHERS]
    .flatMap((operation) =>
      operation.operands.flatMap((sum) =>
        operation.phrasings.map((phrasing) => problem(operation, sum, phrasing)),
      ),
    )
    .filter((one) => split === undefined || one.split === split)
}

/** One problem of the split, word problems among them. */
export function drawArithmeticProblem(random: Random, split: Split): ArithmeticProblem {
  for (;;) {
    const kind = random.below(10)
    const operation = kind < 4 ? PLUS : kind < 7 ? MINUS : random.pick(OTHERS)
    const sum = random.pick(operation.operands)
    if (arithmeticSplit(operation.key(sum)) !== split) continue
    if (kind >= 7 || random.chance(0.65)) return problem(operation, sum, random.pick(operation.phrasings))
    if (sum.b === 0 || sum.a === 0 || (operation === MINUS && sum.a === sum.b)) continue
    const { question, reply, answer } = wordProblem(
      random,
      operation === PLUS ? 'plus' : 'minus',
      sum.a,
      sum.b,
    )
    return asked(question, reply, answer, operation.key(sum))
  }
}

/**
 * Problems of one split, without end, the same for the same seed: for reinforcement learning, where the reward is whether a
 * continuation of `question` gives `answer`.
 */
export function* arithmeticProblems(options: { seed: number; split: Split }): Generator<ArithmeticProblem> {
  const random = new Random(options.seed, 0x61726974)
  for (;;) yield drawArithmeticProblem(random, options.split)
}

/** An item of an arithmetic document: text and key. */
interface Item {
  readonly text: string
  readonly key: string
}

/** "12 + 7 = 19" */
export function drawEquation(random: Random, split: Split): Item {
  for (;;) {
    const operation = random.chance(0.55) ? PLUS : MINUS
    const sum = random.pick(operation.operands)
    const key = operation.key(sum)
    if (arithmeticSplit(key) !== split) continue
    const sign = operation === PLUS ? '+' : '-'
    return { text: `${sum.a} ${sign} ${sum.b} = ${operation.result(sum)}`, key }
  }
}

/** "Can you count from 3 to 7?" "3, 4, 5, 6, 7." Upwards or downwards. */
export function drawCounting(random: Random, split: Split): Item {
  for (;;) {
    const from = random.between(0, LARGEST - 3)
    const to = random.between(from + 3, Math.min(LARGEST, from + 10))
    const isUp = random.chance(0.6)
    const [first, last] = isUp ? [from, to] : [to, from]
    const key = `arithmetic/count ${first} to ${last}`
    if (arithmeticSplit(key) !== split) continue
    const numbers = isUp ? range(from, to) : range(from, to).reverse()
    const back = isUp ? '' : ' back'
    const question = random.pick([
      `Can you count${back} from ${first} to ${last}?`,
      `How do you count${back} from ${first} to ${last}?`,
      `What are the numbers from ${first}${back === '' ? '' : ' down'} to ${last}?`,
    ])
    return { text: `Question: ${question}\nAnswer: ${numbers.join(', ')}.`, key }
  }
}

/** A document of problems, equations or counting of one split. */
export function arithmeticDocument(random: Random, split: Split): { text: string; keys: string[] } {
  const isList = random.chance(0.25)
  const count = isList ? random.between(6, 14) : random.between(4, 9)
  const items = Array.from({ length: count }, (): Item => {
    if (isList) return drawEquation(random, split)
    if (random.chance(0.06)) return drawCounting(random, split)
    const { question, reply, key } = drawArithmeticProblem(random, split)
    return { text: question + reply, key }
  })
  return { text: items.map(({ text }) => text).join('\n'), keys: items.map(({ key }) => key) }
}
