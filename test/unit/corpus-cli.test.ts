import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { multiscale } from '../helpers/cli.js'

const scratch = mkdtempSync(join(tmpdir(), 'multiscale-corpus-'))
afterAll(() => rmSync(scratch, { recursive: true }))

const read = (directory: string, name: string) => readFileSync(join(scratch, directory, name), 'utf8')

describe('multiscale corpus', () => {
  it('writes both files, whole documents and nothing else', async () => {
    const { status, stdout } = await multiscale([
      'corpus',
      join(scratch, 'a/b'),
      '--megabytes',
      '2',
      '--json',
    ])
    expect(status).toBe(0)
    const report = JSON.parse(stdout) as { files: { path: string; documents: number; bytes: number }[] }
    expect(readdirSync(join(scratch, 'a/b')).sort()).toEqual(['heldout.txt', 'train.txt'])
    for (const { path, documents, bytes } of report.files) {
      expect(statSync(path).size).toBe(bytes)
      const parts = readFileSync(path, 'utf8').split('\n<|endoftext|>\n')
      expect(parts.pop()).toBe('')
      expect(parts.length).toBe(documents)
    }
    const total = report.files.reduce((sum, { bytes }) => sum + bytes, 0)
    expect(total).toBeGreaterThanOrEqual(2e6)
    expect(total).toBeLessThan(2.01e6)
  })

  it('writes the same for the same seed', async () => {
    for (const [directory, seed] of [
      ['one', '5'],
      ['two', '5'],
      ['three', '6'],
    ])
      expect(
        (await multiscale(['corpus', join(scratch, directory), '--megabytes', '1', '--seed', seed])).status,
      ).toBe(0)
    expect(read('one', 'train.txt')).toBe(read('two', 'train.txt'))
    expect(read('one', 'heldout.txt')).toBe(read('two', 'heldout.txt'))
    expect(read('one', 'train.txt')).not.toBe(read('three', 'train.txt'))
  })

  it('refuses a share that is none', async () => {
    const { status, stderr } = await multiscale(['corpus', join(scratch, 'x'), '--held-out', '2'])
    expect(status).toBe(1)
    expect(stderr).toContain('from 0 to 1')
  })

  it('shows an example in its help', async () => {
    expect((await multiscale(['corpus', '--help'])).stdout).toContain('multiscale corpus data --seed 1')
  })
})
