import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AttentionReport } from '../../src/cli/analyze/attention/describe.js'
import type { ErrorReport } from '../../src/cli/analyze/attention/errors.js'
import type { MethodReport } from '../../src/cli/analyze/attention/methods.js'
import {
  copyWithoutAddon,
  expectFailure,
  type Finished,
  finished,
  multiscale,
  startMultiscale,
} from '../helpers/cli.js'
import { tinyGguf } from '../helpers/tiny-model.js'

const ATTENTION = ['analyze', 'attention']

let without: { folder: string; main: string }
let folder: string
beforeAll(() => {
  without = copyWithoutAddon()
  folder = mkdtempSync(join(tmpdir(), 'multiscale-analyze-'))
})
afterAll(() => {
  rmSync(without.folder, { recursive: true })
  rmSync(folder, { recursive: true })
})
const file = (name: string, content: string | Uint8Array) => {
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}

function reportOf({ status, stdout, stderr }: Finished): Required<AttentionReport> {
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return JSON.parse(stdout)
}

/** An error that is there: 0 < median ≤ worst. */
function errorOf(error: ErrorReport | null | undefined): ErrorReport {
  expect(error).toBeTruthy()
  const { medianRow, worstRow, relative, rmse } = error as ErrorReport
  expect(medianRow).toBeLessThanOrEqual(worstRow)
  for (const value of [medianRow, relative, rmse]) expect(value).toBeGreaterThan(0)
  return error as ErrorReport
}

const named = (methods: readonly MethodReport[], name: string) => {
  const found = methods.find(({ method }) => method === name)
  expect(found, name).toBeDefined()
  return found as MethodReport
}

/** What the paper claims of MSD on a quantised cache, and what half precision and four bits may cost. */
function checkMethods(methods: readonly MethodReport[]): void {
  for (const { method, error } of methods)
    expect(errorOf(error).relative).toBeLessThan(method.startsWith('MXFP4') ? 0.5 : 0.03)
  const converted = named(methods, 'INT8 cache: made bfloat16')
  const [one, two] = ['1 digit', '2 digits'].map((digits) => named(methods, `INT8 cache: MSD, ${digits}`))
  expect(errorOf(converted.sameCodes).medianRow / errorOf(two.sameCodes).medianRow).toBeGreaterThan(50)
  expect(errorOf(two.error).relative).toBeLessThan(errorOf(converted.error).relative)
  expect(errorOf(one.sameCodes).relative).toBeGreaterThan(50 * errorOf(two.sameCodes).relative)
  for (const method of ['binary16, PASA', 'bfloat16 cache'])
    expect(named(methods, method)).toEqual({ method, error: expect.anything() })
}

describe('analyze attention', () => {
  test('--json: every section, and nothing else on stdout', async () => {
    const flags = ['--tokens', '72', '--greedy-tokens', '6', '--seed', '2', '--json']
    const report = reportOf(await multiscale([...ATTENTION, ...flags]))
    const { random, captured, rescales, pasa, greedy } = report
    expect(report.seed).toBe(2)
    expect(report.model).toEqual({ file: 'stories.gguf', name: 'stories' })

    expect(random.map(({ rows, keys, headSize }) => [rows, keys, headSize])).toEqual([
      [64, 1024, 64],
      [64, 1024, 128],
    ])
    for (const { methods } of random) {
      checkMethods(methods)
      expect(methods).toHaveLength(14)
    }

    expect(captured).toMatchObject({ tokens: 72, heads: 8 })
    checkMethods(captured.methods)
    expect(captured.layers.map(({ layer }) => layer)).toEqual([0, 1, 2, 3, 4, 5])
    for (const { methods } of [captured, ...captured.layers]) expect(methods).toHaveLength(16)
    // Keys of a model have a large mean: without it they have smaller errors.
    for (const format of ['INT8', 'MXFP4']) {
      const [plain, shifted] = ['', ", less the block's mean key"].map((shift) =>
        errorOf(named(captured.methods, `${format} cache${shift}: MSD, 2 digits`).keys),
      )
      expect(shifted.relative).toBeLessThan(0.9 * plain.relative)
    }

    expect(rescales.map(({ rescaling }) => rescaling)).toEqual(['multiply', 'exponent', 'amla'])
    const [multiply, exponent] = rescales
    for (const { chances, error } of rescales) {
      // Of 72 rows, 8 see a second block of 64 keys: in 8 heads of 6 layers.
      expect(chances).toBe(8 * 8 * 6)
      expect(errorOf(error).relative).toBeLessThan(2e-6)
    }
    expect(exponent.rescales).toBeLessThanOrEqual(multiply.rescales)
    expect(exponent.skippedPercent).toBeCloseTo(100 * (1 - exponent.rescales / exponent.chances), 10)

    expect(pasa).toHaveLength(32)
    for (const { largestScore, naive, pasa: shifted } of pasa) {
      expect(naive.overflows).toBe(largestScore > 65504)
      expect(naive.error === null).toBe(naive.overflows)
      expect(shifted.overflows).toBe(false)
      errorOf(shifted.error)
    }
    expect(new Set(pasa.map(({ naive }) => naive.overflows)).size).toBe(2)

    expect(greedy.prompts).toHaveLength(20)
    const differing = greedy.prompts.filter(({ firstDifference }) => firstDifference !== null)
    expect(greedy).toMatchObject({ tokens: 6, different: differing.length })
    for (const { firstDifference, logitDifference, float32, pasa: half } of greedy.prompts) {
      if (firstDifference === null) expect(half).toBe(float32)
      else expect(firstDifference).toBeLessThan(6)
      expect(logitDifference).toBeGreaterThan(0)
      expect(logitDifference).toBeLessThan(1)
    }
  })

  test('as text, of another model and a text of one’s own', async () => {
    const model = file('tiny.gguf', tinyGguf({ type: 'Q8_0', seed: 5 }))
    const text = file('text.txt', 'the cat and the hen sat in the barn')
    const flags = ['--model', model, '--file', text, '--only', 'rescales, captured', '--tokens', '20']
    const { status, stdout, stderr } = await multiscale([...ATTENTION, ...flags])
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toMatch(/^Inside tiny: 20 tokens, all 4 heads of 2 layers\n/)
    expect(stdout).toMatch(/^method +error +worst row +RMSE +same codes +keys$/m)
    expect(stdout).toMatch(/^INT8 cache: MSD, 2 digits( +\d\.\d\de-\d){5}$/m)
    expect(stdout).toMatch(/^multiplication, real maximum +0 of 0 +– +\d\.\d\de-\d$/m)
    expect(stdout).not.toMatch(/Normal numbers|Greedy/)
    const short = reportOf(
      await multiscale([...ATTENTION, '-m', model, '--prompt', 'the cat', '--only', 'captured', '--json']),
    )
    expect(Object.keys(short)).toEqual(['seed', 'model', 'captured'])
    // <s>, and a token for each letter and blank, one of them in front.
    expect(short.captured.tokens).toBe(9)
  })

  test('--help has an example; analyze alone says what there is', async () => {
    const { status, stdout } = await multiscale([...ATTENTION, '--help'])
    expect(status).toBe(0)
    expect(stdout).toContain('Usage: multiscale analyze attention')
    expect(stdout).toContain('Example:\n  multiscale analyze attention --only')
    expect((await multiscale(['analyze', '--help'])).stdout).toMatch(/^ {2}attention /m)
  })

  test('one clear line for what cannot be', async () => {
    const failures: [flags: string[], message: string | RegExp][] = [
      [
        ['--only', 'captured,all'],
        "'all' is no section; there are random, captured, rescales, pasa, greedy.",
      ],
      [['--only', ''], "'' is no section"],
      [['--prompt', 'a', '--file', 'b'], /--prompt.* cannot be used with .*--file/],
      [['--tokens', '0'], 'a whole number above 0 is needed'],
      [['--seed', '-1'], 'a whole number is needed'],
      [['--prompt', ''], 'the text to capture is empty'],
      [['--tokens', '600'], '600 tokens do not fit a context of 512'],
      [['--file', join(folder, 'none.txt')], /no such file.*none\.txt/],
      [['--model', join(folder, 'none.gguf')], 'cannot be opened: no such file'],
      [['nothing'], /too many arguments/],
    ]
    for (const [flags, message] of failures)
      expectFailure(await multiscale([...ATTENTION, ...flags]), message)
  })

  test('Ctrl-C ends it with 130 and prints nothing', async () => {
    const child = startMultiscale([...ATTENTION, '--only', 'captured'], { main: without.main })
    // The model is loaded once it has said that the addon is missing.
    child.stderr.once('data', () => child.kill('SIGINT'))
    const { status, stdout, stderr } = await finished(child)
    expect({ status, stdout }).toEqual({ status: 130, stdout: '' })
    expect(stderr.trimEnd().split('\n')).toHaveLength(1)
  })
})
