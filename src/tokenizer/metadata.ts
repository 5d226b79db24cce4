/**
 * GGUF metadata as any reader may hand it over: key → value, arrays plain or typed, integers number or
 * bigint.
 */
export type Metadata = ReadonlyMap<string, unknown>

const article = (value: unknown) =>
  Array.isArray(value) || ArrayBuffer.isView(value) ? 'an array' : `${typeof value} ${String(value)}`

/** The string at `key`, or undefined where there is none. @throws Error if it is something else */
export function stringAt(metadata: Metadata, key: string): string | undefined {
  const value = metadata.get(key)
  if (value === undefined || typeof value === 'string') return value
  throw new Error(`GGUF metadata: ${key} should be a string, it is ${article(value)}`)
}

/** The flag at `key`, or undefined where there is none. @throws Error if it is something else */
export function flagAt(metadata: Metadata, key: string): boolean | undefined {
  const value = metadata.get(key)
  if (value === undefined || typeof value === 'boolean') return value
  throw new Error(`GGUF metadata: ${key} should be a boolean, it is ${article(value)}`)
}

/** The token id at `key`, or undefined where there is none. @throws Error if it is no id below `vocabSize` */
export function idAt(metadata: Metadata, key: string, vocabSize: number): number | undefined {
  const value = metadata.get(key)
  if (value === undefined) return undefined
  const id = typeof value === 'bigint' ? Number(value) : value
  if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id >= vocabSize)
    throw new Error(
      `GGUF metadata: ${key} should be one of the ${vocabSize} token ids, it is ${article(value)}; the file is damaged or was converted wrongly`,
    )
  return id
}

/** The strings at `key`. @throws Error if they are missing or something else */
export function stringsAt(metadata: Metadata, key: string): readonly string[] {
  const value = metadata.get(key)
  if (value === undefined)
    throw new Error(
      `GGUF metadata: ${key} is missing; the file holds no usable tokenizer, convert the model again`,
    )
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string'))
    throw new Error(`GGUF metadata: ${key} should be an array of strings, it is ${article(value)}`)
  return value
}

/** `length` numbers at `key`, or undefined where there are none. @throws Error on another type or length */
export function numbersAt(metadata: Metadata, key: string, length: number): ArrayLike<number> | undefined {
  const value = metadata.get(key)
  if (value === undefined) return undefined
  const isArray = Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView))
  if (!isArray)
    throw new Error(`GGUF metadata: ${key} should be an array of numbers, it is ${article(value)}`)
  const numbers = Array.from(value as ArrayLike<unknown>, (item) =>
    typeof item === 'bigint' ? Number(item) : item,
  )
  if (!numbers.every((item): item is number => typeof item === 'number'))
    throw new Error(`GGUF metadata: ${key} should hold numbers only`)
  if (numbers.length !== length)
    throw new Error(`GGUF metadata: ${key} has ${numbers.length} entries for ${length} tokens`)
  return numbers
}
