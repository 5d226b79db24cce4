import { FormatError, quote } from './error.js'
import { resolveTensors, type TensorDeclaration, type TensorInfo } from './gguf-tensors.js'
import { HeaderCursor, NeedBytes } from './header-cursor.js'
import type { ByteSource } from './source.js'

export type GgufArray =
  | readonly string[]
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | BigUint64Array
  | BigInt64Array
  | Float32Array
  | Float64Array

/** A metadata value; 64-bit integers are numbers where that is exact. Arrays of booleans are bytes 0 and 1. */
export type GgufValue = number | bigint | boolean | string | GgufArray

export interface GgufHeader {
  readonly version: number
  readonly metadata: ReadonlyMap<string, GgufValue>
  readonly tensors: ReadonlyMap<string, TensorInfo>
  /** Bytes; tensor data starts at a multiple of it. */
  readonly alignment: number
}

const FIRST_READ = 2 ** 18
const DEFAULT_ALIGNMENT = 32
/** Keys are at most 65535 bytes by the specification; tensor names get the same bound. */
const MAX_NAME_CHARACTERS = 65535
const MAX_DIMS = 4
/** Far above any real model; what is kept of a tensor or key takes more memory than its bytes in the header. */
const MAX_TENSORS = 2 ** 20
const MAX_PAIRS = 2 ** 16
/** Least bytes of a key-value pair (length, type, one byte) and of a tensor's declaration. */
const MIN_PAIR = 13
const MIN_TENSOR = 24
/** A string's length takes eight bytes. */
const MIN_STRING = 8
const MAX_ALIGNMENT = 2 ** 30
/** Ids of value types. */
const BOOL = 7
const STRING = 8
const ARRAY = 9

type Scalar = (cursor: HeaderCursor) => number | bigint | boolean | string
type ArrayOf = (buffer: ArrayBuffer) => GgufArray
type ValueType = readonly [name: string, bytes: number, one: Scalar, many: ArrayOf]
/** Value types of fixed length, by id. */
const VALUE_TYPES: Readonly<Record<number, ValueType>> = {
  0: ['u8', 1, (c) => c.u8(), (b) => new Uint8Array(b)],
  1: ['i8', 1, (c) => c.i8(), (b) => new Int8Array(b)],
  2: ['u16', 2, (c) => c.u16(), (b) => new Uint16Array(b)],
  3: ['i16', 2, (c) => c.i16(), (b) => new Int16Array(b)],
  4: ['u32', 4, (c) => c.u32(), (b) => new Uint32Array(b)],
  5: ['i32', 4, (c) => c.i32(), (b) => new Int32Array(b)],
  6: ['f32', 4, (c) => c.f32(), (b) => new Float32Array(b)],
  [BOOL]: ['bool', 1, (c) => c.bool(), (b) => new Uint8Array(b)],
  10: ['u64', 8, (c) => c.u64(), (b) => new BigUint64Array(b)],
  11: ['i64', 8, (c) => c.i64(), (b) => new BigInt64Array(b)],
  12: ['f64', 8, (c) => c.f64(), (b) => new Float64Array(b)],
}

/**
 * Reads and checks the header of a GGUF file, version 2 or 3, little-endian: the first 256 KiB, then as much more
 * as it needs. Nothing in it is trusted: every count is bounded by the file's size, every tensor range is inside
 * the file, and names are unique. Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 * @throws FormatError for anything else than a valid header; the signal's reason when aborted
 */
export async function readGgufHeader(source: ByteSource, signal?: AbortSignal): Promise<GgufHeader> {
  if (new Uint8Array(new Uint16Array([1]).buffer)[0] !== 1) {
    throw new FormatError(
      source.name,
      'cannot be read on a big-endian machine; typed arrays would be misread',
    )
  }
  const parser = new HeaderParser(new HeaderCursor(source.name, source.size))
  let prefix = new Uint8Array(0)
  for (let wanted = FIRST_READ; wanted > 0; wanted = parser.advance()) {
    signal?.throwIfAborted()
    const longer = new Uint8Array(Math.min(source.size, Math.max(wanted, 2 * prefix.byteLength)))
    longer.set(prefix)
    await abortable(source.read(prefix.byteLength, longer.subarray(prefix.byteLength)), signal)
    prefix = longer
    parser.cursor.extend(prefix)
  }
  signal?.throwIfAborted()
  return parser.finish()
}

class HeaderParser {
  readonly cursor: HeaderCursor
  readonly #metadata = new Map<string, GgufValue>()
  readonly #tensors = new Map<string, TensorDeclaration>()
  #version = 0
  #pairCount = 0
  #tensorCount = 0

  constructor(cursor: HeaderCursor) {
    this.cursor = cursor
  }

  /** Parses what the buffer holds. Returns the prefix length needed to go on, 0 when the header is complete. */
  advance(): number {
    const { cursor } = this
    let start = cursor.position
    try {
      if (this.#version === 0) this.#start()
      while (this.#metadata.size < this.#pairCount) {
        start = cursor.position
        this.#pair()
      }
      while (this.#tensors.size < this.#tensorCount) {
        start = cursor.position
        this.#tensor()
      }
      return 0
    } catch (error) {
      if (!(error instanceof NeedBytes)) throw error
      cursor.position = start
      return error.end
    }
  }

  finish(): GgufHeader {
    const { cursor } = this
    const alignment = this.#metadata.get('general.alignment') ?? DEFAULT_ALIGNMENT
    if (!isPowerOfTwo(alignment)) {
      throw new FormatError(
        cursor.file,
        `metadata key "general.alignment" is not a power of two up to ${MAX_ALIGNMENT}; the file is damaged`,
      )
    }
    const dataStart = Math.ceil(cursor.position / alignment) * alignment
    const tensors = resolveTensors(
      cursor.file,
      cursor.size,
      [...this.#tensors.values()],
      dataStart,
      alignment,
    )
    return { version: this.#version, metadata: this.#metadata, tensors, alignment }
  }

  #start(): void {
    const { cursor } = this
    const magic =
      cursor.size < 4 ? '' : String.fromCharCode(cursor.u8(), cursor.u8(), cursor.u8(), cursor.u8())
    if (magic !== 'GGUF') throw new FormatError(cursor.file, `is not a GGUF file: ${guessFormat(magic)}`)
    const version = cursor.u32()
    if (version !== 0 && (version & 0xffff) === 0) {
      throw new FormatError(cursor.file, 'is a big-endian GGUF file; convert it with gguf_convert_endian.py')
    }
    if (version !== 2 && version !== 3) {
      throw new FormatError(
        cursor.file,
        `is GGUF version ${version}; versions 2 and 3 can be read: convert the model again`,
      )
    }
    cursor.subject = 'the tensor count'
    this.#tensorCount = cursor.count('tensors', MIN_TENSOR, MAX_TENSORS)
    cursor.subject = 'the metadata count'
    this.#pairCount = cursor.count('key-value pairs', MIN_PAIR, MAX_PAIRS)
    this.#version = version
  }

  #pair(): void {
    const { cursor } = this
    const key = this.#name(`metadata key ${this.#metadata.size + 1} of ${this.#pairCount}`)
    cursor.subject = `metadata key ${quote(key)}`
    if (this.#metadata.has(key)) cursor.fail('occurs twice; the file is damaged')
    this.#metadata.set(key, this.#value(cursor.u32()))
  }

  #value(id: number): GgufValue {
    if (id === ARRAY) return this.#array()
    return id === STRING ? this.cursor.string() : this.#valueType(id)[2](this.cursor)
  }

  #array(): GgufArray {
    const { cursor } = this
    const id = cursor.u32()
    if (id === ARRAY)
      cursor.fail('arrays of arrays are not supported (nor by llama.cpp); convert the model again')
    if (id === STRING) return cursor.strings(cursor.count('strings', MIN_STRING))
    const [name, bytes, , many] = this.#valueType(id)
    const array = many(cursor.copy(cursor.count(`${name} elements`, bytes) * bytes))
    if (id === BOOL && (array as Uint8Array).some((byte) => byte > 1)) {
      cursor.fail('holds booleans other than 0 and 1; the file is damaged')
    }
    return array
  }

  #valueType(id: number): ValueType {
    const type = VALUE_TYPES[id]
    return (
      type ??
      this.cursor.fail(`has the unknown value type ${id}; the file is damaged or newer than this reader`)
    )
  }

  #tensor(): void {
    const { cursor } = this
    const name = this.#name(`tensor ${this.#tensors.size + 1} of ${this.#tensorCount}`)
    cursor.subject = `tensor ${quote(name)}`
    if (this.#tensors.has(name)) cursor.fail('occurs twice; the file is damaged')
    const rank = cursor.u32()
    if (rank > MAX_DIMS) cursor.fail(`has ${rank} dimensions; at most ${MAX_DIMS} are possible`)
    const dims = Array.from({ length: rank }, () => Number(cursor.u64()))
    this.#tensors.set(name, { name, dims, typeId: cursor.u32(), offset: Number(cursor.u64()) })
  }

  #name(subject: string): string {
    const { cursor } = this
    cursor.subject = subject
    const name = cursor.string()
    if (name.length > MAX_NAME_CHARACTERS)
      cursor.fail(`its name has ${name.length} characters; the file is damaged`)
    return name
  }
}

function isPowerOfTwo(value: GgufValue): value is number {
  if (typeof value !== 'number' || !Number.isInteger(value)) return false
  return value >= 1 && value <= MAX_ALIGNMENT && (value & (value - 1)) === 0
}

/** What a file that does not start with GGUF may be, and what to do about it. */
function guessFormat(magic: string): string {
  if (magic === '') return 'it is empty or a few bytes long; download it again'
  if (magic === 'vers') return 'it looks like a Git LFS pointer; fetch the file itself (git lfs pull)'
  if (magic.startsWith('<')) return 'it looks like a web page; the download link was not the file'
  if (magic.startsWith('PK')) return 'it looks like a PyTorch checkpoint; convert it to GGUF first'
  if (/^(lmgg|fmgg|tjgg|algg)$/.test(magic))
    return 'it is a GGML file from before GGUF; convert the model again'
  return `it starts with ${quote(magic)}`
}

function abortable<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason)
    signal.addEventListener('abort', stop, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}
