import { caseVariants, escaped } from './regex-char.js'

/** Contents of classes, for the flag v: Oniguruma's shorthands are Unicode's. */
export const SHORTHANDS: Readonly<Record<string, string>> = {
  d: '\\p{Nd}',
  s: '\\p{White_Space}',
  w: '\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}',
  h: '0-9A-Fa-f',
}

/** POSIX brackets, and properties that Oniguruma knows under these names. */
const POSIX: Readonly<Record<string, string>> = {
  alnum: '\\p{Alphabetic}\\p{Nd}',
  alpha: '\\p{Alphabetic}',
  ascii: '\\u{0}-\\u{7F}',
  blank: '\\p{Zs}\\t',
  cntrl: '\\p{Cc}',
  digit: '\\p{Nd}',
  graph: '[^\\p{White_Space}\\p{Cc}\\p{Cn}\\p{Cs}]',
  lower: '\\p{Lowercase}',
  print: '[^\\p{Cc}\\p{Cn}\\p{Cs}\\p{Zl}\\p{Zp}]',
  punct: '\\p{P}\\p{S}',
  space: '\\p{White_Space}',
  upper: '\\p{Uppercase}',
  word: '\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}',
  xdigit: '0-9A-Fa-f',
}

const CONTROLS: Readonly<Record<string, number>> = { n: 10, t: 9, r: 13, f: 12, v: 11, a: 7, e: 27, 0: 0 }
const MAX_NESTING = 20
/** Ranges up to this many characters are spelled out where case is ignored. */
const MAX_RANGE = 1000

interface Item {
  /** For a class with the flag v. */
  readonly out: string
  readonly end: number
  /** The character, where it is a single one. */
  readonly char?: string
}

/** The escape at `at`. @throws Error for one that stands for no set of characters, or is unknown */
export function readProperty(source: string, at: number): Item {
  const rest = source.slice(at, at + 80)
  const property = /^\\([pP])\{(\^?)([^}]*)\}/.exec(rest)
  if (property) {
    const [whole, letter, caret, name] = property
    const isNegated = (letter === 'P') !== (caret === '^')
    const content = propertyContent(name!)
    return { out: isNegated ? `[^${content}]` : content, end: at + whole.length }
  }
  const hex =
    /^\\(?:x\{([0-9A-Fa-f]{1,6})\}|x([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{4})|u\{([0-9A-Fa-f]{1,6})\})/.exec(rest)
  if (hex) {
    const codePoint = Number.parseInt(hex[1] ?? hex[2] ?? hex[3] ?? hex[4]!, 16)
    if (codePoint > 0x10ffff) throw new Error(`has ${hex[0]} at ${at}, which is no character`)
    return single(String.fromCodePoint(codePoint), at + hex[0].length)
  }
  const letter = rest[1]
  if (letter === undefined) throw new Error('ends with \\')
  const shorthand = SHORTHANDS[letter.toLowerCase()]
  if (shorthand) return { out: letter === letter.toLowerCase() ? shorthand : `[^${shorthand}]`, end: at + 2 }
  if (Object.hasOwn(CONTROLS, letter) && !/^\\0[0-7]/.test(rest))
    return single(String.fromCodePoint(CONTROLS[letter]!), at + 2)
  if (/[A-Za-z0-9]/.test(letter))
    throw new Error(`has \\${letter} at ${at}, which JavaScript has no equivalent of`)
  const char = String.fromCodePoint(source.codePointAt(at + 1)!)
  return single(char, at + 1 + char.length)
}

/** The class at `at`, where a [ stands. */
export function readClass(source: string, at: number, ignoreCase: boolean, depth = 0): Item {
  if (depth > MAX_NESTING) throw new Error(`nests classes deeper than ${MAX_NESTING}`)
  const isNegated = source[at + 1] === '^'
  const start = at + (isNegated ? 2 : 1)
  let i = start
  // Operands of &&, each a union.
  const operands = ['']
  const add = (content: string) => {
    operands[operands.length - 1] += content
  }
  // A ] that comes first is one of the characters.
  while (source[i] !== ']' || i === start) {
    if (i >= source.length) throw new Error(`has a class without an end, at ${at}`)
    if (source.startsWith('&&', i)) {
      operands.push('')
      i += 2
      continue
    }
    const posix = /^\[:(\^?)([a-z]+):\]/.exec(source.slice(i, i + 20))
    if (posix) {
      const content = Object.hasOwn(POSIX, posix[2]!) ? POSIX[posix[2]!]! : undefined
      if (!content) throw new Error(`has ${posix[0]} at ${i}, which is unknown`)
      add(posix[1] ? `[^${content}]` : content)
      i += posix[0].length
      continue
    }
    if (source[i] === '[') {
      const inner = readClass(source, i, ignoreCase, depth + 1)
      add(inner.out)
      i = inner.end
      continue
    }
    const from = readItem(source, i)
    const isRange = from.char !== undefined && source[from.end] === '-' && source[from.end + 1] !== ']'
    const to = isRange ? readItem(source, from.end + 1) : undefined
    if (to?.char !== undefined) {
      add(range(from.char!, to.char, ignoreCase))
      i = to.end
    } else {
      if (ignoreCase && /\\p\{(?:Lu|Ll|Lt|Uppercase|Lowercase)\}/.test(from.out))
        throw new Error(`has ${from.out} at ${i} where case is ignored, which is not supported`)
      add(from.char !== undefined && ignoreCase ? caseVariants(from.char) : from.out)
      i = from.end
    }
  }
  const content = operands.length === 1 ? operands[0]! : operands.map((operand) => `[${operand}]`).join('&&')
  return { out: `[${isNegated ? '^' : ''}${content}]`, end: i + 1 }
}

function readItem(source: string, at: number): Item {
  if (source[at] === '\\') {
    if (source[at + 1] === 'b') return single('\b', at + 2)
    return readProperty(source, at)
  }
  const char = String.fromCodePoint(source.codePointAt(at)!)
  return single(char, at + char.length)
}

function range(from: string, to: string, ignoreCase: boolean): string {
  const first = from.codePointAt(0)!
  const last = to.codePointAt(0)!
  if (first > last) throw new Error(`has the empty range ${from}-${to}`)
  const out = `${escaped(from)}-${escaped(to)}`
  if (!ignoreCase) return out
  if (last - first > MAX_RANGE)
    throw new Error(`has the range ${from}-${to} where case is ignored, which is too long for that`)
  return (
    out +
    Array.from({ length: last - first + 1 }, (_, i) => caseVariants(String.fromCodePoint(first + i))).join('')
  )
}

const single = (char: string, end: number): Item => ({ out: escaped(char), end, char })

/** Oniguruma does not care for case, spaces, - and _ in names, and needs no `Script=`. */
function propertyContent(name: string): string {
  const plain = name.replace(/[\s_-]/g, '').toLowerCase()
  // The bracket of this name holds symbols too, the property does not.
  if (plain === 'punct') return '\\p{P}'
  if (Object.hasOwn(POSIX, plain)) return POSIX[plain]!
  const words = name
    .trim()
    .split(/[\s_-]+/)
    .map((word) => (word === '' ? '' : word[0]!.toUpperCase() + word.slice(1).toLowerCase()))
    .join('_')
  for (const candidate of [name, words, `Script=${words}`])
    if (/^[\w=]+$/.test(candidate) && isProperty(candidate)) return `\\p{${candidate}}`
  throw new Error(`has \\p{${name}}, a property that JavaScript does not know`)
}

function isProperty(name: string): boolean {
  try {
    // A property of strings would match more than one character.
    return !new RegExp(`\\p{${name}}`, 'v').test('') && new RegExp(`[^\\p{${name}}]`, 'v') instanceof RegExp
  } catch {
    return false
  }
}
