import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ErrorReport } from '../../src/cli/analyze/msd/measure.js'
import type { MsdReport, PartReport } from '../../src/cli/analyze/msd/report.js'
import { expectFailure, type Finished, interrupted, multiscale } from '../helpers/cli.js'
import { tinyGguf } from '../helpers/tiny-model.js'

const MSD = ['analyze', 'msd']
const SMALL = ['--rows', '4', '--columns', '256', '--outputs', '8']

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'multiscale-msd-'))
})
afterAll(() => {
  rmSync(folder, { recursive: true })
})
const model = () => {
  const path = join(folder, 'tiny.gguf')
  writeFileSync(path, tinyGguf({ type: 'Q8_0', seed: 5, layers: 3 }))
  return path
}

function reportOf({ status, stdout, stderr }: Finished): MsdReport {
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return JSON.parse(stdout)
}

function checkErrors(errors: ErrorReport): void {
  const { effectiveBits, relative, ordinary, maxError, bound, reached, product } = errors
  expect(Object.keys(errors)).toEqual(
    expect.arrayContaining(['effectiveBits', 'relative', 'bound', 'product']),
  )
  expect(2 ** -(effectiveBits as number) / relative).toBeCloseTo(1, 12)
  for (const value of [ordinary, maxError, product.relative, product.maxError])
    expect(value).toBeGreaterThan(0)
  expect(maxError).toBeLessThanOrEqual(bound)
  // Something is near its bound, and nothing beyond.
  expect(reached).toBeGreaterThan(0.05)
  expect(reached).toBeLessThanOrEqual(1)
  expect(product.reached).toBeGreaterThan(0)
  expect(product.reached).toBeLessThanOrEqual(1)
}

const bitsOf = ({ schemes }: PartReport, name: string) =>
  schemes.find(({ scheme }) => scheme === name)?.effectiveBits as number

describe('analyze msd', () => {
  test('--json: every scheme on every distribution, and nothing else on stdout', async () => {
    const report = reportOf(await multiscale([...MSD, ...SMALL, '--seed', '3', '--group', '64', '--json']))
    expect(Object.keys(report)).toEqual(['seed', 'group', 'parts'])
    expect(report).toMatchObject({ seed: 3, group: 64 })
    expect(report.parts.map(({ data }) => data)).toEqual([
      'normal',
      'uniform',
      'laplace',
      'student-t',
      'outliers',
    ])
    for (const part of report.parts) {
      expect(part).toMatchObject({ rows: 4, columns: 256, weights: { types: ['Q4_0'], rows: 8 } })
      expect(part.schemes).toHaveLength(25)
      for (const scheme of part.schemes) {
        checkErrors(scheme)
        expect(scheme.layers).toBeUndefined()
      }
    }
    // Each further digit is worth as many bits as it has, where no number is massive.
    for (const part of report.parts.slice(0, -1))
      for (const shared of ['row', 'group']) {
        const [one, two, three] = [1, 2, 3].map((passes) => bitsOf(part, `int8x${passes}-${shared}`))
        expect(Math.abs(two - one - 8)).toBeLessThan(0.5)
        expect(Math.abs(three - two - 8)).toBeLessThan(0.5)
      }
    expect(report.parts.map(({ massive }) => massive > 0)).toEqual([false, false, false, false, true])
    const [outliers] = report.parts.slice(-1)
    const [row] = outliers.schemes.filter(({ scheme }) => scheme === 'int8x1-row')
    expect(row.ordinary).toBeGreaterThan(10 * row.relative)
    // The same seed, the same numbers.
    const one = [...MSD, ...SMALL, '--distribution', 'laplace', '--seed', '3', '--group', '64', '--json']
    expect(reportOf(await multiscale(one)).parts).toEqual([report.parts[2]])
    expect(reportOf(await multiscale([...one, '--seed', '4'])).parts).not.toEqual([report.parts[2]])
  })

  test('--capture: inputs of the products of a model, per layer', async () => {
    const flags = ['--capture', model(), '--prompt', 'the cat', '--scheme', 'bf16, mxfp4x2-paper', '--json']
    const report = reportOf(await multiscale([...MSD, ...flags]))
    expect(report.model).toEqual({ file: 'tiny.gguf', name: 'tiny' })
    expect(report.parts.map(({ data, columns }) => [data, columns])).toEqual([
      ['q', 64],
      ['output', 64],
      ['gate', 64],
      ['down', 96],
    ])
    for (const part of report.parts) {
      // <s>, and a token for each letter and blank, one of them in front; matrices of 64 rows or of 96, of which 64 are taken.
      expect(part).toMatchObject({ rows: 9, weights: { types: ['Q8_0'], rows: 64 } })
      expect(part.schemes.map(({ scheme }) => scheme)).toEqual(['bf16', 'mxfp4x2-paper'])
      for (const { layers = [], ...whole } of part.schemes) {
        checkErrors(whole)
        expect(layers.map(({ layer }) => layer)).toEqual([0, 1, 2])
        for (const layer of layers) checkErrors(layer)
        const all = layers.map(({ relative }) => relative)
        expect(whole.relative).toBeGreaterThanOrEqual(Math.min(...all))
        expect(whole.relative).toBeLessThanOrEqual(Math.max(...all))
        expect(whole.maxError).toBe(Math.max(...layers.map(({ maxError }) => maxError)))
      }
    }
    const chosen = [...flags, '--layer', '2,0', '--tensor', 'down,q', '--rows', '5', '--outputs', '7']
    const some = reportOf(await multiscale([...MSD, ...chosen]))
    expect(some.parts.map(({ data, rows, weights }) => [data, rows, weights.rows])).toEqual([
      ['q', 5, 7],
      ['down', 5, 7],
    ])
    expect(some.parts[1].schemes[0].layers?.map(({ layer }) => layer)).toEqual([0, 2])
  })

  test('as text, of random numbers and of a model', async () => {
    const flags = ['--distribution', 'outliers', '--scheme', 'int8x2,nvfp4']
    const random = await multiscale([...MSD, ...SMALL, ...flags])
    expect({ status: random.status, stderr: random.stderr }).toEqual({ status: 0, stderr: '' })
    expect(random.stdout).toMatch(
      /^Normal numbers, two massive channels: 4 × 256 \(seed 1\), times 8 rows of Q4_0$/m,
    )
    expect(random.stdout).toMatch(/^8 of them are massive/m)
    expect(random.stdout).toMatch(
      /^scheme +bits +effective bits +relative L2 +ordinary +max error +bound +reached/m,
    )
    expect(
      random.stdout.match(
        /^int8x2-(row|group)(-254)? +1\d\.\d\d +\d+\.\d{3}( +\d\.\d\de[+-]\d){4} +\d\.\d{3}/gm,
      ),
    ).toHaveLength(4)
    expect(random.stdout).toMatch(/^nvfp4 +4\.63 /m)

    const own = await multiscale([
      ...MSD,
      '--capture',
      model(),
      '--rows',
      '6',
      '--tensor',
      'gate',
      '--scheme',
      'mxfp8',
    ])
    expect({ status: own.status, stderr: own.stderr }).toEqual({ status: 0, stderr: '' })
    expect(own.stdout).toMatch(
      /^Inputs of gate and up inside tiny, layers 0 to 2: 6 tokens × 64, times 64 rows of Q8_0$/m,
    )
    expect(own.stdout).toMatch(/^scheme +bits +effective bits +worst layer +relative L2 +max error/m)
    expect(own.stdout).toMatch(/^mxfp8 +8\.25 +\d\.\d{3} +\d\.\d{3} \([012]\) /m)
  })

  test('--svg: a chart for each part, well-formed', async () => {
    const path = join(folder, 'errors.svg')
    const flags = ['--distribution', 'normal,uniform', '--scheme', 'bf16,int8,mxfp4', '--svg', path, '--json']
    reportOf(await multiscale([...MSD, ...SMALL, ...flags]))
    const svg = readFileSync(path, 'utf8')
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" viewBox="0 0 640 960"/)
    expect(svg).not.toMatch(/NaN|undefined|Infinity/)
    for (const name of ['Normal numbers', 'Uniform numbers', 'INT8 per group', 'MXFP4, search', 'BF16'])
      expect(svg).toContain(`>${name}</text>`)
    // Every element is closed by its own end.
    const open: string[] = []
    for (const [, end, name, alone] of svg.matchAll(/<(\/?)(\w+)[^<>]*?(\/?)>/g)) {
      if (end) expect(open.pop()).toBe(name)
      else if (!alone) open.push(name)
    }
    expect(open).toEqual([])
    // Seven families in each of two charts: lines and, for one pass alone, a dot, there and in the legend.
    expect(svg.match(/<circle /g)).toHaveLength(4)
  })

  test('--help has examples and says what the schemes are; analyze lists it', async () => {
    const { status, stdout } = await multiscale([...MSD, '--help'])
    expect(status).toBe(0)
    expect(stdout).toContain('Usage: multiscale analyze msd')
    expect(stdout).toContain('Examples:\n  multiscale analyze msd --distribution')
    expect(stdout).toMatch(/^ {2}int8xN-row, int8xN-group /m)
    expect((await multiscale(['analyze', '--help'])).stdout).toMatch(/^ {2}msd /m)
  })

  test('one clear line for what cannot be', async () => {
    const failures: [flags: string[], message: string | RegExp][] = [
      [['--distribution', 'cauchy'], "'cauchy' is no distribution; there are normal, uniform, laplace"],
      [['--scheme', 'int8,fp5'], "'fp5' is no scheme; there are bf16, fp16"],
      [['--scheme', ''], "'' is no scheme"],
      [['--rows', '0'], /--rows.* a whole number above 0 is needed/],
      [['--columns', '1.5'], /--columns.* a whole number is needed/],
      [['--group', 'x'], /--group.* a whole number is needed/],
      [
        ['--columns', '100'],
        '100 columns are not whole Q4_0 blocks of 32; choose --columns as a multiple of 32',
      ],
      [['--weights', 'Q9'], /--weights.* Allowed choices are F32/],
      [['--layer', '2'], '--layer is about a model; name one with --capture'],
      [['--capture', model(), '--layer', '1,3'], 'there is no layer 3; the model has layers 0 to 2'],
      [['--capture', model(), '--layer', '1,'], /--layer.* whole numbers separated by commas/],
      [['--capture', model(), '--tensor', 'up'], "'up' is no tensor; there are q, output, gate, down"],
      [['--capture', model(), '--prompt', ''], 'the text to capture is empty'],
      [['--capture', model(), '--columns', '64'], /--capture.* cannot be used with .*--columns/],
      [['--capture', join(folder, 'none.gguf')], 'cannot be opened: no such file'],
      [['--svg', join(folder, 'none', 'a.svg')], /--svg.* there is no folder '.*none'/],
      [['--svg', folder], /--svg.* that is a folder/],
    ]
    for (const [flags, message] of failures) expectFailure(await multiscale([...MSD, ...flags]), message)
  })

  test('Ctrl-C ends it with 130 and prints nothing', async () => {
    const result = await interrupted([...MSD, '--capture'])
    expect(result).toEqual({ status: 130, signal: null, stdout: '', stderr: '' })
  })
})
