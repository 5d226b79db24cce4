import type { Random } from './random.js'
import type { Entity, Scene } from './scene.js'
import { withArticle } from './template.js'
import type { Food } from './words/foods.js'
import type { Place } from './words/places.js'
import { COLORS, looksOf, type Thing } from './words/things.js'
import { VerbPhrase } from './words/verbs.js'
import type { Weather } from './words/weather.js'

/** An entity that is known once it was named at all. */
abstract class Told {
  protected isTold = false

  wasSaid(_form: string): boolean {
    return this.isTold
  }
}

/**
 * A thing with the looks it keeps. Forms: none (ball), `full` (red ball), `a` (a red ball), `the` (the ball, now and then the
 * red ball), `thefull`, `color`, `use`, `using`, `used`.
 */
export class ThingEntity extends Told implements Entity {
  readonly color: string | undefined
  readonly full: string
  private isDescribed = false
  private readonly use: VerbPhrase

  constructor(
    readonly thing: Thing,
    random: Random,
  ) {
    super()
    this.color = thing.tags.includes('c') && random.chance(0.75) ? random.pick(COLORS) : undefined
    const look = random.chance(this.color === undefined ? 0.8 : 0.3) ? [random.pick(looksOf(thing))] : []
    this.full = [...look, ...(this.color === undefined ? [] : [this.color]), thing.noun].join(' ')
    this.use = new VerbPhrase(random.pick(thing.uses))
  }

  refer(form: string, scene: Scene): string {
    this.isTold = true
    switch (form) {
      case '':
        return this.thing.noun
      case 'full':
        this.described(scene)
        return this.full
      case 'a':
        this.described(scene)
        return withArticle(this.full)
      case 'the':
        return scene.random.chance(0.2) && this.isDescribed ? `the ${this.full}` : `the ${this.thing.noun}`
      case 'thefull':
        return `the ${this.full}`
      case 'color':
        return this.color ?? ''
      case 'hue':
        return this.color ?? 'there'
      case 'use':
        return this.use.base
      case 'using':
        return this.use.gerund
      case 'used':
        return this.use.past
      default:
        throw new Error(`A thing has no form ${form}`)
    }
  }

  private described(scene: Scene): void {
    this.isDescribed = true
    if (scene.slots.get('thing') === this) scene.flags.add('colorSaid')
  }
}

/** Forms: none (the park), `in` (in the park), `to`, `spot` (under a bench), `spot2` (elsewhere there). */
export class PlaceEntity implements Entity {
  private readonly spots: readonly string[]
  private readonly told = new Set<string>()

  constructor(
    readonly place: Place,
    random: Random,
  ) {
    this.spots = random.sample(place.spots, 3)
  }

  wasSaid(form: string): boolean {
    return this.told.has(form.startsWith('spot') ? form : 'place')
  }

  refer(form: string): string {
    const { name, at } = this.place
    this.told.add(form.startsWith('spot') ? form : 'place')
    switch (form) {
      case '':
        return name
      case 'in':
        return `${at} ${name}`
      case 'to':
        return `to ${name}`
      case 'spot':
        return this.spots[0]
      case 'spot2':
        return this.spots[1]
      case 'spot3':
        return this.spots[2]
      default:
        throw new Error(`A place has no form ${form}`)
    }
  }
}

/** Forms: none (cookies), `some`, `it` (it, them), `was` (was, were), `is`. */
export class FoodEntity extends Told implements Entity {
  constructor(readonly food: Food) {
    super()
  }

  refer(form: string): string {
    if (form === '' || form === 'some' || form === 'bare') this.isTold = true
    const { name, isPlural } = this.food
    switch (form) {
      case '':
        return name
      case 'bare':
        return name.replace(/^an? /, '')
      case 'some':
        return name.startsWith('a ') || name.startsWith('an ') ? name : `some ${name}`
      case 'it':
        return isPlural ? 'them' : 'it'
      case 'they':
        return isPlural ? 'they' : 'it'
      case 'was':
        return isPlural ? 'were' : 'was'
      case 'is':
        return isPlural ? 'are' : 'is'
      default:
        throw new Error(`A food has no form ${form}`)
    }
  }
}

/** Forms: none (sing songs), `ing`, `past`. */
export class ActEntity extends Told implements Entity {
  private readonly phrase: VerbPhrase

  constructor(phrase: string) {
    super()
    this.phrase = new VerbPhrase(phrase)
  }

  refer(form: string): string {
    this.isTold = true
    if (form === 'ing') return this.phrase.gerund
    return form === 'past' ? this.phrase.past : this.phrase.base
  }
}

/** Forms: none (One sunny morning), `line` (The sun was shining.), `name`. */
export class DayEntity implements Entity {
  readonly phrase: string
  private readonly line: string

  constructor(
    readonly weather: Weather,
    readonly time: string,
    random: Random,
  ) {
    const day = random.pick(weather.days)
    const hour = time === 'day' ? random.pick(['day', 'day', 'morning', 'afternoon']) : time
    this.phrase = random.pick([
      `one ${day} ${hour}`,
      `on a ${day} ${hour}`,
      'one day',
      `one ${hour}`,
      `one ${day} ${hour}`,
    ])
    this.line = random.pick(weather.lines)
  }

  wasSaid(): boolean {
    return true
  }

  refer(form: string): string {
    return form === 'line' ? this.line : form === 'name' ? this.weather.name : this.phrase
  }
}

/** A text that was chosen once, itself a template; or a row of them: [slot], [slot.b], [slot.c] … */
export class TextEntity implements Entity {
  private readonly told = new Set<string>()

  constructor(readonly columns: readonly string[]) {}

  wasSaid(form: string): boolean {
    return this.told.has(form)
  }

  refer(form: string, scene: Scene): string {
    if (form === 'the') return this.refer('', scene).replace(/^an? /, 'the ')
    this.told.add(form)
    const column = form === '' ? 0 : form.charCodeAt(0) - 97
    const source = this.columns[column]
    if (source === undefined) throw new Error(`The text '${this.columns[0]}' has no column ${form}`)
    return scene.render(source)
  }
}
