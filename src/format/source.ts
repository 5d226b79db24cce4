import { FormatError } from './error.js'

/** Random access to the bytes of a model file. Reads may run in parallel. */
export interface ByteSource {
  /** Shown in error messages: a path, or whatever the maker of the source calls it. */
  readonly name: string
  /** Bytes. */
  readonly size: number
  /**
   * Fills `into` completely from `offset`.
   * @throws FormatError when the range is not inside the source, the source is closed, or the medium fails
   */
  read(offset: number, into: Uint8Array): Promise<void>
  /** Releases the handle; reading afterwards is an error. Closing twice is not. */
  close(): Promise<void>
}

/** What `openByteSource` can make a source of. */
export type ByteSourceInput = string | URL | Uint8Array | Blob | ByteSource

/**
 * Opens a path or `file:` URL (Node only), or wraps bytes or a Blob (a File picked in a browser, say).
 * A ByteSource is returned as it is. Nothing is downloaded: other URLs are an error.
 */
export async function openByteSource(input: ByteSourceInput): Promise<ByteSource> {
  if (typeof input === 'string' || input instanceof URL) return openPath(String(input))
  if (input instanceof Uint8Array) return new MemorySource(input)
  return input instanceof Blob ? new BlobSource(input) : input
}

async function openPath(path: string): Promise<ByteSource> {
  const scheme = /^([a-z][a-z0-9+.-]+):\/\//i.exec(path)?.[1]?.toLowerCase()
  if (scheme !== undefined && scheme !== 'file') {
    throw new FormatError(path, `${scheme}: URLs are not read directly; download the file first`)
  }
  if (typeof process === 'undefined' || !process.versions?.node) {
    throw new FormatError(path, 'paths need Node; in a browser pass a Blob, a File or a Uint8Array')
  }
  const { openFileSource } = await import('./source-node.js')
  return openFileSource(path)
}

/** Bytes already in memory; they are not copied. */
export class MemorySource implements ByteSource {
  readonly name: string
  readonly size: number
  #bytes: Uint8Array | undefined

  constructor(bytes: Uint8Array, name = '(memory)') {
    this.name = name
    this.size = bytes.byteLength
    this.#bytes = bytes
  }

  async read(offset: number, into: Uint8Array): Promise<void> {
    if (this.#bytes === undefined) throw new FormatError(this.name, 'read after close')
    checkRange(this, offset, into.byteLength)
    into.set(this.#bytes.subarray(offset, offset + into.byteLength))
  }

  async close(): Promise<void> {
    this.#bytes = undefined
  }
}

/** A Blob or File: the browser reads only the slices asked for. */
export class BlobSource implements ByteSource {
  readonly name: string
  readonly size: number
  #blob: Blob | undefined

  constructor(blob: Blob, name?: string) {
    this.name = name ?? (blob as { name?: string }).name ?? '(blob)'
    this.size = blob.size
    this.#blob = blob
  }

  async read(offset: number, into: Uint8Array): Promise<void> {
    if (this.#blob === undefined) throw new FormatError(this.name, 'read after close')
    checkRange(this, offset, into.byteLength)
    let bytes: ArrayBuffer
    try {
      bytes = await this.#blob.slice(offset, offset + into.byteLength).arrayBuffer()
    } catch (cause) {
      throw new FormatError(this.name, `cannot read at offset ${offset}; was the file changed?`, { cause })
    }
    if (bytes.byteLength !== into.byteLength) throw truncated(this.name, offset + bytes.byteLength)
    into.set(new Uint8Array(bytes))
  }

  async close(): Promise<void> {
    this.#blob = undefined
  }
}

/** Refuses a read that is not inside [0, source.size). */
export function checkRange(source: ByteSource, offset: number, length: number): void {
  if (!Number.isSafeInteger(offset) || offset < 0 || offset + length > source.size) {
    throw new FormatError(
      source.name,
      `truncated: bytes ${offset} to ${offset + length} were asked for, the file has ${source.size}`,
    )
  }
}

/** The error for a file that ended, while being read, before the size it had when opened. */
export function truncated(name: string, end: number): FormatError {
  return new FormatError(name, `truncated: the file ended at offset ${end}; was it changed while open?`)
}
