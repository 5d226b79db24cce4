import { FormatError, quote } from './error.js'
import { ByteWriter, type GgufWritable, writeValue } from './gguf-writable.js'
import { rowByteLength, type TensorTypeName, tensorType } from './tensor-types.js'

const VERSION = 3
const ALIGNMENT = 32
const MAX_KEY_BYTES = 65535
/** llama.cpp refuses longer names: GGML_MAX_NAME is 64, and a zero ends them. */
const MAX_TENSOR_NAME_BYTES = 63
const MAX_DIMS = 4

/** A tensor to be written: `rows` of `cols` weights, or all dimensions as a file has them, the row length first. */
export type GgufTensorInput = {
  readonly name: string
  readonly type: TensorTypeName
  /**
   * The tensor as stored. A function is called when it is the tensor's turn, so that only one need be in memory;
   * what it returns is used before the next one is called.
   */
  readonly bytes: Uint8Array | (() => Uint8Array | Promise<Uint8Array>)
} & ({ readonly rows: number; readonly cols: number } | { readonly dims: readonly number[] })

export interface GgufInput {
  /** In the order of the file. `general.alignment` may be 32 only. */
  readonly metadata: Readonly<Record<string, GgufWritable>> | ReadonlyMap<string, GgufWritable>
  readonly tensors: Iterable<GgufTensorInput>
}

export interface WriteOptions {
  /** Stops the writing between two tensors; the promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal
}

/** Takes bytes one after the other. What it is given may be overwritten once `write` is done. */
export interface ByteSink {
  /** Shown in error messages; `(sink)` when absent. */
  readonly name?: string
  write(bytes: Uint8Array): void | Promise<void>
}

/**
 * Writes a GGUF file, version 3, little-endian, aligned to 32 bytes, tensor by tensor.
 *
 * A path is written through a temporary file beside it, which takes its place when all bytes have reached the disk:
 * what was there before stays whole until then, and stays when anything fails.
 * @param target path or `file:` URL (Node), or a sink, which is not closed
 * @returns the file's length in bytes
 * @throws FormatError for names that occur twice or are too long, values that their type does not hold, shapes that
 *   are impossible, byte counts that are not the shape's, and when the file cannot be written
 */
export async function writeGguf(
  target: string | URL | ByteSink,
  input: GgufInput,
  options: WriteOptions = {},
): Promise<number> {
  if (typeof target !== 'string' && !(target instanceof URL)) return writeTo(target, input, options)
  const path = String(target)
  if (typeof process === 'undefined' || !process.versions?.node) {
    throw new FormatError(path, 'paths need Node; in a browser use ggufBytes, or pass a sink')
  }
  const { replaceFile } = await import('./sink-node.js')
  return replaceFile(path, (sink) => writeTo(sink, input, options))
}

/**
 * The file that `writeGguf` writes, in memory.
 * @throws FormatError as `writeGguf`
 */
export async function ggufBytes(
  input: GgufInput,
  options: WriteOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const plan = planFile('(memory)', input)
  const out = new Uint8Array(plan.length)
  let at = 0
  const write = (bytes: Uint8Array) => {
    out.set(bytes, at)
    at += bytes.byteLength
  }
  await writePlan({ name: '(memory)', write }, plan, options)
  return out
}

async function writeTo(sink: ByteSink, input: GgufInput, options: WriteOptions): Promise<number> {
  const plan = planFile(sink.name ?? '(sink)', input)
  await writePlan(sink, plan, options)
  return plan.length
}

/** A file of which everything is known but the tensors' bytes. */
interface FilePlan {
  readonly file: string
  readonly header: Uint8Array
  readonly tensors: readonly Declaration[]
  /** Bytes of the whole file. */
  readonly length: number
}

function planFile(file: string, { metadata, tensors: given }: GgufInput): FilePlan {
  const tensors = Array.from(given, (tensor) => declare(file, tensor))
  const header = headerBytes(file, metadata, tensors)
  const length = tensors.reduce((sum, { byteLength }) => sum + aligned(byteLength), header.byteLength)
  return { file, header, tensors, length }
}

async function writePlan(sink: ByteSink, plan: FilePlan, { signal }: WriteOptions): Promise<void> {
  signal?.throwIfAborted()
  await sink.write(plan.header)
  for (const { name, bytes: given, byteLength } of plan.tensors) {
    signal?.throwIfAborted()
    const bytes = typeof given === 'function' ? await given() : given
    if (bytes.byteLength !== byteLength) {
      throw new FormatError(
        plan.file,
        `tensor ${quote(name)} takes ${byteLength} bytes, not ${bytes.byteLength}`,
      )
    }
    await sink.write(bytes)
    const padding = aligned(byteLength) - byteLength
    if (padding > 0) await sink.write(new Uint8Array(padding))
  }
  signal?.throwIfAborted()
}

interface Declaration extends Pick<GgufTensorInput, 'name' | 'bytes'> {
  readonly dims: readonly number[]
  readonly typeId: number
  readonly byteLength: number
}

function declare(file: string, tensor: GgufTensorInput): Declaration {
  const { name, bytes } = tensor
  const { id, name: typeName, blockSize, blockBytes } = tensorType(tensor.type)
  const dims = 'dims' in tensor ? tensor.dims : [tensor.cols, tensor.rows]
  const fail = (problem: string): never => {
    throw new FormatError(file, `tensor ${quote(name)} ${problem}`)
  }
  const isShape =
    dims.length > 0 && dims.length <= MAX_DIMS && dims.every((n) => Number.isInteger(n) && n > 0)
  if (!isShape)
    fail(`has the impossible dimensions [${dims.join(', ')}]; one to four positive ones are possible`)
  const cols = dims[0]!
  if (cols % blockSize !== 0) {
    fail(`has rows of ${cols} weights, which ${typeName} blocks of ${blockSize} do not divide`)
  }
  const rows = dims.slice(1).reduce((product, n) => product * n, 1)
  const byteLength = rows * rowByteLength({ blockSize, blockBytes }, cols)
  if (!Number.isSafeInteger(byteLength)) fail(`has impossible dimensions: [${dims.join(', ')}]`)
  if (typeof bytes !== 'function' && bytes.byteLength !== byteLength) {
    fail(`takes ${byteLength} bytes as [${dims.join(', ')}] of ${typeName}, not ${bytes.byteLength}`)
  }
  return { name, bytes, dims, typeId: id, byteLength }
}

/** Everything before the first tensor's bytes, padded if there is one. */
function headerBytes(
  file: string,
  metadata: GgufInput['metadata'],
  tensors: readonly Declaration[],
): Uint8Array {
  const pairs = isMap(metadata) ? [...metadata] : Object.entries(metadata)
  const out = new ByteWriter()
  startHeader(out, VERSION, tensors.length, pairs.length)
  for (const [key, value] of pairs) {
    checkName(file, 'metadata key', key, MAX_KEY_BYTES)
    out.string(key)
    try {
      writeValue(out, value)
    } catch (cause) {
      throw new FormatError(file, `metadata key ${quote(key)}: ${(cause as Error).message}`, { cause })
    }
    if (key === 'general.alignment' && value !== ALIGNMENT && (value as { u32?: number }).u32 !== ALIGNMENT) {
      throw new FormatError(file, `metadata key ${quote(key)} must be ${ALIGNMENT}; leave it out`)
    }
  }
  const names = new Set<string>()
  let offset = 0
  for (const { name, dims, typeId, byteLength } of tensors) {
    checkName(file, 'tensor', name, MAX_TENSOR_NAME_BYTES)
    if (names.has(name)) throw new FormatError(file, `tensor ${quote(name)} occurs twice`)
    names.add(name)
    writeDeclaration(out, name, dims, typeId, offset)
    offset += aligned(byteLength)
  }
  return (tensors.length > 0 ? out.pad(ALIGNMENT) : out).done()
}

/** Magic, version and counts. */
export function startHeader(out: ByteWriter, version: number, tensors: number, pairs: number): void {
  out.bytes(new TextEncoder().encode('GGUF')).number('u32', version)
  out.number('u64', tensors).number('u64', pairs)
}

/** A tensor's entry in the header. @param offset bytes from the start of the tensor data */
export function writeDeclaration(
  out: ByteWriter,
  name: string,
  dims: readonly number[],
  typeId: number,
  offset: number,
): void {
  out.string(name).number('u32', dims.length)
  for (const dim of dims) out.number('u64', dim)
  out.number('u32', typeId).number('u64', offset)
}

function checkName(file: string, what: string, name: string, most: number): void {
  const length = new TextEncoder().encode(name).length
  if (length > 0 && length <= most) return
  throw new FormatError(
    file,
    `${what} ${quote(name)} has a name of ${length} bytes; 1 to ${most} are possible`,
  )
}

function isMap(metadata: GgufInput['metadata']): metadata is ReadonlyMap<string, GgufWritable> {
  return metadata instanceof Map
}

function aligned(length: number): number {
  return Math.ceil(length / ALIGNMENT) * ALIGNMENT
}
