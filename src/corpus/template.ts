import { PHRASES } from './words/phrases.js'

/**
 * The language that the stories are written in:
 *
 *     {a|b|c}      one of them, drawn anew each time; {|a} may be nothing
 *     {?flag:a|b}  a if the scene has the flag, else b (|b may be left out)
 *     {!flag}      sets the flag, writes nothing
 *     [slot.form]  somebody or something of the scene; [Slot.form] with a capital
 *     $name        one of PHRASES[name]
 */
export type Node =
  | { readonly kind: 'text'; readonly text: string; readonly endsSentence: boolean }
  | { readonly kind: 'slot'; readonly slot: string; readonly form: string; readonly isCapital: boolean }
  | { readonly kind: 'choice'; readonly of: readonly (readonly Node[])[] }
  | {
      readonly kind: 'if'
      readonly flag: string
      readonly yes: readonly Node[]
      readonly no: readonly Node[]
    }
  | { readonly kind: 'set'; readonly flag: string }

const parsed = new Map<string, readonly Node[]>()

/** The nodes of a template, parsed once. @throws Error for one that is not well formed. */
export function template(source: string): readonly Node[] {
  let nodes = parsed.get(source)
  if (nodes === undefined) {
    nodes = new Parser(source).all()
    parsed.set(source, nodes)
  }
  return nodes
}

/** Up to the end of a sentence, with its quotation mark, and the blank after it. */
const SENTENCE = /[^.!?]*[.!?]+"?(?:\s+|$)|[^.!?]+|[.!?]+"?/g

class Parser {
  private at = 0

  constructor(private readonly source: string) {}

  all(): Node[] {
    const nodes = this.sequence()
    if (this.at < this.source.length) this.fail(`'${this.source[this.at]}' is one too many`)
    return nodes
  }

  private sequence(): Node[] {
    const nodes: Node[] = []
    while (this.at < this.source.length) {
      const next = this.source[this.at]
      if (next === '|' || next === '}' || next === ']') break
      if (next === '{') nodes.push(this.braces())
      else if (next === '[') nodes.push(this.slot())
      else if (next === '$') nodes.push(this.phrase())
      else nodes.push(...this.text())
    }
    return nodes
  }

  private text(): Node[] {
    const text = this.match(/[^{}[\]|$]+/y)
    return (text.match(SENTENCE) ?? []).map((part) => ({
      kind: 'text',
      text: part,
      endsSentence: /[.!?]"?\s*$/.test(part),
    }))
  }

  private slot(): Node {
    const [, name, form = ''] = this.match(/\[([A-Za-z]\w*)(?:\.([\w]+))?\]/y, true)
    const slot = name[0].toLowerCase() + name.slice(1)
    return { kind: 'slot', slot, form: form.toLowerCase(), isCapital: slot !== name || /^[A-Z]/.test(form) }
  }

  private phrase(): Node {
    const name = this.match(/\$(\w+)/y).slice(1)
    if (!Object.hasOwn(PHRASES, name)) this.fail(`there is no phrase $${name}`)
    return { kind: 'choice', of: alternatives(PHRASES[name]) }
  }

  private braces(): Node {
    this.at++
    const sign = this.source[this.at]
    if (sign === '!') {
      const flag = this.match(/!(\w+)\}/y).slice(1, -1)
      return { kind: 'set', flag }
    }
    const flag = sign === '?' ? this.match(/\?(\w+):/y).slice(1, -1) : undefined
    const of = [this.sequence()]
    while (this.source[this.at] === '|') {
      this.at++
      of.push(this.sequence())
    }
    if (this.source[this.at++] !== '}') this.fail('a brace is not closed')
    if (flag === undefined) return { kind: 'choice', of }
    if (of.length > 2) this.fail(`{?${flag}: has more than two branches`)
    return { kind: 'if', flag, yes: of[0], no: of[1] ?? [] }
  }

  private match(pattern: RegExp): string
  private match(pattern: RegExp, groups: true): RegExpExecArray
  private match(pattern: RegExp, groups = false): string | RegExpExecArray {
    pattern.lastIndex = this.at
    const match = pattern.exec(this.source)
    if (match === null)
      return this.fail(`nothing understood at '${this.source.slice(this.at, this.at + 20)}'`)
    this.at = pattern.lastIndex
    return groups ? match : match[0]
  }

  private fail(why: string): never {
    throw new Error(`Template: ${why}, in: ${this.source}`)
  }
}

/** a|b|c outside of braces, each parsed. */
function alternatives(source: string): (readonly Node[])[] {
  const [node] = template(`{${source}}`)
  if (node.kind !== 'choice') throw new Error('unreachable: braces without a sign are a choice')
  return [...node.of]
}

/**
 * The last touch on a text: "a" becomes "an" before a vowel that is heard, and sentences begin with a capital. After `!"`
 * and `?"` a sentence may go on ("Help!" cried Tom), so there the template says what it wants.
 */
export function polish(text: string): string {
  return text
    .replace(/\b([Aa]) (?=[aeiou](?!ni[cfqv]|s[eu]|ne\b|uro)|hour\b|honest)/g, '$1n ')
    .replace(/(?:(?:^|[.!?] |[.]" |\n)"?|[!?]" ")[a-z]/g, (match) => match.toUpperCase())
}

/** "an apple", "a pear". */
export function withArticle(noun: string): string {
  return polish(`x a ${noun}`).slice(2)
}

export function capitalized(text: string): string {
  return text === '' ? text : text[0].toUpperCase() + text.slice(1)
}
