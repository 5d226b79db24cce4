import { floatsFromBytes } from './decode-float.js'
import { FormatError, quote } from './error.js'
import { type GgufArray, type GgufHeader, type GgufValue, readGgufHeader } from './gguf-header.js'
import type { TensorInfo } from './gguf-tensors.js'
import { matrixType, type QuantizedMatrix, SourceMatrix } from './quantized-matrix.js'
import { type ByteSource, type ByteSourceInput, openByteSource } from './source.js'

export interface OpenOptions {
  /** Stops the opening; the promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal
}

/**
 * Opens a GGUF file: reads its header and checks that every tensor lies inside the file. No weights are read.
 * @param input path or `file:` URL (Node), bytes, Blob, or a ByteSource, which the result closes when it is closed
 * @throws FormatError saying what is wrong with the file and where
 */
export async function openGguf(input: ByteSourceInput, options: OpenOptions = {}): Promise<GgufFile> {
  options.signal?.throwIfAborted()
  const source = await openByteSource(input)
  try {
    return new GgufFile(source, await readGgufHeader(source, options.signal))
  } catch (error) {
    // A source that the caller made stays the caller's when opening fails.
    if (source !== input) await source.close()
    throw error
  }
}

/** An open GGUF file. Made by `openGguf`. */
export class GgufFile {
  /** Path, or what the source calls itself. */
  readonly name: string
  /** Bytes of the whole file. */
  readonly size: number
  readonly version: number
  readonly alignment: number
  readonly metadata: ReadonlyMap<string, GgufValue>
  /** In the order of the header. */
  readonly tensors: ReadonlyMap<string, TensorInfo>
  readonly #source: ByteSource

  constructor(source: ByteSource, header: GgufHeader) {
    this.name = source.name
    this.size = source.size
    this.version = header.version
    this.alignment = header.alignment
    this.metadata = header.metadata
    this.tensors = header.tensors
    this.#source = source
  }

  /** @throws FormatError when there is no such tensor */
  tensor(name: string): TensorInfo {
    const info = this.tensors.get(name)
    if (info !== undefined) return info
    const parts = this.optionalNumber('split.count') ?? 1
    const hint = parts > 1 ? ` (it is one of ${parts} parts; merge them with llama-gguf-split --merge)` : ''
    throw new FormatError(this.name, `has no tensor ${quote(name)}${hint}`)
  }

  /**
   * The tensor as a matrix that is read by rows; nothing is read yet.
   * @throws FormatError when there is no such tensor or its type is not supported
   */
  matrix(name: string): QuantizedMatrix {
    const { type, shape, offset } = this.tensor(name)
    return new SourceMatrix(this.#source, offset, name, matrixType(this.name, name, type), ...shape)
  }

  /**
   * All numbers of an F32, F16 or BF16 tensor, row-major; exact.
   * @throws FormatError for other types
   */
  async floats(name: string): Promise<Float32Array> {
    const { type, offset, byteLength } = this.tensor(name)
    if (type !== 'F32' && type !== 'F16' && type !== 'BF16') {
      throw new FormatError(
        this.name,
        `tensor ${quote(name)} is ${type}, but F32, F16 or BF16 is needed here`,
      )
    }
    const bytes = new Uint8Array(byteLength)
    await this.#source.read(offset, bytes)
    return floatsFromBytes(type, bytes)
  }

  /** A number from the metadata; an error when it is absent, not a number, or too large to be exact. */
  number(key: string): number {
    return this.optionalNumber(key) ?? this.#missing(key)
  }

  /** As `number`, but undefined when the key is absent. */
  optionalNumber(key: string): number | undefined {
    return this.#typed(key, 'a number', (value) => typeof value === 'number')
  }

  string(key: string): string {
    return this.optionalString(key) ?? this.#missing(key)
  }

  optionalString(key: string): string | undefined {
    return this.#typed(key, 'a string', (value) => typeof value === 'string')
  }

  optionalBoolean(key: string): boolean | undefined {
    return this.#typed(key, 'a boolean', (value) => typeof value === 'boolean')
  }

  strings(key: string): readonly string[] {
    return this.optionalStrings(key) ?? this.#missing(key)
  }

  optionalStrings(key: string): readonly string[] | undefined {
    return this.#typed(key, 'an array of strings', (value) => Array.isArray(value))
  }

  /** An array of numbers, as the typed array that its stored type suggests. */
  optionalNumbers(key: string): NumberArray | undefined {
    return this.#typed(key, 'an array of numbers', isNumberArray)
  }

  /** Releases the file. Matrices made from it can no longer be read. */
  close(): Promise<void> {
    return this.#source.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #typed<T extends GgufValue>(
    key: string,
    what: string,
    is: (value: GgufValue) => value is T,
  ): T | undefined {
    const value = this.metadata.get(key)
    if (value === undefined || is(value)) return value
    throw new FormatError(
      this.name,
      `metadata key ${quote(key)} is ${describe(value)}, but ${what} is needed`,
    )
  }

  #missing(key: string): never {
    throw new FormatError(this.name, `metadata key ${quote(key)} is missing; convert the model again`)
  }
}

/** Arrays of anything but strings and 64-bit integers. */
export type NumberArray = Exclude<GgufArray, readonly string[] | BigInt64Array | BigUint64Array>

function isNumberArray(value: GgufValue): value is NumberArray {
  return ArrayBuffer.isView(value) && !(value instanceof BigInt64Array || value instanceof BigUint64Array)
}

function describe(value: GgufValue): string {
  if (typeof value === 'string') return `the string ${quote(value)}`
  if (typeof value !== 'object') return `the ${typeof value} ${value}`
  return Array.isArray(value) ? 'an array of strings' : `a ${value.constructor.name}`
}
