import type { Random } from './random.js'
import { BOYS, GIRLS } from './words/people.js'
import { plural } from './words/verbs.js'

/** Small stories with numbers. In them N is a name, M another, he/his as fits N, A B C the numbers, X the counted things. */

type Row = readonly [objects: string, story: string, question: string, reply: string]

const TOYS =
  'ball marble book crayon sticker shell stone coin card button balloon pencil block doll feather ribbon bead'
const FOOD =
  'apple cookie pear plum nut cherry strawberry grape candy peach orange muffin cracker carrot banana'
const BIRDS = 'bird duck crow robin goose swan owl'
const ANIMALS = 'rabbit sheep cow horse hen goat pig pony cat dog'

const PLUS: readonly Row[] = [
  [`${TOYS} ${FOOD}`, 'N has A X. He gets B more.', 'How many X does he have now?', 'He has C X.'],
  [`${TOYS}`, 'N has A X. He finds B more.', 'How many X does N have now?', 'N has C X.'],
  [`${TOYS} ${FOOD}`, 'N has A X. M gives N B more.', 'How many X does N have now?', 'N has C X.'],
  [`${TOYS} ${FOOD}`, 'N has A X, and M has B X.', 'How many X do they have together?', 'They have C X.'],
  [
    `${FOOD}`,
    'There are A X in a basket. N puts B more into it.',
    'How many X are there now?',
    'There are C X.',
  ],
  [`${BIRDS}`, 'A X sit on a fence. B more come.', 'How many X are there now?', 'There are C X.'],
  [
    `${ANIMALS}`,
    'There are A X in the field. B more come.',
    'How many X are there in all?',
    'There are C X.',
  ],
  [
    `${FOOD}`,
    'N picks A X in the morning and B in the afternoon.',
    'How many X does he pick?',
    'He picks C X.',
  ],
  [
    `${TOYS}`,
    'N puts A X on the table. Then he puts B more on it.',
    'How many X are there?',
    'There are C X.',
  ],
  ['fish', 'N catches A X. M catches B.', 'How many X do they catch?', 'They catch C X.'],
  [
    'flower rose tulip daisy',
    'A X grow by the door and B by the gate.',
    'How many X are there?',
    'There are C X.',
  ],
]
const MINUS: readonly Row[] = [
  [`${FOOD}`, 'N has A X. He eats B of them.', 'How many X does he have now?', 'He has C X.'],
  [`${TOYS}`, 'N has A X. He loses B of them.', 'How many X does N have now?', 'N has C X.'],
  [`${TOYS} ${FOOD}`, 'N has A X. He gives B to M.', 'How many X does N have left?', 'N has C X left.'],
  [`${BIRDS}`, 'A X sit in a tree. B fly away.', 'How many X are left?', 'C X are left.'],
  [`${FOOD}`, 'There are A X on a plate. N takes B.', 'How many X are left?', 'C X are left.'],
  [
    `${ANIMALS}`,
    'There are A X in the barn. B go out.',
    'How many X are still in the barn?',
    'There are C X.',
  ],
  ['balloon', 'N has A X. B of them pop.', 'How many X does he have now?', 'He has C X.'],
  ['candle', 'There are A X on the cake. N blows out B.', 'How many X are still lit?', 'C X are still lit.'],
  [`${FOOD}`, 'N buys A X. On the way home, B fall out of the bag.', 'How many X are left?', 'C X are left.'],
]

/** @returns the question with its story, the reply and the number that it gives */
export function wordProblem(
  random: Random,
  operation: 'plus' | 'minus',
  a: number,
  b: number,
): { question: string; reply: string; answer: number } {
  const [objects, story, question, reply] = random.pick(operation === 'plus' ? PLUS : MINUS)
  const object = random.pick(objects.split(' '))
  const isGirl = random.chance(0.5)
  const name = random.pick(isGirl ? GIRLS : BOYS)
  const other = random.pick(isGirl ? BOYS : GIRLS)
  const answer = operation === 'plus' ? a + b : a - b
  const fill = (text: string) =>
    agree(
      text.replace(/\b(?:([ABC]) X|[ABCMNX]|[Hh]e)\b/g, (word, counted?: string) => {
        if (counted !== undefined) return counting({ A: a, B: b, C: answer }[counted]!, object)
        if (word === 'X') return plural(object)
        if (word === 'N') return name
        if (word === 'M') return other
        if (word === 'he') return isGirl ? 'she' : 'he'
        if (word === 'He') return isGirl ? 'She' : 'He'
        return String({ A: a, B: b, C: answer }[word])
      }),
    )
  return { question: `${fill(story)} ${fill(question)}`, reply: fill(reply), answer }
}

function counting(count: number, object: string): string {
  return `${count} ${count === 1 ? object : plural(object)}`
}

const SINGULAR: Readonly<Record<string, string>> = {
  are: 'is',
  sit: 'sits',
  come: 'comes',
  fly: 'flies',
  go: 'goes',
  fall: 'falls',
  pop: 'pops',
  grow: 'grows',
}

/** "1 apples are" → "1 apple is": the verb after a count of one, or "there are" before it. */
function agree(text: string): string {
  return text
    .replace(/\bThere are 1\b(?! more)/g, 'There is 1')
    .replace(
      /\b1( more| of them| [a-z]+)? (are|sit|come|fly|go|fall|pop|grow)\b/g,
      (_, between = '', verb: string) => `1${between} ${SINGULAR[verb]}`,
    )
}
