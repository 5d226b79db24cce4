import type { GgufArray } from './gguf-header.js'

/** Numbers with their GGUF type spelled out. */
type TypedNumber =
  | { readonly u8: number }
  | { readonly i8: number }
  | { readonly u16: number }
  | { readonly i16: number }
  | { readonly u32: number }
  | { readonly i32: number }
  | { readonly u64: number | bigint }
  | { readonly i64: number | bigint }
  | { readonly f32: number }
  | { readonly f64: number }

type NumberArray = Exclude<GgufArray, readonly string[]>

/**
 * A metadata value to be written. A plain number is a u32, as counts and ids are in every model file; all other
 * numbers say what they are: `{ f32: 1e-5 }`. Typed arrays are arrays of their element type.
 */
export type GgufWritable =
  | string
  | boolean
  | number
  | TypedNumber
  | NumberArray
  | readonly string[]
  | { readonly bools: readonly boolean[] }

type NumberTypeName = 'u8' | 'i8' | 'u16' | 'i16' | 'u32' | 'i32' | 'u64' | 'i64' | 'f32' | 'f64'

interface NumberType {
  readonly id: number
  readonly bytes: number
  /** Integers: the smallest and the largest. */
  readonly range?: readonly [least: bigint, most: bigint]
  readonly set: (view: DataView, at: number, value: number | bigint) => void
}

/** Ids: ggml/include/gguf.h `enum gguf_type`. */
const BOOL = 7
const STRING = 8
const ARRAY = 9

const integer = (id: number, bits: number, isSigned: boolean, set: NumberType['set']): NumberType => {
  const low = isSigned ? -(2n ** BigInt(bits - 1)) : 0n
  return { id, bytes: bits / 8, range: [low, low + 2n ** BigInt(bits) - 1n], set }
}

const NUMBERS: Readonly<Record<NumberTypeName, NumberType>> = {
  u8: integer(0, 8, false, (view, at, value) => view.setUint8(at, Number(value))),
  i8: integer(1, 8, true, (view, at, value) => view.setInt8(at, Number(value))),
  u16: integer(2, 16, false, (view, at, value) => view.setUint16(at, Number(value), true)),
  i16: integer(3, 16, true, (view, at, value) => view.setInt16(at, Number(value), true)),
  u32: integer(4, 32, false, (view, at, value) => view.setUint32(at, Number(value), true)),
  i32: integer(5, 32, true, (view, at, value) => view.setInt32(at, Number(value), true)),
  f32: { id: 6, bytes: 4, set: (view, at, value) => view.setFloat32(at, Number(value), true) },
  u64: integer(10, 64, false, (view, at, value) => view.setBigUint64(at, BigInt(value), true)),
  i64: integer(11, 64, true, (view, at, value) => view.setBigInt64(at, BigInt(value), true)),
  f64: { id: 12, bytes: 8, set: (view, at, value) => view.setFloat64(at, Number(value), true) },
}

const ARRAYS = new Map<unknown, NumberTypeName>([
  [Uint8Array, 'u8'],
  [Int8Array, 'i8'],
  [Uint16Array, 'u16'],
  [Int16Array, 'i16'],
  [Uint32Array, 'u32'],
  [Int32Array, 'i32'],
  [BigUint64Array, 'u64'],
  [BigInt64Array, 'i64'],
  [Float32Array, 'f32'],
  [Float64Array, 'f64'],
])

/**
 * Writes a value's type and the value, as in a key-value pair.
 * @throws RangeError for a number that its type does not hold; TypeError for what is no GgufWritable
 */
export function writeValue(out: ByteWriter, value: GgufWritable): void {
  if (typeof value === 'string') {
    out.number('u32', STRING).string(value)
  } else if (typeof value === 'boolean') {
    out.number('u32', BOOL).number('u8', Number(value))
  } else if (typeof value === 'number') {
    writeNumber(out, 'u32', value)
  } else if (Array.isArray(value)) {
    startArray(out, STRING, value.length)
    for (const text of value) out.string(text)
  } else if (ArrayBuffer.isView(value)) {
    const name = [...ARRAYS].find(([kind]) => value instanceof (kind as typeof Uint8Array))?.[1]
    if (name === undefined) throw new TypeError('this kind of array cannot be written')
    startArray(out, NUMBERS[name].id, value.length)
    for (const number of value) out.number(name, number)
  } else if ('bools' in value) {
    startArray(out, BOOL, value.bools.length)
    for (const flag of value.bools) out.number('u8', Number(flag))
  } else {
    const [name, number] = Object.entries(value)[0] ?? []
    if (name === undefined || !Object.hasOwn(NUMBERS, name))
      throw new TypeError(`${JSON.stringify(value)} has no GGUF type`)
    writeNumber(out, name as NumberTypeName, number)
  }
}

function startArray(out: ByteWriter, elementType: number, length: number): void {
  out.number('u32', ARRAY).number('u32', elementType).number('u64', length)
}

function writeNumber(out: ByteWriter, name: NumberTypeName, value: number | bigint): void {
  const { id, range } = NUMBERS[name]
  if (range) {
    const isWhole = typeof value === 'bigint' || Number.isInteger(value)
    if (!isWhole || BigInt(value) < range[0] || BigInt(value) > range[1])
      throw new RangeError(`${value} is no ${name}; say what it is: { f32: ${value} }, say`)
  } else if (typeof value !== 'number') {
    throw new TypeError(`${String(value)} is no ${name}`)
  } else if (name === 'f32' && Number.isFinite(value) && !Number.isFinite(Math.fround(value))) {
    throw new RangeError(`${value} is no f32; it is too large`)
  }
  out.number('u32', id).number(name, value)
}

/** Little-endian bytes, appended to a buffer that grows. */
export class ByteWriter {
  #bytes = new Uint8Array(1024)
  #view = new DataView(this.#bytes.buffer)
  #length = 0
  readonly #utf8 = new TextEncoder()

  /** Appends a number; integers are cut to the type's bits. */
  number(type: NumberTypeName, value: number | bigint): this {
    const { bytes, set } = NUMBERS[type]
    const at = this.#grow(bytes)
    set(this.#view, at, value)
    return this
  }

  bytes(value: Uint8Array): this {
    const at = this.#grow(value.length)
    this.#bytes.set(value, at)
    return this
  }

  /** Appends the length of the text's UTF-8 as a u64, then the UTF-8. */
  string(text: string): this {
    const bytes = this.#utf8.encode(text)
    return this.number('u64', bytes.length).bytes(bytes)
  }

  /** Appends zeros up to a multiple of `alignment`, a power of two. */
  pad(alignment: number): this {
    this.#grow(-this.#length & (alignment - 1))
    return this
  }

  /** A copy of what was written. */
  done(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length)
  }

  /** Makes room, possibly in a new buffer, and returns where it starts. */
  #grow(count: number): number {
    const at = this.#length
    this.#length += count
    if (this.#length > this.#bytes.length) {
      const longer = new Uint8Array(2 * this.#length)
      longer.set(this.#bytes)
      this.#bytes = longer
      this.#view = new DataView(longer.buffer)
    }
    return at
  }
}
