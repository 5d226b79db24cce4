/** Parts that a tokenizer.json may have in all, and how deep they may lie in each other; real files have some 20, 3 deep. */
const MAX_PARTS = 1000
const MAX_DEPTH = 32

/** A value of a parsed tokenizer.json with the key that it stands at, so that every error names it. */
export class Field {
  readonly key: string
  readonly value: unknown

  constructor(key: string, value: unknown) {
    this.key = key
    this.value = value
  }

  /** Whether there is something here: in these files null is the same as nothing. */
  get exists(): boolean {
    return this.value !== undefined && this.value !== null
  }

  /** The entry of an object; one that does not exist if there is none. */
  get(name: string): Field {
    const object = this.object()
    return new Field(
      this.key === '' ? name : `${this.key}.${name}`,
      Object.hasOwn(object, name) ? object[name] : undefined,
    )
  }

  object(): Record<string, unknown> {
    if (typeof this.value !== 'object' || this.value === null || Array.isArray(this.value))
      this.fail('an object')
    return this.value as Record<string, unknown>
  }

  array(): readonly unknown[] {
    if (!Array.isArray(this.value)) this.fail('an array')
    return this.value as readonly unknown[]
  }

  items(): Field[] {
    return this.array().map((item, i) => new Field(`${this.key}[${i}]`, item))
  }

  string(): string {
    if (typeof this.value !== 'string') this.fail('a string')
    return this.value as string
  }

  /** @param fallback what holds where there is nothing; without it a flag is required */
  flag(fallback?: boolean): boolean {
    if (!this.exists && fallback !== undefined) return fallback
    if (typeof this.value !== 'boolean') this.fail('true or false')
    return this.value as boolean
  }

  /** A whole number from `least` to `most`. */
  integer(least: number, most: number, fallback?: number): number {
    if (!this.exists && fallback !== undefined) return fallback
    const { value } = this
    if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most)
      this.fail(`a whole number from ${least} to ${most}`)
    return value as number
  }

  /** One of `names`. */
  oneOf<Name extends string>(names: readonly Name[], fallback?: Name): Name {
    if (!this.exists && fallback !== undefined) return fallback
    if (!names.includes(this.value as Name)) this.fail(`one of ${names.join(', ')}`)
    return this.value as Name
  }

  /** @throws Error naming the key and what stands there */
  fail(expected: string): never {
    throw this.error(`should be ${expected}, it is ${describe(this.value)}`)
  }

  error(fault: string, cause?: unknown): Error {
    return new Error(
      `tokenizer.json: ${this.key || 'the file'}${fault.startsWith('[') ? '' : ' '}${fault}`,
      cause === undefined ? {} : { cause },
    )
  }
}

/** A value in few words. */
export function describe(value: unknown): string {
  if (value === undefined) return 'missing'
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (typeof value === 'object') return value === null ? 'null' : 'an object'
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value)
  return `${typeof value} ${text.length > 60 ? `${text.slice(0, 60)}…` : text}`
}

/** How to make the part that `type` names. */
export type Makers<Part> = Readonly<Record<string, (field: Field, parts: PartReader<Part>) => Part>>

/** Reads normalizers, pre-tokenizers and so on: objects with a `type`, which may hold others. */
export class PartReader<Part> {
  private readonly kind: string
  private readonly makers: Makers<Part>
  private read = 0
  private depth = 0

  /** @param kind what the parts are, for errors */
  constructor(kind: string, makers: Makers<Part>) {
    this.kind = kind
    this.makers = makers
  }

  /** @throws Error for a type that is not known: leaving it out would give wrong tokens without any sign of it */
  part(field: Field): Part {
    // An object handed over may hold itself, or the same parts again and again.
    if (++this.read > MAX_PARTS) throw field.error(`is one ${this.kind} too many: more than ${MAX_PARTS}`)
    if (++this.depth > MAX_DEPTH) throw field.error(`lies too deep: more than ${MAX_DEPTH} levels`)
    const type = field.get('type').string()
    if (!Object.hasOwn(this.makers, type))
      throw field
        .get('type')
        .error(`is ${JSON.stringify(type)}, a ${this.kind} that is not supported; known are: ${this.known()}`)
    const part = this.makers[type]!(field, this)
    this.depth--
    return part
  }

  /** The parts of a Sequence. */
  sequence(field: Field): Part[] {
    return field.items().map((item) => this.part(item))
  }

  private known(): string {
    return Object.keys(this.makers).join(', ')
  }
}
