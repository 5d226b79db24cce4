/**
 * A part of a plot: a list of ways to tell it, each begun by "- ", of which one is told; or a part that may be left out; or
 * some of several parts; or one of several courses of events.
 */
export type Beat =
  | string
  | { readonly chance: number; readonly beat: Beat }
  | { readonly least: number; readonly most: number; readonly of: string }
  | { readonly either: readonly (readonly Beat[])[] }

/** A skeleton of stories: who and what it needs, and what happens. */
export interface Plot {
  readonly name: string
  /** Who it can happen to. Left out: children and animals. */
  readonly hero?: 'child' | 'animal'
  /** An animal that it happens to has fur, ears and a nose. */
  readonly isFurry?: boolean
  /** Adjectives for the hero, by |. */
  readonly traits?: string
  /** Who else there is: slot → roles, one of which is drawn. */
  readonly cast?: Readonly<Record<string, string>>
  /** Slot → tags that the thing must have; by | alternatives. */
  readonly things?: Readonly<Record<string, string>>
  /** Slot → list of foods. */
  readonly foods?: Readonly<Record<string, 'meal' | 'snack' | 'baked' | 'crop'>>
  /** Tags of the place for a child; by | alternatives. */
  readonly place?: string
  /** … for an animal. */
  readonly wildPlace?: string
  /** By |. */
  readonly weather?: string
  readonly time?: string
  /** Slot → texts, by |: one is chosen for the whole story. */
  readonly lets?: Readonly<Record<string, string>>
  /** Slot → rows of texts that belong together, columns by " / ": [slot], [slot.b], [slot.c]. */
  readonly rows?: Readonly<Record<string, readonly string[]>>
  /** The slot that says what the story turns on: part of its key. */
  readonly want: string
  readonly beats: readonly Beat[]
  /** What is learnt, by |, as a clause. */
  readonly moral: string
  /** How the hero feels at the end, by |. */
  readonly feelings: string
  /** Lines "flag: Question? = Answer.", the flag may be left out. */
  readonly questions: string
}

/** A part that is told with this probability. */
export function maybe(chance: number, beat: Beat): Beat {
  return { chance, beat }
}

/** Some of the ways, all different, in a drawn order: attempts that can stand for each other. */
export function some(least: number, most: number, of: string): Beat {
  return { least, most, of }
}

/** One of several courses of events. */
export function either(...courses: (readonly Beat[])[]): Beat {
  return { either: courses }
}

/** How the sky looks. */
export const SKY = maybe(0.4, '- [day.line]')

const variantLists = new Map<string, readonly string[]>()

/** The ways of a beat: the text at each "- ", lines joined. */
export function ways(beat: string): readonly string[] {
  let list = variantLists.get(beat)
  if (list === undefined) {
    list = `\n${beat}`
      .split(/\n\s*- /)
      .slice(1)
      .map((way) => way.trim().replace(/\s+/g, ' '))
    if (list.length === 0) throw new Error(`A beat has no ways: ${beat}`)
    variantLists.set(beat, list)
  }
  return list
}
