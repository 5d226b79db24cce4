import type { Character } from './character.js'
import type { Random } from './random.js'
import { capitalized, type Node, template } from './template.js'

/** Anything a slot can stand for. */
export interface Entity {
  refer(form: string, scene: Scene): string
  /** Whether the story has told what this form says: else it cannot be asked for. */
  wasSaid(form: string): boolean
}

/**
 * One story while it is told: who and what there is, what has been said, and who was mentioned in the last sentences, so
 * that a pronoun is only used where it can mean one.
 */
export class Scene {
  readonly slots = new Map<string, Entity>()
  readonly flags = new Set<string>()
  text = ''
  private current: Character[] = []
  private previous: Character[] = []
  private before: Character[] = []

  constructor(public random: Random) {}

  /** Renders a template at the end of the text. */
  tell(source: string): void {
    this.write(template(source))
  }

  /** What a template gives, without adding it to the text; mentions count. */
  render(source: string): string {
    const { text } = this
    this.text = ''
    this.tell(source)
    const result = this.text
    this.text = text
    return result
  }

  slot(name: string): Entity {
    const entity = this.slots.get(name)
    if (entity === undefined) throw new Error(`The scene has no [${name}]`)
    return entity
  }

  /** Forgets who was mentioned: a paragraph begins, names are said anew. */
  paragraph(): void {
    this.current = []
    this.previous = []
    this.before = []
  }

  mention(who: Character): void {
    if (!this.current.includes(who)) this.current.push(who)
  }

  isInSentence(who: Character): boolean {
    return this.current.includes(who)
  }

  /** Whether a pronoun of this sex can only mean this one: the last sentence that has any such has no other. */
  isClear(who: Character): boolean {
    for (const mentioned of [this.current, this.previous, this.before]) {
      const rivals = mentioned.filter(({ sex }) => sex === who.sex)
      if (rivals.length > 0) return rivals.length === 1 && rivals[0] === who
    }
    return false
  }

  /** Whether "her mom" can only be this one's mom: nobody else of the sex could have one here. */
  isClearOwner(who: Character): boolean {
    const owners = (list: readonly Character[]) => list.filter(({ sex, isKin }) => sex === who.sex && !isKin)
    const here = owners(this.current)
    const near = here.length > 0 ? here : owners([...this.previous, ...this.before])
    return near.length > 0 && near.every((owner) => owner === who)
  }

  private write(nodes: readonly Node[]): void {
    for (const node of nodes) {
      switch (node.kind) {
        case 'text':
          this.text += node.text
          if (node.endsSentence) this.endSentence()
          break
        case 'slot': {
          const word = this.slot(node.slot).refer(node.form, this)
          this.text += node.isCapital ? capitalized(word) : word
          break
        }
        case 'choice':
          this.write(this.random.pick(node.of))
          break
        case 'if':
          this.write(this.flags.has(node.flag) ? node.yes : node.no)
          break
        case 'set':
          this.flags.add(node.flag)
      }
    }
  }

  private endSentence(): void {
    if (this.current.length === 0) return
    this.before = this.previous
    this.previous = this.current
    this.current = []
  }
}
