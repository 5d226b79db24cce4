import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { corpusDocuments } from '../../src/corpus/index.js'
import { Random } from '../../src/engine/random.js'
import { openGguf } from '../../src/format/index.js'
import { openCheckpoint, readDocuments, tokenizeDocuments } from '../../src/rl/index.js'
import { tokenizerFromGguf } from '../../src/tokenizer/index.js'
import { expectFailure, finished, multiscale, startMultiscale } from '../helpers/cli.js'

let folder: string
const at = (name: string) => join(folder, name)

function textOf(split: 'train' | 'heldout', count: number): string {
  const texts: string[] = []
  for (const { text } of corpusDocuments({ seed: 3, split })) {
    texts.push(text)
    if (texts.length === count) break
  }
  return texts.join('\n<|endoftext|>\n')
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'multiscale-train-'))
  writeFileSync(at('train.txt'), textOf('train', 400))
  writeFileSync(at('heldout.txt'), textOf('heldout', 20))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const training = (out: string, ...more: string[]) => [
  ...['train', '--data', at('train.txt'), '--preset', 'nano', '--vocabulary', '384', '--out', at(out)],
  ...['--batch', '1024', ...more],
]

/** The loss of one who knows how often each token occurs, and nothing else. */
async function tokenEntropy(model: string): Promise<number> {
  await using file = await openGguf(model)
  const tokenizer = tokenizerFromGguf(file.metadata)
  const { ids } = await tokenizeDocuments(readDocuments(at('train.txt')), tokenizer, 256)
  const counts = new Map<number, number>()
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1)
  return [...counts.values()].reduce((sum, n) => sum - (n / ids.length) * Math.log(n / ids.length), 0)
}

describe('multiscale train', () => {
  test('learns: what it writes runs, and predicts text that it never saw', async () => {
    const options = ['--steps', '120', '--held-out', at('heldout.txt'), '--type', 'Q8_0', '--json']
    const { status, stdout, stderr } = await multiscale(training('learned.gguf', ...options))
    expect(status, stderr).toBe(0)
    const result = JSON.parse(stdout)
    expect(result.losses).toHaveLength(120)
    // Without any learning no better than if every token of 384 were as probable as the others.
    expect(result.losses[0]).toBeGreaterThan(Math.log(384) - 0.1)
    const entropy = await tokenEntropy(at('learned.gguf'))
    expect(entropy).toBeLessThan(Math.log(384))
    expect(result.losses.at(-1)).toBeLessThan(entropy)
    expect(result.heldOutLoss).toBeLessThan(entropy)
    expect(result.heldOutPerplexity).toBeCloseTo(Math.exp(result.heldOutLoss), 6)

    const run = await multiscale([
      'run',
      'Once upon',
      '-m',
      at('learned.gguf'),
      '-n',
      '8',
      '--greedy',
      '--json',
    ])
    expect(JSON.parse(run.stdout).tokens.length).toBeGreaterThan(0)
  })

  test('killed at random moments and resumed, it ends with the same bytes; no checkpoint is ever half a file', async () => {
    const options = ['--steps', '30', '--checkpoint-seconds', '0', '--type', 'F32', '--name', 'same']
    const started = performance.now()
    const whole = await multiscale(training('whole.gguf', ...options, '--threads', '1'))
    expect(whole.status, whole.stderr).toBe(0)
    const duration = performance.now() - started
    const random = new Random(Date.now())
    const delays: number[] = []
    let kills = 0
    for (let resume = false; ; ) {
      const child = startMultiscale(training('killed.gguf', ...options, ...(resume ? ['--resume'] : [])))
      const ended = finished(child)
      const patience = duration * (0.2 + 0.4 * random.nextDouble() + 0.1 * kills)
      delays.push(Math.round(patience))
      const isDone = await Promise.race([ended.then(() => true), delay(patience, false)])
      if (!isDone) child.kill('SIGKILL')
      const { status, signal, stderr } = await ended
      if (status === 0) break
      expect(signal, `${stderr}, killed after ${delays} ms`).toBe('SIGKILL')
      kills++
      try {
        const checkpoint = await openCheckpoint(at('killed.gguf.checkpoint'))
        expect(checkpoint.header.losses).toHaveLength(checkpoint.header.state.step)
        await checkpoint.close()
        resume = true
      } catch (error) {
        // Killed before the first one was written; anything else is a damaged file.
        expect(String(error), `killed after ${delays} ms`).toMatch(/no such file/)
        expect(resume, 'a checkpoint that was there stays').toBe(false)
      }
    }
    expect(kills).toBeGreaterThan(0)
    expect(readFileSync(at('killed.gguf')).equals(readFileSync(at('whole.gguf')))).toBe(true)
  }, 120e3)

  test('Ctrl-C saves what was learned; resuming needs the same data', async () => {
    const options = ['--steps', '100000', '--checkpoint-seconds', '100000']
    const child = startMultiscale(training('stopped.gguf', ...options))
    const ended = finished(child)
    await delay(2500)
    child.kill('SIGINT')
    const { status, stdout } = await ended
    expect(status).toBe(130)
    expect(stdout).toBe('')
    const checkpoint = await openCheckpoint(at('stopped.gguf.checkpoint'))
    expect(checkpoint.header.state.step).toBeGreaterThan(0)
    await checkpoint.close()

    writeFileSync(at('other.txt'), textOf('train', 399))
    const other = training('stopped.gguf', '--resume').map((part) =>
      part === at('train.txt') ? at('other.txt') : part,
    )
    expectFailure(await multiscale(other), /training on other data; resume with the same --data/)
  }, 60e3)

  test.each([
    [['--data', 'nowhere.txt'], /nowhere\.txt cannot be read: .*no such file/],
    [['--resume'], /there is no .*never\.gguf\.checkpoint to go on from/],
    [['--epochs', '-1'], /'--steps <n>' cannot be used with option '--epochs <n>'/],
    [['--vocabulary', '20'], /vocabularySize is 20/],
    [['--rate', '0'], /rate must be a positive number/],
  ])('%j is refused', async (more, message) => {
    expectFailure(await multiscale(training('never.gguf', '--steps', '2', ...more)), message)
  })
})
