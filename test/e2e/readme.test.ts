import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { tinyGguf } from '../helpers/tiny-model.js'

const root = fileURLToPath(new URL('../../', import.meta.url))
const readme = readFileSync(join(root, 'README.md'), 'utf8')

// Inside the package, so that `import 'multiscale'` means this one; build/ is ignored by git.
mkdirSync(join(root, 'build'), { recursive: true })
const scratch = mkdtempSync(join(root, 'build/readme-'))
afterAll(() => rmSync(scratch, { recursive: true }))

const blocks = (language: string) =>
  [...readme.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(([, code]) => code)

/** What an example that calls this prints. */
const OUTPUTS = [
  ['loadModel', /\d+ tokens \((length|end)\), \d+ tokens\/s/],
  ['loadTokenizer', /Once upon a time\n\d{5} tokens of 18 chunks, 17 joins/],
  ['sinkhorn1d', /^1\.00 after \d+ iterations, exactly 1 /],
  ['aisWeights', /lambda: 0\.\d+/],
] as const

describe('the README', () => {
  writeFileSync(join(scratch, 'model.gguf'), tinyGguf({ type: 'Q4_0', context: 512 }))
  writeFileSync(join(scratch, 'prompt.txt'), 'Once upon a time')
  writeFileSync(join(scratch, 'before.csv'), 'x,weight\n0,1\n1,3\n2,1\n')
  writeFileSync(join(scratch, 'after.csv'), 'x,weight\n0.5,1\n2,1\n')
  writeFileSync(join(scratch, 'text.txt'), 'Once upon a time there was a little girl named Lily.')

  it.each(blocks('js').map((code, i) => [i + 1, code] as const))('runs example %i', (_, code) => {
    writeFileSync(join(scratch, 'example.mjs'), code)
    const { status, stdout, stderr } = spawnSync('node', ['example.mjs'], { cwd: scratch, encoding: 'utf8' })
    expect(stderr).toBe('')
    expect(status).toBe(0)
    const shown = OUTPUTS.find(([call]) => code.includes(call))
    expect(stdout).toMatch(shown![1])
  })

  const commands = blocks('sh')
    .flatMap((block) => block.split('\n'))
    .filter((line) => line.startsWith('multiscale '))

  it('shows every command', () => {
    const shown = new Set(commands.map((line) => line.split(' ')[1]))
    expect(shown).toEqual(
      new Set([
        'run',
        'inspect',
        'eval',
        'tokenize',
        'bench',
        'doctor',
        'corpus',
        'train',
        'rl',
        'analyze',
        'cost',
        'roofline',
        'transport',
      ]),
    )
  })

  it.each(commands)('runs: %s', (line) => {
    const command = line.replace(/^multiscale/, `node ${join(root, 'dist/cli/main.js')}`)
    const { status, stdout } = spawnSync('sh', ['-c', command], { cwd: scratch, encoding: 'utf8' })
    expect(status).toBe(0)
    expect(stdout).not.toBe('')
  })
})
