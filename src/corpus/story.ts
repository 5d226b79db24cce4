import { askAbout } from './asking.js'
import { Character } from './character.js'
import { type Beat, type Plot, ways } from './plot.js'
import { PLOTS } from './plots/index.js'
import { Random } from './random.js'
import type { Scene } from './scene.js'
import { setStage } from './stage.js'
import { polish } from './template.js'

/** Words of a story, without its questions. */
const SHORTEST = 80
const LONGEST = 220

const OPENINGS = `
  - Once upon a time, there was [hero]. {!intro}
  - Once upon a time, there lived [hero] in [home]. {!homeSaid}
  - Once upon a time, [hero] lived in [home]. {!homeSaid}
  - Once upon a time, in [home], there lived [hero]. {!homeSaid}
  - Once upon a time, there was [hero] who loved to [act]. {!actSaid}`

const OTHER_OPENINGS = `
  - There was once [hero].
  - There once lived [hero] in [home]. {!homeSaid}
  - In [home], there lived [hero]. {!homeSaid}
  - In [home], there was [hero] who loved to [act]. {!homeSaid}{!actSaid}
  - [Hero.name] was {?child:a {happy|cheerful|lively|friendly|bright|kind} [hero.kind]|a
    {happy|cheerful|lively|friendly|small|fluffy} [hero.kind]} who lived in [home]. {!homeSaid}
  - [Hero.name] was a [hero.kind] who loved to [act]. {!actSaid}
  - {Let me tell you about|This is a story about|This is the story of} [hero].
  - {Have you heard about|Do you want to hear about} [hero]?
  - Long ago, there was [hero].
  - Far away, in [home], lived [hero]. {!homeSaid}
  - Not long ago, [hero] lived in [home]. {!homeSaid}
  - {?child:[Hero.name] was {four|five|six|seven} years old. {!ageSaid}|[Hero.name] was the smallest
    [hero.kind] of the family.}`

const TRAITS = `
  - [Hero.He] loved to [act]. {!actSaid}
  - [Hero.He] liked to [act], and [hero.he] did it every day. {!actSaid}
  - Every day, [hero.he] wanted to [act]. {!actSaid}
  - {When the weather was good|In the afternoon|After breakfast|On Sundays}, [hero.he] liked to [act].
    {!actSaid}
  - More than anything else, [hero] loved to [act]. {!actSaid}
  - [Hero.He] had a big smile and a good heart.
  - Everyone who met [hero] liked [hero.him].
  - [Hero.He] was small, but [hero.he] had big dreams.
  - [Hero.He] was always {busy|in a good mood|ready for an adventure|full of ideas|full of questions}.
  - Nothing made [hero.him] happier than {a new adventure|a good story|a day with friends|a sunny day}.
  - [Hero.He] had {bright|big|curious} eyes and {?child:{curly|dark|red|blond|brown|long|short} hair|{a soft
    nose|a warm coat|small ears|quick feet}}.
  - {?child:[Hero.He] lived with [hero.his] family in a {small|yellow|white|blue|cozy|tall} house.|[Hero.He]
    had many friends among the animals.}
  - [Hero.He] could {run|laugh|sing|whistle|jump} {all day long|better than anyone|from morning to evening}.
  - [Hero.His] favorite time was {spring|summer|autumn|winter|the morning|the evening}.`

const MORALS = `
  - [Hero] learned that [moral].
  - That day, [hero] learned that [moral].
  - And [hero] never forgot that [moral].
  - Now [hero] knew that [moral].
  - "Now I know that [moral]," said [hero].
  - $fromthen, [hero] knew that [moral].
  - [Hero] had learned something that day: [moral].
  - And so [hero] found out that [moral].
  - "I will remember that [moral]," [hero.he] said.
  - {?child:When [hero] is big, [hero.he] will still know that [moral].|All the animals agreed that [moral].}`

const FEELINGS = `
  - [Hero] felt [feeling]. {!felt}
  - [Hero] was [feeling]. {!felt}
  - [Hero] smiled and felt [feeling]. {!felt}
  - Deep inside, [hero] felt [feeling]. {!felt}
  - And how did [hero] feel? [Hero.He] felt [feeling]. {!felt}
  - When [hero] thought of it later, [hero.he] felt [feeling]. {!felt}
  - $bestday, and [hero] felt [feeling]. {!felt}`

const LAST = `
  - The end.
  - $bestday.
  - $night, [hero] {slept well|fell asleep with a smile|had sweet dreams|dreamed of it all again}.
  - And that was that.
  - It was a good day.`

export interface Story {
  readonly text: string
  readonly hasQuestions: boolean
}

/** What a story will be about, before it is told: cheap, so that a split can be taken without telling the rest. */
export interface StoryPlan {
  readonly plot: Plot
  readonly key: string
  readonly tell: () => Story
}

/** @param plot which one; left out, one is drawn */
export function planStory(seed: number, index: number, plot?: Plot): StoryPlan {
  const drawn = plot ?? new Random(seed, index * 4 + 1).pick(PLOTS)
  const stage = () => setStage(drawn, new Random(seed, index * 4 + 2))
  const { scene, key } = stage()
  return { plot: drawn, key, tell: () => tell(drawn, scene, stage, new Random(seed, index * 4 + 3)) }
}

function tell(plot: Plot, first: Scene, stage: () => { scene: Scene }, random: Random): Story {
  for (let scene = first; ; scene = stage().scene) {
    scene.random = random
    const body = polish(narrate(plot, scene))
    const words = wordCount(body)
    if (words < SHORTEST || words > LONGEST) continue
    const questions = random.chance(0.25) ? askAbout(plot, scene) : ''
    return {
      text: questions === '' ? body : `${body}\n\n${polish(questions)}`,
      hasQuestions: questions !== '',
    }
  }
}

/** By the blanks: a split would make an array of all the words, a tenth of the whole work. */
function wordCount(text: string): number {
  let count = 1
  for (let at = text.indexOf(' '); at >= 0; at = text.indexOf(' ', at + 1)) count++
  return count
}

function narrate(plot: Plot, scene: Scene): string {
  const { random } = scene
  const paragraphs = new Paragraphs(scene, random.chance(0.3) ? 0 : random.pick([0.3, 0.5, 0.8]))
  const isClassic = random.chance(0.42)
  const direct = isClassic || !random.chance(0.25) ? [] : directOpenings(plot)
  if (direct.length === 0) {
    paragraphs.tell(isClassic ? OPENINGS : OTHER_OPENINGS)
    // Once is enough to say where somebody lives and what somebody loves to do.
    const { flags } = scene
    const repeats = (way: string) =>
      (flags.has('actSaid') && way.includes('[act]')) || (flags.has('homeSaid') && way.includes('house'))
    const traits = ways(TRAITS).filter((way) => !repeats(way))
    if (random.chance(0.75)) paragraphs.add(random.pick(traits))
    paragraphs.mayEnd()
  } else paragraphs.add(random.pick(direct))
  for (const beat of direct.length > 0 ? plot.beats.slice(1) : plot.beats) paragraphs.beat(beat)
  const [moral, feeling] = [random.chance(0.5), random.chance(0.45)]
  const isLate = plot.time !== undefined
  const fits = (way: string) => !(isLate && /night|evening|whole day/.test(way))
  if (feeling) paragraphs.add(random.pick(ways(FEELINGS).filter(fits)))
  if (moral) paragraphs.tell(MORALS)
  if (random.chance(moral || feeling ? 0.12 : 0.5))
    paragraphs.add(random.pick(ways(LAST).filter((way) => !(isLate && /night|day/.test(way)))))
  return paragraphs.text
}

/** The ways to begin a plot that can begin the story, too: the hero is the first of whom they speak. */
function directOpenings({ beats: [first] }: Plot): readonly string[] {
  return typeof first === 'string'
    ? ways(first).filter((way) => /^[^[]*(?:\[Day\][^[]*)?\[[Hh]ero\]/.test(way))
    : []
}

/** Puts what is told into paragraphs: one, or several of some sentences. */
class Paragraphs {
  private begun = 0

  constructor(
    private readonly scene: Scene,
    private readonly breakChance: number,
  ) {}

  get text(): string {
    return this.scene.text.trim()
  }

  beat(beat: Beat): void {
    const { random } = this.scene
    if (typeof beat === 'string') {
      this.mayEnd()
      this.tell(beat)
    } else if ('chance' in beat) {
      if (random.chance(beat.chance)) this.beat(beat.beat)
    } else if ('of' in beat) {
      const list = ways(beat.of)
      for (const way of random.sample(list, random.between(beat.least, beat.most))) this.add(way)
    } else {
      for (const each of random.pick(beat.either)) this.beat(each)
    }
  }

  tell(beat: string): void {
    this.add(this.scene.random.pick(ways(beat)))
  }

  /** Between two beats; a paragraph of one short sentence goes on. */
  mayEnd(): void {
    const { scene } = this
    if (scene.text.length - this.begun < 90 || !scene.random.chance(this.breakChance)) return
    scene.text = `${scene.text.trimEnd()}\n\n`
    this.begun = scene.text.length
    scene.paragraph()
  }

  add(way: string): void {
    const { scene } = this
    scene.tell(way)
    if (!scene.text.endsWith(' ')) scene.text += ' '
  }
}

/** For tests: the people and animals of a scene. */
export function charactersOf(scene: Scene): readonly Character[] {
  return [...scene.slots.values()].filter((entity) => entity instanceof Character)
}
