import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readDocuments } from '../../src/rl/trainer/documents.js'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'multiscale-documents-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

/** Writes a file and returns its path. */
function put(name: string, content: string | Uint8Array): string {
  const path = join(folder, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
  return path
}

async function read(path: string): Promise<string[]> {
  const documents: string[] = []
  for await (const document of readDocuments(path)) documents.push(document)
  return documents
}

const END = '<|endoftext|>'

describe('a text file', () => {
  test.each([
    ['without end lines is one document', 'One.\n\nTwo.\n', ['One.\n\nTwo.']],
    ['is cut at end lines', `One.\nTwo.\n${END}\nThree.\n${END}\n`, ['One.\nTwo.', 'Three.']],
    ['needs no end line at its end', `One.\n${END}\nTwo.`, ['One.', 'Two.']],
    ['may end lines like Windows', `One.\r\n${END}\r\nTwo.\r\nThree.\r\n`, ['One.', 'Two.\r\nThree.']],
    ['may have blanks after an end', `One.\n${END}  \nTwo.`, ['One.', 'Two.']],
    ['is cut at whole lines only', `One ${END}\n ${END}\nx${END}`, [`One ${END}\n ${END}\nx${END}`]],
    ['loses documents of blanks', `${END}\n \n\t\n${END}\nOne.\n${END}\n${END}\n`, ['One.']],
    ['loses blanks around documents, not within', '\n\n  One.\n\n  Two. \n\n', ['One.\n\n  Two.']],
    ['may begin with a byte order mark', '\ufeffOne.', ['One.']],
    ['that is empty holds none', '', []],
  ] as const)('%s', async (name, content, expected) => {
    expect(await read(put(`${name}.txt`, content))).toEqual(expected)
  })

  test('of any name is read as text', async () => {
    expect(await read(put('corpus', '{"text": "One."}'))).toEqual(['{"text": "One."}'])
  })

  test('larger than a piece that is read: characters and lines across its edges stay whole', async () => {
    // Four bytes a character, after one byte: some character lies across every multiple of 2^18.
    const line = `x${'🙂'.repeat(70_000)}`
    const path = put('large.txt', [line, END, `${line}${line}`, END, line].join('\n'))
    const documents = await read(path)
    expect(documents.map((text) => text.length)).toEqual([line.length, 2 * line.length, line.length])
    expect(documents[0] === line && documents[1] === line + line && documents[2] === line).toBe(true)
  })

  test.each([
    ['a byte that none is', [0x6f, 0xff, 0x6b]],
    ['half a character at the end', [0x6f, 0xf0, 0x9f]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
  ])('that is not UTF-8 is refused by name: %s', async (_, bytes) => {
    const path = put('bytes.txt', Uint8Array.from(bytes))
    await expect(read(path)).rejects.toThrow(`${path} is not UTF-8`)
  })
})

describe('a .jsonl file', () => {
  test('has a document a line', async () => {
    const lines = ['{"text": "One.\\nTwo."}', '', '{"id": 7, "text": "  Three.  "}', '  ', '{"text": " "}']
    expect(await read(put('a.jsonl', lines.join('\n')))).toEqual(['One.\nTwo.', 'Three.'])
    expect(await read(put('b.JSONL', `${lines.join('\r\n')}\r\n`))).toEqual(['One.\nTwo.', 'Three.'])
  })

  test('does not end documents at an end line within', async () => {
    const text = `One.\n${END}\nTwo.`
    expect(await read(put('c.jsonl', JSON.stringify({ text })))).toEqual([text])
  })

  test.each([
    ['{"text": "One."', /line 2 is not JSON/],
    ['text', /line 2 is not JSON/],
    ['{"txt": "One."}', /line 2 has no "text"/],
    ['{"text": 1}', /line 2 has no "text"/],
    ['null', /line 2 has no "text"/],
    ['"text"', /line 2 has no "text"/],
    ['[]', /line 2 has no "text"/],
  ])('names the line that is no document: %s', async (line, message) => {
    const path = put('wrong.jsonl', `{"text": "One."}\n${line}\n`)
    await expect(read(path)).rejects.toThrow(message)
    await expect(read(path)).rejects.toThrow(path)
  })
})

describe('a folder', () => {
  test('is read by name, with the folders in it, and only what is text', async () => {
    put('all/b.txt', `B1\n${END}\nB2`)
    put('all/a.md', 'A')
    put('all/c/d.jsonl', '{"text": "D"}')
    put('all/c/c.TXT', 'C')
    put('all/z.txt', 'Z')
    put('all/model.gguf', 'not text')
    put('all/e.txt/f.md', 'F')
    expect(await read(join(folder, 'all'))).toEqual(['A', 'B1', 'B2', 'C', 'D', 'F', 'Z'])
  })

  test('without documents is refused by name', async () => {
    put('none/x.gguf', 'x')
    const path = join(folder, 'none')
    await expect(read(path)).rejects.toThrow(`${path} holds no`)
  })

  test('whose file cannot be read names the file', async () => {
    put('mixed/a.txt', 'A')
    put('mixed/b.txt', Uint8Array.of(0xff))
    await expect(read(join(folder, 'mixed'))).rejects.toThrow(join(folder, 'mixed', 'b.txt'))
  })
})

test('what is not there is refused by name', async () => {
  const path = join(folder, 'missing.txt')
  await expect(read(path)).rejects.toThrow(`${path} cannot be read`)
})
