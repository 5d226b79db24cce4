import { ThingEntity } from './entities.js'
import type { Plot } from './plot.js'
import type { Scene } from './scene.js'

/** What can be asked after any story. */
const QUESTIONS = `
  felt: How did [hero.full] feel at the end? = [Hero.full] felt [feeling].
  actSaid: What did [hero.full] love to do? = [Hero.full] loved to [act].
  homeSaid: Where did [hero.full] live? = [Hero.full] lived in [home].
  colorSaid: What color was the [thing]? = The [thing] was [thing.color].
  Who is the story about? = The story is about [hero.full].`

interface Question {
  readonly flag: string
  readonly question: string
  readonly answer: string
  readonly slots: readonly (readonly [slot: string, form: string])[]
}

const questionLists = new Map<string, readonly Question[]>()

function questionsOf(source: string): readonly Question[] {
  let list = questionLists.get(source)
  if (list === undefined) {
    list = source
      .trim()
      .split(/\n\s*/)
      .map((line) => {
        const [, flag = '', question, answer] = /^(?:(\w+): )?(.*\?) = (.*)$/.exec(line)!
        const slots = [...line.matchAll(/\[(\w)(\w*)(?:\.(\w+))?\]/g)].map(
          ([, first, rest, form = '']) => [first.toLowerCase() + rest, form] as const,
        )
        return { flag, question, answer, slots }
      })
    questionLists.set(source, list)
  }
  return list
}

/** One to three questions with answers that the story gives. */
export function askAbout(plot: Plot, scene: Scene): string {
  const { flags, random } = scene
  const thing = scene.slots.get('thing')
  if (!(thing instanceof ThingEntity) || thing.color === undefined) flags.delete('colorSaid')
  const fits = ({ flag, slots }: Question) =>
    (flag === '' || flags.has(flag)) && slots.every(([slot, form]) => scene.slot(slot).wasSaid(form))
  const own = questionsOf(plot.questions).filter(fits)
  const general = questionsOf(QUESTIONS).filter(fits)
  const count = random.pick([1, 2, 2, 3])
  const chosen = new Set<Question>()
  while (chosen.size < Math.min(count, own.length))
    chosen.add(random.pick(random.chance(0.7) ? own : general))
  return [...chosen]
    .map(({ question, answer }) => `Question: ${scene.render(question)}\nAnswer: ${scene.render(answer)}`)
    .join('\n')
}
