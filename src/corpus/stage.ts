import { Character, introduced, type Sex } from './character.js'
import { ActEntity, DayEntity, FoodEntity, PlaceEntity, TextEntity, ThingEntity } from './entities.js'
import type { Plot } from './plot.js'
import type { Random } from './random.js'
import { Scene } from './scene.js'
import { type Animal, HERO_ANIMALS, LOOKS, SMALL_WILD } from './words/animals.js'
import { BAKED, CROPS, MEALS, SNACKS } from './words/foods.js'
import {
  ANIMAL_ACTS,
  ANIMAL_HOMES,
  BOYS,
  CHILD_ACTS,
  CHILD_HOMES,
  FAMILY_NAMES,
  FEMALE_PETS,
  GIRLS,
  MALE_PETS,
  SELLERS,
  SIZES_OF_BEINGS,
  STRANGERS,
  TOWNSPEOPLE,
  TRAITS,
} from './words/people.js'
import { placesWith } from './words/places.js'
import { thingsWith } from './words/things.js'
import { WEATHERS } from './words/weather.js'

const FOODS = { meal: MEALS, snack: SNACKS, baked: BAKED, crop: CROPS }
const lists = new Map<string, readonly string[]>()

/** The parts between the bars. */
function split(text: string): readonly string[] {
  let list = lists.get(text)
  if (list === undefined) {
    list = text.split('|').map((part) => part.trim())
    lists.set(text, list)
  }
  return list
}

const placed = new WeakMap<Plot, boolean>()

/** Whether the place is ever named: else it is no part of what the story is about. */
function namesPlace(plot: Plot): boolean {
  let names = placed.get(plot)
  if (names === undefined) {
    names = /\[place[\].]/i.test(JSON.stringify(plot.beats))
    placed.set(plot, names)
  }
  return names
}

const acts = { child: split(CHILD_ACTS), animal: split(ANIMAL_ACTS) }
const homes = { child: split(CHILD_HOMES), animal: split(ANIMAL_HOMES) }

/** A scene with everything in it that a plot needs, and the key of what was chosen. */
export function setStage(plot: Plot, random: Random): { scene: Scene; key: string } {
  const scene = new Scene(random)
  const { slots, flags } = scene
  const cast = new Casting(random)
  const isChild = plot.hero === undefined ? random.chance(0.68) : plot.hero === 'child'
  const hero = cast.hero(isChild, plot.traits === undefined ? TRAITS : split(plot.traits))
  slots.set('hero', hero)
  flags.add(isChild ? 'child' : 'animal')
  flags.add(hero.sex === 'f' ? 'girl' : 'boy')
  if (random.chance(0.5)) flags.add('kinNames')
  const place = random.pick(placesWith((isChild ? plot.place : plot.wildPlace) ?? 'out wild'))
  for (const [slot, roles] of Object.entries(plot.cast ?? {}))
    slots.set(slot, cast.role(random.pick(split(roles)), hero, place.tags.includes('wild')))

  slots.set('place', new PlaceEntity(place, random))
  for (const [slot, tags] of Object.entries(plot.things ?? {})) {
    const thing = random.pick(thingsWith(tags).filter((one) => !cast.takes(one.noun)))
    cast.take(thing.noun)
    slots.set(slot, new ThingEntity(thing, random))
  }
  for (const [slot, kind] of Object.entries(plot.foods ?? {}))
    slots.set(slot, new FoodEntity(random.pick(FOODS[kind])))
  const weather = WEATHERS.get(random.pick(split(plot.weather ?? 'sunny|sunny|warm|cloudy')))!
  slots.set('day', new DayEntity(weather, plot.time ?? 'day', random))
  const kind = isChild ? 'child' : 'animal'
  slots.set('act', new ActEntity(random.pick(acts[kind])))
  slots.set('home', new TextEntity([random.pick(homes[kind])]))
  slots.set('moral', new TextEntity([random.pick(split(plot.moral))]))
  slots.set('feeling', new TextEntity([random.pick(split(plot.feelings))]))
  for (const [slot, texts] of Object.entries(plot.lets ?? {}))
    slots.set(slot, new TextEntity([random.pick(split(texts))]))
  for (const [slot, rows] of Object.entries(plot.rows ?? {}))
    slots.set(slot, new TextEntity(random.pick(rows).split(' / ')))

  const where = namesPlace(plot) ? `${place.name}/` : ''
  const key = `story/${plot.name}/${wanted(scene, plot.want)}/${where}${hero.data.noun}`
  return { scene, key }
}

function wanted(scene: Scene, slot: string): string {
  const entity = scene.slot(slot)
  if (entity instanceof ThingEntity) return entity.thing.noun
  if (entity instanceof FoodEntity) return entity.food.name
  if (entity instanceof TextEntity) return entity.columns[0]
  throw new Error(`[${slot}] cannot be what a story turns on`)
}

/** Draws the people and animals of one story, no name and no kind of animal twice. */
class Casting {
  private readonly taken = new Set<string>()

  constructor(private readonly random: Random) {}

  takes(word: string): boolean {
    return this.taken.has(word)
  }

  take(word: string): void {
    this.taken.add(word)
  }

  hero(isChild: boolean, traits: readonly string[]): Character {
    const { random } = this
    const sex = random.pick<Sex>(['f', 'm'])
    const adjective = random.chance(0.5) ? random.pick(SIZES_OF_BEINGS) : random.pick(traits)
    const verb = random.pick(['named', 'named', 'called'])
    if (isChild) {
      const noun = sex === 'f' ? 'girl' : 'boy'
      const name = this.childName(sex)
      const described = adjective === 'tiny' ? 'little' : adjective
      return new Character({ name, noun, sex, intro: introduced(described, noun, name, verb) })
    }
    const { noun } = this.animal(HERO_ANIMALS)
    const name = this.petName(sex)
    return new Character({
      name,
      noun,
      sex,
      intro: introduced(adjective, noun, name, verb),
      alias: `the ${noun}`,
    })
  }

  /** @param isWild the story plays far from houses: no mailman comes by */
  role(role: string, hero: Character, isWild: boolean): Character {
    const { random } = this
    const isChild = hero.data.noun === 'girl' || hero.data.noun === 'boy'
    switch (role) {
      case 'parent':
        return this.kin(hero, random.chance(0.6) ? 'mom' : 'dad')
      case 'grand':
        return this.kin(hero, random.chance(0.55) ? 'grandma' : 'grandpa')
      case 'friend':
        return this.peer(
          hero,
          isChild,
          (name) => `${random.pick(['friend', 'friend', 'best friend'])} ${name}`,
        )
      case 'newcomer':
        return this.newcomer(hero, isChild)
      case 'older':
      case 'younger':
        return this.sibling(hero, role, isChild)
      case 'old': {
        const [noun, sex] = isChild ? random.pick(isWild ? STRANGERS : TOWNSPEOPLE) : this.oldAnimal()
        return new Character({ noun, sex, intro: introducedOnly(noun) })
      }
      case 'seller': {
        const [noun, sex] = random.pick(SELLERS)
        return new Character({ noun, sex, intro: introducedOnly(noun) })
      }
      case 'neighbor': {
        if (!isChild) return this.role('old', hero, isWild)
        const sex = random.pick<'f' | 'm'>(['f', 'm'])
        const name = `${sex === 'f' ? 'Mrs.' : 'Mr.'} ${random.pick(FAMILY_NAMES)}`
        const noun = random.pick(['neighbor', 'old neighbor', 'nice neighbor', 'friendly neighbor'])
        return new Character({ name, noun, sex, intro: `${introducedOnly(noun)} called ${name}` })
      }
      case 'teacher': {
        if (!isChild) return this.role('old', hero, isWild)
        const sex = random.pick<'f' | 'm'>(['f', 'f', 'm'])
        const name = `${sex === 'f' ? random.pick(['Miss', 'Mrs.']) : 'Mr.'} ${random.pick(FAMILY_NAMES)}`
        return new Character({ name, noun: 'teacher', sex, intro: `teacher, ${name}`, owner: hero })
      }
      case 'baby': {
        const sex = random.pick<'f' | 'm'>(['f', 'm'])
        const noun = sex === 'f' ? 'sister' : 'brother'
        const name = this.childName(sex)
        return new Character({ name, noun, sex, intro: `baby ${noun} ${name}`, owner: hero })
      }
      case 'housepet': {
        const noun = random.pick(['cat', 'dog', 'kitten', 'puppy'])
        return new Character({ noun, sex: 'n', intro: `the ${noun}` })
      }
      case 'wild': {
        const noun = `${random.pick(LOOKS)} ${this.animal(SMALL_WILD).noun}`
        return new Character({ noun, sex: 'n', intro: introducedOnly(noun) })
      }
      default:
        throw new Error(`There is no role ${role}`)
    }
  }

  private kin(owner: Character, kinWord: string): Character {
    const sex = kinWord === 'mom' || kinWord === 'grandma' ? 'f' : 'm'
    return new Character({ noun: kinWord, sex, intro: kinWord, owner, kinWord })
  }

  private peer(hero: Character, isChild: boolean, intro: (name: string) => string): Character {
    const sex = this.otherSex(hero)
    if (isChild) {
      const name = this.childName(sex)
      return new Character({ name, noun: sex === 'f' ? 'girl' : 'boy', sex, intro: intro(name), owner: hero })
    }
    const { noun } = this.animal(HERO_ANIMALS)
    const name = this.petName(sex)
    const known = `friend ${name} the ${noun}`
    return new Character({ name, noun, sex, intro: known, owner: hero, alias: `the ${noun}` })
  }

  private newcomer(hero: Character, isChild: boolean): Character {
    const { random } = this
    const sex = this.otherSex(hero)
    const adjective = random.pick(['new', 'young', 'little', 'small', 'shy', 'quiet'])
    const noun = isChild ? (sex === 'f' ? 'girl' : 'boy') : this.animal(HERO_ANIMALS).noun
    const name = isChild ? this.childName(sex) : this.petName(sex)
    return new Character({
      name,
      noun,
      sex,
      intro: introduced(adjective, noun, name, random.pick(['named', 'called'])),
      alias: isChild ? undefined : `the ${noun}`,
    })
  }

  private sibling(hero: Character, role: string, isChild: boolean): Character {
    const sex = this.otherSex(hero)
    const name = isChild ? this.childName(sex) : this.petName(sex)
    const adjective =
      role === 'older' ? this.random.pick(['big', 'older']) : this.random.pick(['little', 'younger'])
    const noun = sex === 'f' ? 'sister' : 'brother'
    return new Character({ name, noun, sex, intro: `${adjective} ${noun} ${name}`, owner: hero })
  }

  /** Mostly the other sex than the hero's: then pronouns can be used freely. */
  private otherSex(hero: Character): 'f' | 'm' {
    const isOther = this.random.chance(0.65)
    return (hero.sex === 'f') === isOther ? 'm' : 'f'
  }

  private oldAnimal(): readonly [string, 'f' | 'm'] {
    const adjective = this.random.pick(['old', 'wise old', 'kind old', 'friendly', 'gentle', 'clever'])
    return [`${adjective} ${this.animal(HERO_ANIMALS).noun}`, this.random.pick<'f' | 'm'>(['f', 'm'])]
  }

  private animal(list: readonly Animal[]): Animal {
    return this.fresh(list, ({ noun }) => noun)
  }

  private childName(sex: Sex): string {
    return this.fresh(sex === 'f' ? GIRLS : BOYS, (name) => name)
  }

  private petName(sex: Sex): string {
    if (this.random.chance(0.4)) return this.childName(sex)
    return this.fresh(sex === 'f' ? FEMALE_PETS : MALE_PETS, (name) => name)
  }

  private fresh<T>(list: readonly T[], word: (item: T) => string): T {
    for (;;) {
      const item = this.random.pick(list)
      if (this.taken.has(word(item))) continue
      this.taken.add(word(item))
      return item
    }
  }
}

function introducedOnly(noun: string): string {
  return `a ${noun}`
}
