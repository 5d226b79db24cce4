import { type TensorTypeName, tensorType } from '../../src/format/index.js'

/** A metadata value with its GGUF type spelled out. */
export type WriterValue =
  | string
  | boolean
  | { readonly u32: number }
  | { readonly i32: number }
  | { readonly u64: bigint }
  | { readonly f32: number }
  | { readonly strings: readonly string[] }
  | { readonly f32s: readonly number[] }
  | { readonly i32s: readonly number[] }
  | { readonly bools: readonly boolean[] }

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

/** A minimal GGUF file, aligned to 32 bytes. Nothing is checked: tests also write nonsense with it. */
export function writeGguf({ metadata = {}, tensors = [], version = 3 }: WriterInput): Uint8Array {
  const sized = tensors.map((tensor) => ({ ...tensor, byteLength: tensor.bytes.length }))
  const out = new Bytes()
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
  const out = new Bytes()
  out.raw('GGUF')
  out.u32(version)
  out.u64(tensors.length)
  out.u64(Object.keys(metadata).length)
  for (const [key, value] of Object.entries(metadata)) {
    out.string(key)
    writeValue(out, value)
  }
  let offset = 0
  for (const { name, type, dims, byteLength } of tensors) {
    out.string(name)
    out.u32(dims.length)
    for (const dim of dims) out.u64(dim)
    out.u32(tensorType(type).id)
    out.u64(offset)
    offset += Math.ceil(byteLength / 32) * 32
  }
  return out.done()
}

function writeValue(out: Bytes, value: WriterValue): void {
  if (typeof value === 'string') {
    out.u32(8).string(value)
  } else if (typeof value === 'boolean') {
    out.u32(7).u8(Number(value))
  } else if ('u32' in value) {
    out.u32(4).u32(value.u32)
  } else if ('i32' in value) {
    out.u32(5).i32(value.i32)
  } else if ('u64' in value) {
    out.u32(10).u64(value.u64)
  } else if ('f32' in value) {
    out.u32(6).f32(value.f32)
  } else if ('strings' in value) {
    out.u32(9).u32(8).u64(value.strings.length)
    for (const text of value.strings) out.string(text)
  } else if ('f32s' in value) {
    out.u32(9).u32(6).u64(value.f32s.length)
    for (const number of value.f32s) out.f32(number)
  } else if ('i32s' in value) {
    out.u32(9).u32(5).u64(value.i32s.length)
    for (const number of value.i32s) out.i32(number)
  } else {
    out.u32(9).u32(7).u64(value.bools.length)
    for (const flag of value.bools) out.u8(Number(flag))
  }
}

/** Little-endian bytes, appended. */
class Bytes {
  #bytes = new Uint8Array(1024)
  #view = new DataView(this.#bytes.buffer)
  #length = 0

  u8(value: number): void {
    const at = this.#grow(1)
    this.#view.setUint8(at, value)
  }

  u32(value: number): this {
    const at = this.#grow(4)
    this.#view.setUint32(at, value, true)
    return this
  }

  i32(value: number): void {
    const at = this.#grow(4)
    this.#view.setInt32(at, value, true)
  }

  u64(value: number | bigint): void {
    const at = this.#grow(8)
    this.#view.setBigUint64(at, BigInt(value), true)
  }

  f32(value: number): void {
    const at = this.#grow(4)
    this.#view.setFloat32(at, value, true)
  }

  bytes(value: Uint8Array): void {
    const at = this.#grow(value.length)
    this.#bytes.set(value, at)
  }

  raw(ascii: string): void {
    this.bytes(new TextEncoder().encode(ascii))
  }

  string(text: string): void {
    const bytes = new TextEncoder().encode(text)
    this.u64(bytes.length)
    this.bytes(bytes)
  }

  pad(multiple: number): void {
    this.#grow(-this.#length & (multiple - 1))
  }

  done(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }

  /** Makes room and returns where it starts. */
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
