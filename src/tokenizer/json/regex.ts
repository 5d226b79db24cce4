import { caseVariants, escaped } from './regex-char.js'
import { readClass, readProperty, SHORTHANDS } from './regex-class.js'

/**
 * Translates an expression of Oniguruma (Ruby's syntax, as Hugging Face's `tokenizers` uses it) to one of JavaScript
 * with the flag v. Groups do not capture in the result. What has no equivalent is an error that says so; one thing
 * differs without a sign: ignoring case, Oniguruma also takes ß for ss and the like.
 *
 * Expressions are the file's: one that backtracks without end (`(a+)+b`) does so here too.
 */
export function translateRegex(source: string): string {
  const translated = new Translator(source).all()
  return translated
}

const MAX_NESTING = 100
const QUANTIFIER = /[?*+]|\{(?:\d+(?:,\d*)?|,\d+)\}/y
/** Outside of classes, Oniguruma takes the superscripts and fractions of Latin-1 for letters of words. */
const WORD = `${SHORTHANDS.w}\\u{B2}\\u{B3}\\u{B9}\\u{BC}-\\u{BE}`
const NO_OPTIONS = { ignoreCase: false, dotAll: false, extended: false }
type Options = typeof NO_OPTIONS

class Translator {
  private readonly source: string
  private at = 0
  private depth = 0
  private atomics = 0

  constructor(source: string) {
    this.source = source
  }

  all(): string {
    const out = this.alternatives({ ...NO_OPTIONS })
    if (this.at < this.source.length) throw new Error(`has a ) too many at ${this.at}`)
    return out
  }

  private alternatives(options: Options): string {
    if (++this.depth > MAX_NESTING) throw new Error(`nests groups deeper than ${MAX_NESTING}`)
    // (?i) without a colon holds to the end of the group it stands in.
    const local = { ...options }
    let out = ''
    while (this.at < this.source.length && this.source[this.at] !== ')') {
      if (this.source[this.at] === '|') {
        out += '|'
        this.at++
      } else out += this.term(local)
    }
    this.depth--
    return out
  }

  /** An atom with its quantifiers. */
  private term(options: Options): string {
    const start = this.at
    let { out, isChar } = this.atom(options)
    for (;;) {
      QUANTIFIER.lastIndex = this.at
      const quantifier = QUANTIFIER.exec(this.source)?.[0]
      if (!quantifier) return out
      if (out === '') throw new Error(`has nothing to repeat at ${start}`)
      this.at += quantifier.length
      const isBraces = quantifier.startsWith('{')
      const repeat = quantifier.startsWith('{,') ? `{0${quantifier.slice(1)}` : quantifier
      const next = this.source[this.at]
      if (next === '+' && !isBraces) {
        this.at++
        out = isChar ? possessive(out, repeat) : this.atomic(out + repeat)
      } else if (next === '?' && !/^\{\d+\}$/.test(quantifier)) {
        this.at++
        out = `${out}${repeat}?`
      } else out += repeat
      out = `(?:${out})`
      isChar = false
    }
  }

  /** @returns the atom, and whether it always takes exactly one character */
  private atom(options: Options): { out: string; isChar: boolean } {
    const char = String.fromCodePoint(this.source.codePointAt(this.at)!)
    const assertion = (out: string) => ({ out: `(?:${out})`, isChar: false })
    if (options.extended && (/\s/.test(char) || char === '#')) {
      const rest = char === '#' ? this.source.slice(this.at).search(/\n/) : 0
      this.at = rest < 0 ? this.source.length : this.at + rest + 1
      return { out: '', isChar: false }
    }
    switch (char) {
      case '(':
        return this.group(options)
      case '[': {
        const { out, end } = readClass(this.source, this.at, options.ignoreCase)
        this.at = end
        return { out, isChar: true }
      }
      case '\\':
        return this.escape(options)
      case '.':
        this.at++
        return { out: options.dotAll ? '[^]' : '[^\\n]', isChar: true }
      case '^':
        this.at++
        return assertion('(?<![^\\n])')
      case '$':
        this.at++
        return assertion('(?![^\\n])')
      case '?':
      case '*':
      case '+':
        throw new Error(`has nothing to repeat at ${this.at}`)
      default:
        this.at += char.length
        return { out: options.ignoreCase ? caseVariants(char) : escaped(char), isChar: true }
    }
  }

  private group(options: Options): { out: string; isChar: boolean } {
    const rest = this.source.slice(this.at)
    const comment = /^\(\?#[^)]*\)/.exec(rest)
    if (comment) {
      this.at += comment[0].length
      return { out: '', isChar: false }
    }
    const flags = /^\(\?([imx]*)(?:-([imx]+))?([:)])/.exec(rest)
    if (flags && flags[0] !== '(?)') {
      this.at += flags[0].length
      const changed = flags[3] === ')' ? options : { ...options }
      for (const [letters, value] of [
        [flags[1] ?? '', true],
        [flags[2] ?? '', false],
      ] as const) {
        if (letters.includes('i')) changed.ignoreCase = value
        if (letters.includes('m')) changed.dotAll = value
        if (letters.includes('x')) changed.extended = value
      }
      return flags[3] === ')' ? { out: '', isChar: false } : this.inside('(?:', changed)
    }
    const kind = /^\((?:\?(?:[=!]|<[=!]|>|<[A-Za-z_]\w*>|'[A-Za-z_]\w*'))?/.exec(rest)![0]
    if (kind === '(' && rest.startsWith('(?'))
      throw new Error(
        `has ${JSON.stringify(rest.slice(0, 4))} at ${this.at}, which JavaScript has no equivalent of`,
      )
    this.at += kind.length
    if (kind === '(?>') return { out: this.atomic(this.inside('(?:', options).out), isChar: false }
    const isLook = /[=!]$/.test(kind)
    const { out } = this.inside(isLook ? kind : '(?:', options)
    // A lookaround cannot be repeated in JavaScript.
    return { out: isLook ? `(?:${out})` : out, isChar: false }
  }

  private inside(opening: string, options: Options): { out: string; isChar: boolean } {
    const start = this.at
    const out = this.alternatives(options)
    if (this.source[this.at] !== ')') throw new Error(`has a group without an end, before ${start}`)
    this.at++
    return { out: `${opening}${out})`, isChar: false }
  }

  private escape(options: Options): { out: string; isChar: boolean } {
    const letter = this.source[this.at + 1]
    const assertions: Record<string, string> = {
      A: '(?<![^])',
      z: '(?![^])',
      Z: '(?=\\n?(?![^]))',
      b: `(?:(?<=[${WORD}])(?![${WORD}])|(?<![${WORD}])(?=[${WORD}]))`,
      B: `(?:(?<=[${WORD}])(?=[${WORD}])|(?<![${WORD}])(?![${WORD}]))`,
    }
    if (letter !== undefined && Object.hasOwn(assertions, letter)) {
      this.at += 2
      return { out: `(?:${assertions[letter]})`, isChar: false }
    }
    if (letter === 'R') {
      this.at += 2
      return { out: this.atomic('(?:\\r\\n|[\\n-\\r\\u0085\\u2028\\u2029])'), isChar: false }
    }
    if (letter === 'w' || letter === 'W') {
      this.at += 2
      return { out: `[${letter === 'w' ? '' : '^'}${WORD}]`, isChar: true }
    }
    const { out, end, char } = readProperty(this.source, this.at)
    this.at = end
    if (char !== undefined && options.ignoreCase) return { out: caseVariants(char), isChar: true }
    return { out: char === undefined ? `[${out}]` : out, isChar: true }
  }

  /** What a lookahead has matched is not given up again: an atomic group, by a back-reference to it. */
  private atomic(out: string): string {
    const name = `atomic${this.atomics++}`
    return `(?:(?=(?<${name}>${out}))\\k<${name}>)`
  }
}

/** For a single character c, c++ is c+ that no other c follows. */
function possessive(char: string, quantifier: string): string {
  return quantifier === '?' ? `(?:${char}|(?!${char}))` : `${char}${quantifier}(?!${char})`
}
