import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** A line that ends a document. */
export const DOCUMENT_END = '<|endoftext|>'

const KNOWN = /\.(txt|md|jsonl)$/i

/**
 * The documents of a text file, or of all .txt, .md and .jsonl files of a folder and the folders in it, by name. In a
 * text file a line `<|endoftext|>` ends a document; a file without any is one. In a .jsonl file each line is an object
 * with the document as `text`. Documents of blanks only are left out.
 * @throws Error naming the file: it cannot be read, is not UTF-8, or has a line that is no such object; Error for a
 *   folder without documents
 */
export async function* readDocuments(path: string): AsyncGenerator<string> {
  const files = await filesOf(path)
  if (files.length === 0) throw new Error(`${path} holds no .txt, .md or .jsonl file`)
  for (const file of files) yield* /\.jsonl$/i.test(file) ? objectsOf(file) : textsOf(file)
}

async function filesOf(path: string): Promise<string[]> {
  let found: Awaited<ReturnType<typeof stat>>
  try {
    found = await stat(path)
  } catch (cause) {
    throw new Error(`${path} cannot be read: ${(cause as Error).message}`, { cause })
  }
  if (!found.isDirectory()) return [path]
  const entries = await readdir(path, { withFileTypes: true, recursive: true })
  return entries
    .filter((entry) => entry.isFile() && KNOWN.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}

async function* textsOf(file: string): AsyncGenerator<string> {
  let lines: string[] = []
  const take = () => {
    const text = lines.join('\n').trim()
    lines = []
    return text
  }
  for await (const line of linesOf(file)) {
    if (line.trimEnd() !== DOCUMENT_END) {
      lines.push(line)
      continue
    }
    const text = take()
    if (text) yield text
  }
  const text = take()
  if (text) yield text
}

async function* objectsOf(file: string): AsyncGenerator<string> {
  let number = 0
  for await (const line of linesOf(file)) {
    number++
    if (line.trim() === '') continue
    let value: { text?: unknown } | null
    try {
      value = JSON.parse(line)
    } catch (cause) {
      throw new Error(`${file}: line ${number} is not JSON`, { cause })
    }
    const text = value?.text
    if (typeof text !== 'string') throw new Error(`${file}: line ${number} has no "text" that is a string`)
    if (text.trim()) yield text.trim()
  }
}

async function* linesOf(file: string): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let rest = ''
  const decode = (bytes?: Buffer) => {
    try {
      return decoder.decode(bytes, { stream: bytes !== undefined })
    } catch (cause) {
      throw new Error(`${file} is not UTF-8 text`, { cause })
    }
  }
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 18 })) {
    const lines = decode(chunk as Buffer).split('\n')
    lines[0] = rest + lines[0]
    rest = lines.pop() ?? ''
    yield* lines
  }
  rest += decode()
  if (rest) yield rest
}
