import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { DriftReport, SchemeReport } from '../../src/cli/analyze/drift/report.js'
import { type Finished, interrupted, multiscale } from '../helpers/cli.js'
import { type TinyModel, tinyGguf } from '../helpers/tiny-model.js'

const DRIFT = ['analyze', 'drift']
const SMALL = ['--rows', '4', '--columns', '256']

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'multiscale-drift-'))
})
afterAll(() => rmSync(folder, { recursive: true }))
const written = (name: string, model: TinyModel) => {
  const path = join(folder, name)
  writeFileSync(path, tinyGguf(model))
  return path
}

function reportOf({ status, stdout, stderr }: Finished): DriftReport {
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return JSON.parse(stdout)
}

function checkScheme(scheme: SchemeReport): void {
  const { w1, rounding, relative, unscaled, entropic, quantiles, codes, values, entropy, bits } = scheme
  expect(scheme.leftOut).toBe(0)
  // The grid's steps are not the same length everywhere: nothing is further than half of the largest, but for saturation.
  expect(w1).toBeGreaterThan(0.1)
  expect(w1).toBeLessThan(0.3)
  // Steps of what is rounded to float32.
  expect(Math.abs(rounding / w1 - 1)).toBeLessThan(2 ** -20)
  for (const share of [relative, unscaled]) {
    expect(share).toBeGreaterThan(0)
    expect(share).toBeLessThan(0.5)
  }
  expect(entropy).toBeGreaterThan(1)
  expect(entropy).toBeLessThan(bits)
  expect(quantiles).toHaveLength(129)
  expect(quantiles).toEqual(quantiles.toSorted((a, b) => a - b))
  expect(entropic === null).toBe(values > 1024)
  expect(codes === undefined).toBe(values > 1024)
  if (!entropic || !codes) return
  expect(entropic).toMatchObject({ converged: true })
  expect(entropic.value / w1).toBeGreaterThan(1)
  expect(entropic.value / w1).toBeLessThan(1.2)
  expect(codes.values).toHaveLength(values)
  const moved = codes.values.map((value, j) => codes.shares[j] * Math.abs((codes.means[j] ?? value) - value))
  expect(Math.max(...moved)).toBeCloseTo(
    scheme.worst.share * Math.abs(scheme.worst.mean - scheme.worst.value),
    12,
  )
  const used = codes.shares.filter((share) => share > 0).length
  expect(scheme.used).toBe(used / values)
  expect(codes.means.filter((mean) => mean !== null)).toHaveLength(used)
}

/** Of seven kinds of matrices in two types, but for one that fits six of them. */
function checkCharts(svg: string): void {
  expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" viewBox="0 0 640 4680"/)
  expect(svg).not.toMatch(/NaN|undefined|Infinity/)
  expect(svg).toMatch(/>Weights of gate, Q2_K: W1 0\.2\d\d steps<\/text>/)
  for (const name of ['codes', 'numbers'])
    expect(svg.match(new RegExp(`>${name}</text>`, 'g'))).toHaveLength(13)
  expect(svg.match(/opacity="0\.15"/g)).toHaveLength(13)
}

describe('analyze drift', () => {
  test('--json: every scheme, and nothing else on stdout', async () => {
    const flags = [...SMALL, '--distribution', 'laplace', '--seed', '3', '--json']
    const report = reportOf(await multiscale([...DRIFT, ...flags]))
    expect(Object.keys(report)).toEqual(['seed', 'group', 'epsilon', 'parts'])
    expect(report).toMatchObject({ seed: 3, group: 32, epsilon: 1 / 16 })
    expect(report.parts.map(({ source, data }) => [source, data])).toEqual([['random', 'laplace']])
    for (const { schemes, ...shape } of report.parts) {
      expect(shape).toMatchObject({ rows: 4, columns: 256 })
      expect(schemes).toHaveLength(13)
      for (const scheme of schemes) {
        expect(scheme.numbers).toBe(4 * 256)
        checkScheme(scheme)
      }
      // A second digit of 8 bits makes steps 256 times as small, and 3 bits of a block scale's exponent lie between MXFP4's two.
      const relative = (name: string) => schemes.find(({ scheme }) => scheme === name)?.relative as number
      expect(Math.log2(relative('int8x1-row') / relative('int8x2-row'))).toBeCloseTo(8, 0)
      expect(Math.log2(relative('mxfp4x1-paper') / relative('mxfp4x2-paper'))).toBeCloseTo(3, 0)
    }
  })

  test('--capture: inputs of products, keys and values, layers together', async () => {
    const model = written('tiny.gguf', { type: 'Q8_0', seed: 5, layers: 3, context: 128 })
    const prompt = 'the cat sat on the mat and the dog sat on the log and all of them sat there'
    const flags = [...DRIFT, '--capture', model, '--prompt', prompt, '--scheme', 'nvfp4,kv', '--json']
    const report = reportOf(await multiscale(flags))
    expect(report.model).toEqual({ file: 'tiny.gguf', name: 'tiny' })
    // <s>, and a token for each letter and blank, one of them in front.
    const rows = prompt.length + 2
    const shapes = report.parts.map(({ source, data, rows, columns }) => [source, data, rows, columns])
    expect(shapes).toEqual([
      ['activations', 'q', rows, 64],
      ['activations', 'output', rows, 64],
      ['activations', 'gate', rows, 64],
      ['activations', 'down', rows, 96],
      ['cache', 'keys', rows, 16],
      ['cache', 'shifted-keys', rows, 16],
      ['cache', 'values', rows, 16],
    ])
    for (const { schemes, source, columns, layers } of report.parts) {
      expect(layers).toEqual([0, 1, 2])
      const names = source === 'cache' ? ['kv-int8', 'kv-mxfp4'] : ['nvfp4']
      expect(schemes.map(({ scheme }) => scheme)).toEqual(names)
      // 2 heads of a cache.
      const count = 3 * rows * columns * (source === 'cache' ? 2 : 1)
      for (const { numbers, w1 } of schemes) {
        expect(numbers).toBe(count)
        expect(w1).toBeGreaterThan(0.1)
      }
    }
    const [keys, shifted] = report.parts.slice(4).map(({ schemes }) => schemes)
    expect(shifted[0].w1).not.toBe(keys[0].w1)
    // Fewer than 65 tokens: no key is shifted.
    const some = ['--rows', '64', '--layer', '2,0', '--scheme', 'kv-mxfp4']
    const less = reportOf(await multiscale([...flags, ...some]))
    expect(less.parts.map(({ data, layers }) => [data, layers])).toEqual([
      ['keys', [0, 2]],
      ['values', [0, 2]],
    ])
  })

  test('--weights: kinds of float matrices, layers together, as JSON, text and SVG', async () => {
    const path = written('float.gguf', { seed: 5, width: 256, feedForward: 96 })
    const flags = [...DRIFT, '--weights', path, '--rows', '48']
    const report = reportOf(await multiscale([...flags, '--tensor', 'k,down', '--json']))
    expect(report.parts).toMatchObject([
      { source: 'weights', data: 'k', rows: 48, columns: 256, layers: [0, 1], unfit: [] },
      { source: 'weights', data: 'down', rows: 48, columns: 96, layers: [0, 1], unfit: ['Q2_K'] },
    ])
    expect(report.parts.map(({ schemes }) => schemes.map(({ scheme }) => scheme))).toEqual([
      ['Q8_0', 'Q4_0', 'MXFP4', 'Q2_K'],
      ['Q8_0', 'Q4_0', 'MXFP4'],
    ])
    for (const { schemes } of report.parts) for (const scheme of schemes) checkScheme(scheme)
    const svg = join(folder, 'drift.svg')
    const text = await multiscale([...flags, '--type', 'Q4_0,Q2_K', '--layer', '1', '--svg', svg])
    checkCharts(readFileSync(svg, 'utf8'))
    expect({ status: text.status, stderr: text.stderr }).toEqual({ status: 0, stderr: '' })
    expect(text.stdout).toMatch(/^Weights of up inside tiny, layer 1: 48 rows × 256$/m)
    expect(text.stdout).toMatch(/^Left out, as rows are no whole blocks: Q2_K$/m)
    expect(text.stdout).toMatch(
      /^scheme +W1 +relative +unscaled +entropic +magnitude +worst code +saturated/m,
    )
    expect(
      text.stdout.match(
        /^Q[42]_[0K] +0\.\d{4}( +\d\S* %){2} +0\.\d{4} +[+-]\d\.\d{3} % +-?\d ← \S+ +\S+.* of [24]$/gm,
      ),
    ).toHaveLength(13)
  })

  test('Ctrl-C ends it with 130 and prints nothing', async () => {
    const result = await interrupted([...DRIFT, '--capture'])
    expect(result).toEqual({ status: 130, signal: null, stdout: '', stderr: '' })
  })
})
