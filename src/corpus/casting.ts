import { Character, introduced, type Sex } from './character.js'
import type { Random } from './random.js'
import { type Animal, HERO_ANIMALS, LOOKS, SMALL_WILD } from './words/animals.js'
import {
  BOYS,
  FAMILY_NAMES,
  FEMALE_PETS,
  GIRLS,
  MALE_PETS,
  SELLERS,
  SIZES_OF_BEINGS,
  STRANGERS,
  TOWNSPEOPLE,
} from './words/people.js'

/** Animals without fur, ears or a nose to speak of. */
const BARE = /^(?:duck|frog|owl|turtle|hen|rooster|goose|butterfly|bird|parrot|robin|hedgehog)$/

/** Draws the people and animals of one story, no name and no kind of animal twice. */
export class Casting {
  private readonly taken = new Set<string>()

  constructor(private readonly random: Random) {}

  takes(word: string): boolean {
    return this.taken.has(word)
  }

  take(word: string): void {
    this.taken.add(word)
  }

  hero(isChild: boolean, traits: readonly string[], isFurry: boolean): Character {
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
    const { noun } = this.animal(isFurry ? HERO_ANIMALS.filter((one) => !BARE.test(one.noun)) : HERO_ANIMALS)
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
        return new Character({ name, noun: 'teacher', sex, intro: `teacher ${name}`, owner: hero })
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
