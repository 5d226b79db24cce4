import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  copyWithoutAddon,
  expectFailure,
  finished,
  multiscale,
  packageRoot,
  startMultiscale,
} from '../helpers/cli.js'
import { skipWithoutData, storiesPath } from '../helpers/stories.js'

const MODEL = storiesPath('q4_0')
const SHORT = ['--prompt', '24', '--decode', '6', '--runs', '2']

let without: { folder: string; main: string }
let cwd: string
beforeAll(() => {
  without = copyWithoutAddon()
  cwd = mkdtempSync(join(tmpdir(), 'multiscale-bench-'))
})
afterAll(() => {
  rmSync(without.folder, { recursive: true })
  rmSync(cwd, { recursive: true })
})

const positive = { asymmetricMatch: (value: unknown) => typeof value === 'number' && value > 0 }
/** As many samples as rounds. */
const spread = (samples = 2) => ({
  median: positive,
  min: positive,
  max: positive,
  samples: Array(samples).fill(positive),
})

describe.skipIf(skipWithoutData)('bench', () => {
  test('--json: every sample, the ceilings and the machine, and nothing else on stdout', async () => {
    const flags = [...SHORT, '--threads', '1', '--passes', '1', '--kv', 'f16', '--variant', 'generic']
    const { status, stdout, stderr } = await multiscale(['bench', MODEL, ...flags, '--json'])
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    const measure = {
      ours: spread(),
      ceilingShare: spread(),
      peer: null,
      ratioOfMedians: null,
      pairedRatio: null,
    }
    expect(JSON.parse(stdout)).toEqual({
      model: {
        file: 'stories260K-q4_0.gguf',
        name: 'stories260K',
        architecture: 'llama',
        weightBytes: positive,
      },
      settings: {
        backend: 'native',
        variant: 'generic',
        threads: 1,
        passes: 1,
        granularity: 'group',
        cacheType: 'f16',
        prompt: 24,
        decode: 6,
        runs: 2,
      },
      peer: null,
      prefill: measure,
      decode: measure,
      ceilings: { readBandwidth: spread(), int8Peak: spread(), floatPeak: spread() },
      work: {
        weightBytes: positive,
        // Keys and values of 5 layers, 4 heads of 8, 2 bytes each.
        cacheBytes: 640,
        layers: { codes: positive, float: positive },
        // Tied to the embedding, 512 tokens of width 64.
        output: { codes: 512 * 64, float: 0 },
        bytesPerToken: positive,
      },
      machine: expect.objectContaining({ node: process.version, cores: positive }),
    })
  })

  test('as text', async () => {
    const { status, stdout, stderr } = await multiscale(['bench', MODEL, ...SHORT])
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toMatch(/^model +stories260K \(llama\), /)
    expect(stdout).toMatch(
      /^computed by multiscale .*: native \w+, \d+ threads?, 2 digits per group, int8 cache$/m,
    )
    expect(stdout).toMatch(/^tokens\/s, median \(min–max\) of 2 {2}prompt of 24 +generating 6$/m)
    expect(stdout).toMatch(/^multiscale +[\d.]+ \([\d.]+–[\d.]+\) +[\d.]+ \([\d.]+–[\d.]+\)$/m)
    expect(stdout).toMatch(/^share of the ceiling +[\d.]+ % /m)
    expect(stdout).toMatch(/ GB\/s read$/m)
    expect(stdout).not.toContain('node-llama-cpp')
  })

  test('without the addon there are no ceilings', async () => {
    const flags = ['--prompt', '4', '--decode', '3', '--runs', '1', '--backend', 'reference', '--json']
    const { status, stdout } = await multiscale(['bench', MODEL, ...flags], { main: without.main })
    expect(status).toBe(0)
    const report = JSON.parse(stdout)
    expect(report).toMatchObject({ settings: { backend: 'reference' }, ceilings: null })
    expect(report.decode).toMatchObject({ ours: spread(1), ceilingShare: null })
  })

  test('Ctrl-C ends it with 130 and prints nothing', async () => {
    const flags = ['--prompt', '400', '--decode', '100', '--runs', '1000']
    const child = startMultiscale(['bench', MODEL, ...flags], { main: without.main })
    // The model is loaded once it has said that the addon is missing.
    child.stderr.once('data', () => child.kill('SIGINT'))
    const { status, stdout, stderr } = await finished(child)
    expect({ status, stdout }).toEqual({ status: 130, stdout: '' })
    expect(stderr.trimEnd().split('\n')).toHaveLength(1)
  })

  test('one clear line for what cannot be', async () => {
    const failures: [flags: string[], message: string][] = [
      [[], "missing required argument 'file'"],
      [[MODEL, '--decode', '1'], '--decode must be 2 or more'],
      [[MODEL, '--prompt', '0'], 'a whole number above 0 is needed'],
      [[MODEL, '--runs', 'many'], 'a whole number is needed'],
      [[MODEL, '--passes', '4'], 'Allowed choices are 1, 2, 3'],
      [[MODEL, '--peer', 'another'], 'Allowed choices are node-llama-cpp'],
      [[MODEL, '--prompt', '500', '--decode', '20'], 'a context of 520 is more than the 512 positions'],
      [[MODEL, '--variant', 'none'], 'no variant is called none'],
      [[join(cwd, 'none.gguf')], 'cannot be opened: no such file'],
    ]
    for (const [flags, message] of failures) expectFailure(await multiscale(['bench', ...flags]), message)
    const missing = await multiscale(['bench', MODEL, '--peer', 'node-llama-cpp'], {
      cwd,
      main: without.main,
    })
    expectFailure(missing, /node-llama-cpp is not installed here; run: npm install node-llama-cpp/)
  })
})

/** A package of the peer's name and interface that computes with multiscale; `error` is added to its log-probabilities. */
function installPeer(error: number, says = ''): string {
  const folder = mkdtempSync(join(cwd, 'peer-'))
  const peer = join(folder, 'node_modules/node-llama-cpp')
  mkdirSync(peer, { recursive: true })
  writeFileSync(
    join(peer, 'package.json'),
    JSON.stringify({ name: 'node-llama-cpp', version: '9.8.7', type: 'module', exports: './index.js' }),
  )
  const code = `
import { loadModel } from ${JSON.stringify(pathToFileURL(join(packageRoot, 'dist/index.js')).href)}
const sequence = (model) => ({
  async clearHistory() {},
  async *evaluate(ids) {
    const { tokens } = await model.generate(ids, { maxTokens: 30, ignoreEos: true, temperature: 0 }).result
    for (const token of tokens) yield token
  },
  async controlledEvaluate(items) {
    const ids = items.map((item) => (Array.isArray(item) ? item[0] : item))
    const logits = await model.logits(ids, { from: ids.length - 1 })
    const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0)
    const probabilities = new Map([...logits].map((logit, id) => [id, (Math.exp(logit) / total) * ${Math.exp(error)}]))
    return [...ids.slice(1).map(() => undefined), { next: { probabilities } }]
  },
})
// As the package signal-exit, which the real peer loads.
process.on('SIGINT', function last() {
  if (process.listenerCount('SIGINT') > 1) return
  process.off('SIGINT', last)
  process.kill(process.pid, 'SIGINT')
})
export async function getLlama() {
  if (${JSON.stringify(says)}) console.error(${JSON.stringify(says)})
  let model
  return {
    async loadModel({ modelPath }) {
      model = await loadModel(modelPath)
      return { createContext: async () => ({ getSequence: () => sequence(model), dispose: async () => {} }) }
    },
    dispose: () => model.close(),
  }
}
`
  writeFileSync(join(peer, 'index.js'), code)
  return folder
}

describe.skipIf(skipWithoutData)('bench beside a peer', () => {
  test('ratios of medians and of rounds; the answers are compared', async () => {
    const flags = [...SHORT, '--peer', 'node-llama-cpp']
    const here = installPeer(0)
    const { status, stdout, stderr } = await multiscale(['bench', MODEL, ...flags, '--json'], { cwd: here })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    const report = JSON.parse(stdout)
    expect(report.peer).toEqual({
      name: 'node-llama-cpp 9.8.7',
      threads: { prefill: positive, decode: positive },
      logProbabilityRmsDifference: expect.any(Number),
    })
    expect(report.peer.logProbabilityRmsDifference).toBeLessThan(1e-3)
    for (const measure of [report.prefill, report.decode]) {
      expect(measure).toMatchObject({ ours: spread(), peer: spread(), pairedRatio: spread() })
      expect(measure.ratioOfMedians).toBeCloseTo(measure.ours.median / measure.peer.median, 10)
      for (const [i, ratio] of measure.pairedRatio.samples.entries()) {
        expect(ratio).toBeCloseTo(measure.ours.samples[i] / measure.peer.samples[i], 10)
      }
    }
    const text = await multiscale(['bench', MODEL, ...flags], { cwd: here })
    expect(text.stdout).toMatch(
      /^beside +node-llama-cpp 9\.8\.7, \d+ threads?.*; log-probabilities .* apart$/m,
    )
    expect(text.stdout).toMatch(/^ratio in the same round +[\d.]+ × /m)
  })

  test('Ctrl-C ends it with 130', async () => {
    const flags = ['--runs', '1000', '--peer', 'node-llama-cpp']
    const child = startMultiscale(['bench', MODEL, ...flags], { cwd: installPeer(0, 'ready') })
    child.stderr.once('data', () => child.kill('SIGINT'))
    const finish = await finished(child)
    expect(finish).toEqual({ status: 130, signal: null, stdout: '', stderr: 'ready\n' })
  })

  test('a peer that computes something else is an error, not a ratio', async () => {
    const flags = ['bench', MODEL, ...SHORT, '--peer', 'node-llama-cpp']
    const failed = await multiscale(flags, { cwd: installPeer(0.4) })
    expectFailure(failed, 'the two do not compute the same: their log-probabilities are 0.40 apart')
  })
})
