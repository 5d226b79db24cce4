import { Casting } from './casting.js'
import { ActEntity, DayEntity, FoodEntity, PlaceEntity, TextEntity, ThingEntity } from './entities.js'
import type { Plot } from './plot.js'
import type { Random } from './random.js'
import { Scene } from './scene.js'
import { BAKED, CROPS, MEALS, SNACKS } from './words/foods.js'
import { ANIMAL_ACTS, ANIMAL_HOMES, CHILD_ACTS, CHILD_HOMES, TRAITS } from './words/people.js'
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

/** Animals that are large, and homes that those do not fit into. */
const LARGE = /^(?:bear|pig|goat|horse|donkey|monkey|lion|tiger|elephant|deer|panda|koala|dog)$/
const SNUG = /hole|nest|log|bush/

/** A scene with everything in it that a plot needs, and the key of what was chosen. */
export function setStage(plot: Plot, random: Random): { scene: Scene; key: string } {
  const scene = new Scene(random)
  const { slots, flags } = scene
  const cast = new Casting(random)
  const isChild = plot.hero === undefined ? random.chance(0.68) : plot.hero === 'child'
  const hero = cast.hero(
    isChild,
    plot.traits === undefined ? TRAITS : split(plot.traits),
    plot.isFurry ?? false,
  )
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
  const fits = (home: string) => !LARGE.test(hero.data.noun) || !SNUG.test(home)
  slots.set('home', new TextEntity([random.pick(homes[kind].filter(fits))]))
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
