import type { Random } from '../random.js'
import { factSplit, type Split } from '../split.js'
import { polish, withArticle } from '../template.js'
import { ANIMALS } from '../words/animals.js'
import { TABLES, type Table } from './tables.js'

/** One fact in one phrasing. */
interface Fact {
  readonly text: string
  readonly key: string
}

const NUMBERS = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten']

/** Tables of the animals: what they say, where they live, their young, legs, food and what they can do. */
const animalRows = (row: (animal: (typeof ANIMALS)[number], said: string) => string): string =>
  ANIMALS.map((animal) => row(animal, withArticle(animal.noun)))
    .filter((text) => text !== '')
    .join(' | ')

const ANIMAL_TABLES: readonly Table[] = [
  {
    name: 'sound',
    phrasings: `
      What sound does {0} make? = {0} {1}.
      What does {0} do when it makes a sound? = {0} {1}.
      Which sound can you hear from {0}? = {0} {1}.
      Which animal {1}? = {0} {1}.`,
    rows: animalRows(({ sound }, said) => (sound === '' ? '' : `${said} / ${sound}`)),
  },
  {
    name: 'home',
    phrasings: `
      Where does {0} live? = {0} lives in {1}.
      What is the home of {0}? = The home of {0} is {1}.
      Where can you find {0}? = You can find {0} in {1}.
      Where is {0} at home? = {0} is at home in {1}.`,
    rows: animalRows(({ home }, said) => (/ice|beach|farm/.test(home) ? '' : `${said} / ${home}`)),
  },
  {
    name: 'young',
    phrasings: `
      What is a young {0} called? = A young {0} is called {1}.
      What do we call a baby {0}? = A baby {0} is called {1}.
      What is the name for the baby of a {0}? = It is called {1}.`,
    rows: animalRows(({ noun, young }) =>
      young.startsWith('baby') ? '' : `${noun} / ${withArticle(young)}`,
    ),
  },
  {
    name: 'legs',
    phrasings: `
      How many legs does {0} have? = {0} has {1} legs.
      Can you count the legs of {0}? = Yes, {0} has {1} legs.
      On how many legs does {0} walk? = {0} walks on {1} legs.`,
    rows: animalRows(({ legs }, said) => (legs === 0 ? '' : `${said} / ${NUMBERS[legs]}`)),
  },
  {
    name: 'food',
    phrasings: `
      What does {0} eat? = {0} eats {1}.
      What does {0} like to eat? = {0} likes to eat {1}.
      Which food does {0} need? = {0} needs {1}.
      What would you give {0} to eat? = I would give it {1}.`,
    rows: animalRows(({ food }, said) => `${said} / ${food}`),
  },
  {
    name: 'able',
    phrasings: `
      What can {0} do? = {0} can {1}.
      What is {0} good at? = {0} can {1}.
      Can {0} {1}? = Yes, {0} can {1}.
      Do you know what {0} can do? = Yes, {0} can {1}.`,
    rows: animalRows(({ able }, said) => `${said} / ${able}`),
  },
]

let all: Readonly<Record<Split, readonly (readonly Fact[])[]>> | undefined

/** The facts of a split, one list a table. */
function factsOf(split: Split): readonly (readonly Fact[])[] {
  if (all === undefined) {
    const lists = [...TABLES, ...ANIMAL_TABLES].map(facts)
    const part = (wanted: Split) =>
      lists
        .map((list) => list.filter(({ key }) => factSplit(key) === wanted))
        .filter(({ length }) => length > 0)
    all = { train: part('train'), heldout: part('heldout') }
  }
  return all[split]
}

function facts({ name, phrasings, rows }: Table): Fact[] {
  const forms = phrasings
    .trim()
    .split(/\n\s*/)
    .map((line) => line.split(' = '))
  return rows.split('|').flatMap((row) => {
    const columns = row.trim().split(/\s*\/\s*/)
    const fill = (text: string) => polish(text.replace(/\{(\d)\}/g, (_, column) => columns[Number(column)]))
    return forms.map(([question, answer], form) => ({
      text: `Question: ${fill(question)}\nAnswer: ${fill(answer)}`,
      key: `fact/${name}/${columns.slice(0, 2).join('/')}/${form}`,
    }))
  })
}

/** A document of questions and answers: about one subject or about many. */
export function factDocument(random: Random, split: Split): { text: string; keys: string[] } {
  const tables = factsOf(split)
  const subject = random.chance(0.3) ? random.pick(tables) : undefined
  const count = random.between(4, 10)
  const chosen = new Map<string, Fact>()
  for (let tries = 0; chosen.size < count && tries < 40; tries++) {
    const fact = random.pick(subject ?? random.pick(tables))
    // One fact in one phrasing only: the key without the number of the phrasing.
    chosen.set(fact.key.slice(0, fact.key.lastIndexOf('/')), fact)
  }
  const list = [...chosen.values()]
  return { text: list.map(({ text }) => text).join('\n'), keys: list.map(({ key }) => key) }
}

/** Every fact in every phrasing, for tests. */
export function listFacts(split: Split): readonly Fact[] {
  return factsOf(split).flat()
}
