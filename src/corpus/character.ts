import type { Entity, Scene } from './scene.js'
import { withArticle } from './template.js'

export type Sex = 'm' | 'f' | 'n'

const PRONOUNS: Readonly<Record<Sex, Readonly<Record<string, string>>>> = {
  m: { he: 'he', him: 'him', his: 'his', himself: 'himself' },
  f: { he: 'she', him: 'her', his: 'her', himself: 'herself' },
  n: { he: 'it', him: 'it', his: 'its', himself: 'itself' },
}

/** Adjectives that are said once: "a tall man", then "the man". An old man stays one. */
const PASSING =
  /^(?:(?:kind|wise)(?: old)?|friendly|tall|young|nice|quiet|jolly|gentle|clever|old(?! (?:man|woman)$)|\w+(?= \w+$)(?<!old|police|bus|flower|park)) /

export interface CharacterData {
  /** Lily, Mr. Green; an old man that is met has none. */
  readonly name?: string
  /** girl, rabbit, old man */
  readonly noun: string
  readonly sex: Sex
  /** How the first mention goes: "a little girl named Lily". With an owner: "friend Mia", after "her". */
  readonly intro: string
  readonly owner?: Character
  /** Mom, dad and the like: called "her mom" or "Mom". */
  readonly kinWord?: string
  /** "the rabbit" for one with a name, now and then. */
  readonly alias?: string
}

/**
 * Somebody in a story. Forms: none (the intro at the first mention, then the name), `name`, `s` (Lily's), `kind`, `full` (as in
 * questions: Lily's mom), `he`, `him`, `his` (the name where a pronoun could mean another), `himself`, `own` (his, said by
 * whoever knows that it is clear), `was` (marks as known, writes nothing).
 */
export class Character implements Entity {
  readonly sex: Sex
  readonly isKin: boolean
  private isKnown = false
  private pronouns = 0

  constructor(readonly data: CharacterData) {
    this.sex = data.sex
    this.isKin = data.kinWord !== undefined
  }

  get name(): string {
    const { name, kinWord, noun } = this.data
    if (name !== undefined) return name
    return kinWord === undefined ? `the ${noun.replace(PASSING, '')}` : capitalKin(kinWord)
  }

  /** Whom a question means: Lily, the old man, Lily's mom. */
  get full(): string {
    const { owner, kinWord } = this.data
    return kinWord !== undefined && owner !== undefined ? `${owner.full}'s ${kinWord}` : this.name
  }

  wasSaid(): boolean {
    return this.isKnown
  }

  refer(form: string, scene: Scene): string {
    switch (form) {
      case '':
        return this.said(scene)
      case 'he':
      case 'him':
      case 'his':
        return this.pronoun(form, scene)
      case 'himself':
        return PRONOUNS[this.sex].himself
      case 'own':
        return PRONOUNS[this.sex].his
      case 's':
        return `${this.said(scene)}'s`
      case 'name':
        this.known(scene)
        return this.name
      case 'kind':
        return this.data.noun
      case 'intro':
        this.known(scene)
        return this.data.intro
      case 'full':
        return this.full
      case 'was':
        this.known(scene)
        return ''
      default:
        throw new Error(`A character has no form ${form}`)
    }
  }

  private known(scene: Scene): void {
    this.isKnown = true
    this.pronouns = 0
    scene.mention(this)
  }

  private said(scene: Scene): string {
    const { owner, kinWord, intro, alias } = this.data
    const wasKnown = this.isKnown
    if (!wasKnown && owner === undefined) {
      this.known(scene)
      return intro
    }
    if (!wasKnown && kinWord === undefined) {
      const said = `${this.possessive(owner!, scene)} ${intro}`
      this.known(scene)
      return said
    }
    if (kinWord !== undefined && (!wasKnown || !scene.flags.has('kinNames'))) {
      const said = `${this.possessive(owner!, scene)} ${kinWord}`
      this.known(scene)
      return said
    }
    // Not where "he" was just said: "the rabbit" would seem another.
    const usesAlias = alias !== undefined && this.pronouns === 0 && scene.random.chance(0.2)
    this.known(scene)
    return usesAlias ? alias : this.name
  }

  private possessive(owner: Character, scene: Scene): string {
    if (!scene.isClearOwner(owner)) {
      scene.mention(owner)
      return `${owner.name}'s`
    }
    scene.mention(owner)
    return PRONOUNS[owner.sex].his
  }

  private pronoun(form: 'he' | 'him' | 'his', scene: Scene): string {
    const isWorn = this.pronouns >= 3 && form === 'he' && !scene.isInSentence(this)
    if (this.isKnown && !isWorn && scene.isClear(this)) {
      if (form === 'he') this.pronouns++
      scene.mention(this)
      return PRONOUNS[this.sex][form]
    }
    return form === 'his' ? `${this.said(scene)}'s` : this.said(scene)
  }
}

function capitalKin(word: string): string {
  return word[0].toUpperCase() + word.slice(1)
}

/** "a little girl named Lily" */
export function introduced(adjective: string, noun: string, name: string, verb: string): string {
  return `${withArticle(`${adjective} ${noun}`)} ${verb} ${name}`
}
