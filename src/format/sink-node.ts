import { randomUUID } from 'node:crypto'
import { type FileHandle, open, realpath, rename, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { FormatError } from './error.js'
import { pathOfUrl, reason } from './source-node.js'
import type { ByteSink } from './write-gguf.js'

/** One write call takes less than 2 GiB on every system. */
const MAX_WRITE = 1 << 30

/**
 * Writes a file as a whole or not at all: into a temporary file in the same folder, which is flushed to the disk and
 * then renamed. A symbolic link stays one; what it points to is replaced. If the process is killed, the temporary
 * file (`.NAME.….tmp`) may stay behind.
 * @param path path or `file:` URL
 * @param fill writes all bytes; when it fails the temporary file is removed
 * @throws FormatError when the file cannot be written; what `fill` throws
 */
export async function replaceFile<T>(path: string, fill: (sink: ByteSink) => Promise<T>): Promise<T> {
  const name = path.startsWith('file:') ? pathOfUrl(path) : path
  const target = await realpath(name).catch(() => name)
  const temporary = join(dirname(target), `.${basename(target)}.${randomUUID()}.tmp`)
  const attempt = async <R>(work: Promise<R>): Promise<R> => {
    try {
      return await work
    } catch (cause) {
      throw new FormatError(name, `cannot be written: ${reason(cause)}`, { cause })
    }
  }
  const handle = await attempt(open(temporary, 'wx'))
  try {
    let result: T
    try {
      result = await fill({ name, write: (bytes) => attempt(writeAll(handle, bytes)) })
      await attempt(handle.sync())
    } finally {
      await handle.close()
    }
    await attempt(rename(temporary, target))
    await syncFolder(dirname(target))
    return result
  } catch (error) {
    await unlink(temporary).catch(() => {})
    throw error
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  let done = 0
  while (done < bytes.byteLength) {
    const length = Math.min(bytes.byteLength - done, MAX_WRITE)
    done += (await handle.write(bytes, done, length)).bytesWritten
  }
}

/** Makes the rename last through a power cut, where the system can do that (Windows cannot open folders). */
async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await open(path, 'r')
    await folder.sync().finally(() => folder.close())
  } catch {
    // The file itself is whole either way.
  }
}
