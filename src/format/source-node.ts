import { type FileHandle, open } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { FormatError } from './error.js'
import { type ByteSource, checkRange, truncated } from './source.js'

/** One read call takes less than 2 GiB on every system. */
const MAX_READ = 1 << 30

/**
 * A file opened for positional reads, which may run in parallel.
 * @param path path or `file:` URL
 * @throws FormatError when it does not exist, may not be read, or is not a regular file
 */
export async function openFileSource(path: string): Promise<ByteSource> {
  const name = path.startsWith('file:') ? pathOfUrl(path) : path
  let handle: FileHandle
  try {
    handle = await open(name, 'r')
  } catch (cause) {
    throw new FormatError(name, `cannot be opened: ${reason(cause)}`, { cause })
  }
  try {
    const stat = await handle.stat()
    if (!stat.isFile()) throw new FormatError(name, 'is not a regular file; give the path of a model file')
    return new FileSource(name, stat.size, handle)
  } catch (error) {
    await handle.close()
    throw error
  }
}

class FileSource implements ByteSource {
  readonly name: string
  readonly size: number
  #handle: FileHandle | undefined

  constructor(name: string, size: number, handle: FileHandle) {
    this.name = name
    this.size = size
    this.#handle = handle
  }

  async read(offset: number, into: Uint8Array): Promise<void> {
    const handle = this.#handle
    if (handle === undefined) throw new FormatError(this.name, 'read after close')
    checkRange(this, offset, into.byteLength)
    let done = 0
    while (done < into.byteLength) {
      const length = Math.min(into.byteLength - done, MAX_READ)
      let bytesRead: number
      try {
        ;({ bytesRead } = await handle.read(into, done, length, offset + done))
      } catch (cause) {
        throw new FormatError(this.name, `cannot be read at offset ${offset + done}: ${reason(cause)}`, {
          cause,
        })
      }
      if (bytesRead === 0) throw truncated(this.name, offset + done)
      done += bytesRead
    }
  }

  async close(): Promise<void> {
    const handle = this.#handle
    this.#handle = undefined
    await handle?.close()
  }
}

/** The path of a `file:` URL. @throws FormatError for a URL that is none */
export function pathOfUrl(url: string): string {
  try {
    return fileURLToPath(url)
  } catch (cause) {
    throw new FormatError(url, `is not the URL of a local file: ${reason(cause)}`, { cause })
  }
}

/** What a failed call of `node:fs` says about it, in a few words. */
export function reason(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code
  if (code === 'ENOENT') return 'no such file or folder'
  if (code === 'EACCES' || code === 'EPERM') return 'permission denied'
  if (code === 'ENOSPC') return 'the disk is full'
  if (code === 'EISDIR') return 'it is a folder'
  return error instanceof Error ? error.message : String(error)
}
