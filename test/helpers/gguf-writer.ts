import { ByteWriter, writeValue } from '../../src/format/gguf-writable.js'
import { type GgufWritable, type TensorTypeName, tensorType } from '../../src/format/index.js'
import { startHeader, writeDeclaration } from '../../src/format/write-gguf.js'

export type WriterValue = GgufWritable

export interface WriterTensor {
  readonly name: string
  readonly type: TensorTypeName
  /** As stored: the row length first. */
  readonly dims: readonly number[]
  readonly bytes: Uint8Array
}

export interface WriterInput {
  readonly metadata?: Readonly<Record<string, WriterValue>>
  readonly tensors?: readonly WriterTensor[]
  /** 3 unless given. */
  readonly version?: number
}

/**
 * A GGUF file, aligned to 32 bytes, at once and of any version. Names, shapes and byte counts are not checked as the
 * product's `writeGguf` does: tests also write nonsense with it.
 */
export function writeGguf({ metadata = {}, tensors = [], version = 3 }: WriterInput): Uint8Array {
  const sized = tensors.map((tensor) => ({ ...tensor, byteLength: tensor.bytes.length }))
  const out = new ByteWriter()
  out.bytes(writeGgufHeader(metadata, sized, version))
  for (const { bytes } of tensors) {
    out.pad(32)
    out.bytes(bytes)
  }
  if (tensors.length > 0) out.pad(32)
  return out.done()
}

/** What precedes the tensors' bytes, which begin at the next multiple of 32 and each at a multiple of 32 after that. */
export function writeGgufHeader(
  metadata: Readonly<Record<string, WriterValue>>,
  tensors: readonly (Omit<WriterTensor, 'bytes'> & { readonly byteLength: number })[],
  version = 3,
): Uint8Array {
  const out = new ByteWriter()
  startHeader(out, version, tensors.length, Object.keys(metadata).length)
  for (const [key, value] of Object.entries(metadata)) {
    out.string(key)
    writeValue(out, value)
  }
  let offset = 0
  for (const { name, type, dims, byteLength } of tensors) {
    writeDeclaration(out, name, dims, tensorType(type).id, offset)
    offset += Math.ceil(byteLength / 32) * 32
  }
  return out.done()
}
