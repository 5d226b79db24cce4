import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))
const biome = join(root, 'node_modules/.bin/biome')

/** An empty project under the same rules, so that no faulty file ever lies in the real sources. */
const scratch = mkdtempSync(join(tmpdir(), 'multiscale-floors-'))
cpSync(join(root, 'biome.json'), join(scratch, 'biome.json'))
afterAll(() => rmSync(scratch, { recursive: true }))

function lint(path: string, source: string): string {
  mkdirSync(join(scratch, dirname(path)), { recursive: true })
  writeFileSync(join(scratch, path), source)
  const { stdout, stderr } = spawnSync(biome, ['lint', '--vcs-enabled=false', path], { cwd: scratch })
  return String(stdout) + String(stderr)
}

describe('the import rule', () => {
  it('has an entry for every floor', () => {
    const { overrides } = JSON.parse(readFileSync(join(root, 'biome.json'), 'utf8')) as {
      overrides: { includes: string[] }[]
    }
    const ruled = overrides.flatMap(({ includes }) => includes).sort()
    const floors = readdirSync(join(root, 'src'), { withFileTypes: true }).filter((entry) =>
      entry.isDirectory(),
    )
    expect(ruled).toEqual(floors.map(({ name }) => `src/${name}/**`).sort())
  })

  it.each([
    ['src/msd/x.ts', '../engine/model.js'],
    ['src/dtype/x.ts', '../msd/index.js'],
    ['src/format/x.ts', '../backend/index.js'],
    ['src/tokenizer/x.ts', '../format/index.js'],
    ['src/corpus/x.ts', '../dtype/index.js'],
    ['src/transport/x.ts', '../dtype/index.js'],
    ['src/engine/x.ts', '../corpus/index.js'],
    ['src/tokenizer/x.ts', '../corpus/index.js'],
    ['src/backend/x.ts', '../cli/run.js'],
    ['src/engine/x.ts', '../cli/terminal.js'],
    ['src/engine/x.ts', '../index.js'],
    ['src/dtype/x.ts', '../rl/index.js'],
    ['src/tokenizer/x.ts', '../rl/index.js'],
    ['src/msd/x.ts', '../rl/index.js'],
    ['src/format/x.ts', '../rl/index.js'],
    ['src/backend/x.ts', '../rl/index.js'],
    ['src/engine/x.ts', '../rl/index.js'],
    ['src/rl/x.ts', '../cli/run.js'],
    ['src/rl/x.ts', '../index.js'],
  ])('refuses %s importing %s', (path, target) => {
    expect(lint(path, `export * from '${target}'\n`)).toContain('may import only from')
  })

  it.each([
    ['src/engine/below.ts', '../backend/index.js'],
    ['src/rl/below.ts', '../engine/model.js'],
    ['src/cli/below.ts', '../rl/index.js'],
  ])('lets %s import %s', (path, target) => {
    const output = lint(path, `export * from '${target}'\n`)
    expect(output).toContain('Checked 1 file')
    expect(output).not.toContain('may import only from')
  })

  it('finds no violation in the sources', () => {
    const { status, stdout, stderr } = spawnSync(biome, ['lint', '--only=style/noRestrictedImports', 'src'], {
      cwd: root,
    })
    expect(status).toBe(0)
    expect(String(stdout) + String(stderr)).toMatch(/Checked \d\d+ files/)
  })
})
