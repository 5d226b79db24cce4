import { describe, expect, test } from 'vitest'
import { dequantizeRows, quantizeRows } from '../../src/attention/index.js'
import { capturedParts } from '../../src/cli/analyze/drift/captured.js'
import {
  activationFormats,
  type CodedNumbers,
  cacheFormats,
  type GridFormat,
  type Numbers,
  WEIGHT_TYPES,
  weightFormat,
} from '../../src/cli/analyze/drift/formats.js'
import { floatGrid, integerGrid, sumGrid } from '../../src/cli/analyze/drift/grids.js'
import { measureDrift } from '../../src/cli/analyze/drift/measure.js'
import { codeMeans, quantiles } from '../../src/cli/analyze/drift/monotone.js'
import { GridSample } from '../../src/cli/analyze/drift/sample.js'
import { driftCommand } from '../../src/cli/analyze/drift.js'
import { randomActivations } from '../../src/cli/analyze/msd/data.js'
import { allSchemes } from '../../src/cli/analyze/msd/schemes.js'
import { fp4e2m1, fp8e4m3 } from '../../src/dtype/index.js'
import { Trace } from '../../src/engine/trace.js'
import { dequantize, quantizeMatrix } from '../../src/format/index.js'
import { barycentricProjection, exactW1, sinkhorn1d } from '../../src/transport/index.js'
import { countUpTo } from '../../src/transport/mesh.js'
import { seededRandom } from '../helpers/quants.js'
import { tinyModelWriter } from '../helpers/tiny-model.js'

/** What `multiscale analyze drift` measures with. */

const EPSILON = 1 / 16

const tinyModel = tinyModelWriter()

/** One row of numbers, given on the grid itself, each with the code that is given for it. */
function sampleOf(grid: Float64Array, t: readonly number[], codes: readonly number[]): GridSample {
  const sample = new GridSample(grid)
  const x = Float32Array.from(t)
  sample.add({ x, rows: 1, cols: t.length }, { codes, group: t.length, scales: [1] })
  return sample
}

const reportOf = (grid: Float64Array, t: readonly number[], codes: readonly number[]) =>
  measureDrift({ name: 'test', bits: 3, grid }, sampleOf(grid, t, codes), { epsilon: EPSILON })

function nearest(grid: Float64Array, t: number): number {
  return grid.reduce((best, value) => (Math.abs(t - value) < Math.abs(t - best) ? value : best))
}

const EIGHT = integerGrid(0, 7)
const E2M1 = floatGrid(fp4e2m1)

describe('grids', () => {
  test('hold every value once, ascending', () => {
    expect(Array.from(E2M1)).toEqual([-6, -4, -3, -2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2, 3, 4, 6])
    expect(Object.is(E2M1[7], 0)).toBe(true)
    // 2 signs of 2^7 codes, less two that are NaN and one of the zeros.
    const e4m3 = floatGrid(fp8e4m3)
    expect([e4m3.length, e4m3[0], e4m3[126], e4m3[127], e4m3[252]]).toEqual([253, -448, 0, 2 ** -9, 448])
    expect(Array.from(sumGrid(integerGrid(-1, 1), 1 / 2))).toEqual([-1.5, -1, -0.5, 0, 0.5, 1, 1.5])
    expect([-7, -6, 0.4, 5.9, 6, 9].map((at) => countUpTo(E2M1, at))).toEqual([0, 1, 8, 14, 15, 15])
  })
})

describe('drift by hand', () => {
  test('numbers on the grid do not move', async () => {
    const t = [0, 1, 1, 5, 7]
    const report = await reportOf(EIGHT, t, t)
    expect(report).toMatchObject({ w1: 0, relative: 0, unscaled: 0, rounding: 0, magnitude: 0, saturated: 0 })
    expect(report).toMatchObject({ numbers: 5, leftOut: 0, values: 8, used: 1 / 2, step: 1 })
    // Shares 1/5, 2/5, 1/5, 1/5.
    expect(report.entropy).toBeCloseTo((3 / 5) * Math.log2(5) + (2 / 5) * Math.log2(5 / 2), 12)
    expect(report.worst.mean).toBe(report.worst.value)
  })

  test('a shift by half a step costs half a step', async () => {
    const codes = [0, 1, 2, 3, 4, 5, 6]
    const t = codes.map((code) => code + 0.5)
    const report = await reportOf(EIGHT, t, codes)
    expect(report).toMatchObject({ w1: 0.5, rounding: 0.5, unscaled: 0.5 / 3.5, relative: 0.5 / 3.5 })
    expect(report.magnitude).toBeCloseTo(3 / 3.5 - 1, 15)
    expect(report.codes?.means).toEqual([...t, null])
    expect(report.worst).toMatchObject({ value: 0, mean: 0.5, share: 1 / 7 })
  })

  test('where codes fall as numbers grow, the distribution moves less than the numbers', async () => {
    // Each number has the other one's code.
    const report = await reportOf(EIGHT, [1, 3], [3, 1])
    expect(report).toMatchObject({ w1: 0, unscaled: 0, rounding: 2 })
    expect(report.codes?.means.slice(0, 4)).toEqual([null, 1, null, 3])
  })

  test('numbers beyond the grid: saturated from half a step on', async () => {
    const sample = sampleOf(E2M1, [6.9, 7.1, -7, -7.1, 40, 1], [6, 6, -6, -6, 6, 1])
    expect(sample.saturated).toBe(3)
    const { w1, step } = await measureDrift({ name: 'test', bits: 4, grid: E2M1 }, sample, { epsilon: 1 })
    // Distances 0.9, 1.1, 1, 1.1, 34 and 0 of numbers that float32 holds to 2⁻²⁴; the grid's last step goes on.
    expect((6 * w1 * step) / 38.1 - 1).toBeLessThan(2 ** -23)
    expect(step).toBeCloseTo((5 * 2 + 0.5) / 6, 12)
  })

  test('minimums, scales of either sign, and what the numbers were made of', async () => {
    const sample = new GridSample(EIGHT)
    // x = scale · t − minimum with t = 1.25, 3 and 2, 4.5.
    const numbers = { x: Float32Array.of(1.5, 5, -6, -11), rows: 1, cols: 4 }
    const coded: CodedNumbers = { codes: [1, 3, 2, 4], group: 2, scales: [2, -2], minimums: [1, 2] }
    sample.add(numbers, coded, Float32Array.of(4, 4, 4, 4))
    const report = await measureDrift({ name: 'test', bits: 3, grid: EIGHT }, sample, { epsilon: 1 })
    // |t − code| are 1/4, 0, 0 and 1/2; the numbers' magnitudes are 4/2. Stored are 1, 5, −6, −10, in place of 1.5, 5, −6, −11.
    expect(report).toMatchObject({ w1: 3 / 16, relative: 3 / 32, unscaled: 1.5 / 16 })
    expect(report.magnitude).toBeCloseTo(22 / 23.5 - 1, 15)
  })

  test('groups without a scale are left out, but for zeros', async () => {
    const sample = new GridSample(EIGHT)
    const x = Float32Array.of(0, 0, 1e-45, 0, 2, 3)
    sample.add({ x, rows: 1, cols: 6 }, { codes: [0, 0, 0, 0, 2, 3], group: 2, scales: [0, 0, 1] })
    // A zero beside a number that was lost keeps its place: 0.
    expect(sample).toMatchObject({ numbers: 5, leftOut: 1 })
    const empty = new GridSample(EIGHT)
    empty.add({ x: x.subarray(2, 3), rows: 1, cols: 1 }, { codes: [0], group: 1, scales: [0] })
    const format = { name: 'tiny', bits: 3, grid: EIGHT }
    await expect(measureDrift(format, empty, { epsilon: 1 })).rejects.toThrow(
      'tiny: all 1 numbers are too small for a scale',
    )
  })

  test('a code that is not on the grid', () => {
    expect(() => sampleOf(EIGHT, [1], [1.5])).toThrow('the code 1.5 is not on its grid')
    expect(() => sampleOf(EIGHT, [1], [-1])).toThrow('the code -1 is not on its grid')
  })

  test('means of the monotone plan, and quantiles', () => {
    const bins = [
      { mean: 0, count: 3 },
      { mean: 1, count: 1 },
      { mean: 10, count: 4 },
    ]
    expect(codeMeans(bins, [1, 3, 0, 4])).toEqual([0, 1 / 3, null, 10])
    expect(codeMeans(bins, [4, 4])).toEqual([1 / 4, 10])
    const all = quantiles(bins)
    expect(all).toHaveLength(129)
    expect([0, 47, 48, 49, 64, 65, 128].map((k) => all[k])).toEqual([0, 0, 0, 1, 1, 10, 10])
  })
})

test('the entropic cost grows with ε, and nothing else changes', async () => {
  const ocp = formatOf('mxfp4x1-ocp')
  const numbers = randomActivations('laplace', { rows: 4, cols: 256 }, 5)
  const sample = new GridSample(ocp.grid)
  sample.add(numbers, ocp.encode(numbers))
  const [small, large] = [
    await measureDrift(ocp, sample, { epsilon: 1 / 32 }),
    await measureDrift(ocp, sample, { epsilon: 1 / 4 }),
  ]
  expect({ ...small, entropic: null }).toEqual({ ...large, entropic: null })
  expect(small.entropic?.value).toBeGreaterThan(small.w1)
  expect(large.entropic?.value).toBeGreaterThan(small.entropic?.value as number)
})

describe('uniform numbers', () => {
  test('over a uniform grid: a quarter of a step', async () => {
    // 8 numbers evenly spread in each of 7 steps, at odd sixteenths: distances 1, 3, 5, 7, 7, 5, 3, 1 sixteenths.
    const t = Array.from({ length: 56 }, (_, i) => (2 * i + 1) / 16)
    const even = await reportOf(
      EIGHT,
      t,
      t.map((at) => nearest(EIGHT, at)),
    )
    expect(even.w1).toBe(1 / 4)
    // Random ones: |t − code| is uniform in [0, 1/2], of deviation 1/√48; six deviations of the mean of n.
    const random = seededRandom(3)
    const n = 10_000
    const numbers = Array.from({ length: n }, () => 7 * random())
    const report = await reportOf(
      EIGHT,
      numbers,
      numbers.map((at) => nearest(EIGHT, at)),
    )
    expect(Math.abs(report.w1 - 1 / 4)).toBeLessThan(6 / Math.sqrt(48 * n))
  })

  test('over the grid of FP4: Σ w² / 4 over Σ w of its steps w', async () => {
    const [rows, cols] = [64, 256]
    const random = seededRandom(7)
    // A number in each block of 32 is 6, which makes the block's scale 1.
    const x = Float32Array.from({ length: rows * cols }, (_, i) => (i % 32 === 0 ? 6 : 12 * random() - 6))
    const ocp = formatOf('mxfp4x1-ocp')
    const sample = new GridSample(ocp.grid)
    sample.add({ x, rows, cols }, ocp.encode({ x, rows, cols }))
    const report = await measureDrift(ocp, sample, { epsilon: EPSILON })
    const widths = [0.5, 0.5, 0.5, 0.5, 1, 1, 2]
    const squares = widths.reduce((sum, w) => sum + w * w, 0)
    // Deviation at most half the largest distance, 1 (Popoviciu); six of the mean's.
    const tolerance = 3 / Math.sqrt(rows * cols)
    expect(Math.abs(report.w1 * report.step - ((31 / 32) * squares) / 4 / 6)).toBeLessThan(tolerance)
    expect(squares / 4 / 6).toBe(7 / 24)
    expect(report.saturated).toBe(0)
    expect(report.used).toBe(1)
  })
})

const formatOf = (name: string) => activationFormats(32).find((format) => format.name === name) as GridFormat

/** What a format stores, by the code that the format comes from. */
const REFERENCES: [GridFormat, (numbers: Numbers) => ArrayLike<number>][] = [
  ...activationFormats(32).map((format): [GridFormat, (numbers: Numbers) => ArrayLike<number>] => {
    const scheme = allSchemes(32).find(({ name }) => name === format.name)
    return [format, (numbers) => scheme?.approximate(numbers).values ?? []]
  }),
  ...cacheFormats().map((format): [GridFormat, (numbers: Numbers) => ArrayLike<number>] => {
    const code = format.name === 'kv-int8' ? 'int8' : 'mxfp4'
    return [format, ({ x, rows, cols }) => dequantizeRows(quantizeRows(x, { rows, cols, format: code }))]
  }),
  ...WEIGHT_TYPES.map((type): [GridFormat, (numbers: Numbers) => ArrayLike<number>] => [
    weightFormat(type),
    ({ x, rows, cols }) => dequantize(type, quantizeMatrix(x, rows, cols, type), rows, cols),
  ]),
]

describe.each(REFERENCES)('$name', (format, reference) => {
  const numbers = randomActivations('student-t', { rows: 6, cols: 512 }, 11)
  const { x, cols } = numbers
  const coded = format.encode(numbers)
  const groupOf = (i: number) =>
    Math.floor(i / cols) * Math.ceil(cols / coded.group) + Math.floor((i % cols) / coded.group)

  test('codes and scales are what the format stores', () => {
    const wanted = reference(numbers)
    expect(wanted).toHaveLength(x.length)
    for (let i = 0; i < x.length; i++) {
      const [scale, minimum] = [coded.scales[groupOf(i)], coded.minimums?.[groupOf(i)] ?? 0]
      const stored = scale * coded.codes[i] - minimum
      // One rounding here, and one there or none.
      const tolerance = 2 * Number.EPSILON * (Math.abs(scale * coded.codes[i]) + Math.abs(minimum))
      expect(Math.abs(stored - wanted[i])).toBeLessThanOrEqual(tolerance)
    }
  })

  test('bins lose nothing, and the distribution moves as far as the numbers do', async () => {
    const sample = new GridSample(format.grid)
    sample.add(numbers, coded)
    const report = await measureDrift(format, sample, { epsilon: EPSILON })
    const placed = Array.from(x.keys()).filter((i) => coded.scales[groupOf(i)] !== 0)
    expect(report.numbers).toBe(placed.length)
    const t = placed.map((i) => (x[i] + (coded.minimums?.[groupOf(i)] ?? 0)) / coded.scales[groupOf(i)])
    const c = placed.map((i) => coded.codes[i])
    const ones = t.map(() => 1)
    const exact = exactW1({ x: t, a: ones, y: c, b: ones })
    // Sums of at most n terms, each at most the largest number: off by (n + 3) ε of n times it. The scales of kv-int8 are rounded to
    // float32, and so are the quotients that its codes come from: a number may be on the far side of a midpoint by 2⁻²² of itself, and
    // moves by twice that.
    const largest = t.reduce((most, at) => Math.max(most, Math.abs(at)), 0)
    const float32 = format.name === 'kv-int8' ? 2 ** -21 : 0
    const tolerance = ((t.length + 3) * Number.EPSILON + float32) * t.length * largest
    const total = report.step * t.length
    expect(Math.abs(report.w1 * total - exact)).toBeLessThan(tolerance)
    expect(Math.abs(report.rounding * total - exact)).toBeLessThan(tolerance)
    // The entropic cost is at least W1 and at most ε · (entropy of the codes, in nats) above it, but for the marginal's violation.
    if (report.entropic === null) return expect(format.grid.length).toBeGreaterThan(1024)
    const { value, marginalError } = report.entropic
    const slack = (marginalError * 2 * largest) / report.step
    expect(value).toBeGreaterThan(report.w1 - slack)
    expect(value).toBeLessThan(report.w1 + EPSILON * Math.LN2 * report.entropy + slack)
  })
})

test('barycentric projections of entropic plans tend to the means of the monotone plan', async () => {
  const perStep = 64
  const t = Array.from({ length: 7 * perStep }, (_, i) => (2 * i + 1) / (2 * perStep))
  const sample = sampleOf(
    EIGHT,
    t,
    t.map((at) => nearest(EIGHT, at)),
  )
  const means = codeMeans(sample.bins(), sample.codes)
  for (const epsilon of [1 / 8, 1 / 16]) {
    const measures = sample.measures()
    const { f, g, converged } = await sinkhorn1d(measures, { epsilon })
    expect(converged).toBe(true)
    const { x, a, y, b } = measures
    const [images] = barycentricProjection({ x: y, a: b, y: x, b: a }, { f: g, g: f, epsilon })
    // Numbers at a distance δ from a midpoint are on its other side with probability 1/(1 + e^(2δ/ε)), and move Σ t by 2δ then: π²ε²/24
    // for each border of a code, of a step's density. A code has two borders and at least half a step's numbers.
    for (const [j, image] of images.entries())
      expect(Math.abs(image - (means[j] as number))).toBeLessThan((Math.PI ** 2 * epsilon ** 2) / 6)
  }
})

test('captured keys, their shifted rest, and values: the rows of each head', async () => {
  const [tokens, headSize] = [80, 16]
  using trace = await Trace.load(tinyModel({ context: 128, layers: 2 }), { cacheType: 'f32' })
  const ids = Array.from({ length: tokens }, (_, i) => 3 + ((7 * i) % 250))
  const cache = cacheFormats()
  const parts = await capturedParts(trace, ids, { layers: [1], activations: [], cache })
  expect(parts.map(({ data, layers }) => [data, layers])).toEqual([
    ['keys', [1]],
    ['shifted-keys', [1]],
    ['values', [1]],
  ])
  const [keys, rest, values] = await Promise.all(
    parts.map((part) => Promise.all(part.batches.map((read) => read()))),
  )
  expect(keys).toHaveLength(2)
  for (const [h, { x, rows, cols }] of keys.entries()) {
    expect([rows, cols, x.length]).toEqual([tokens, headSize, tokens * headSize])
    expect(rest[h].original).toEqual(x)
    // Keys are shifted from the 65th on.
    const first = 64 * headSize
    expect(rest[h].x.subarray(0, first)).toEqual(x.subarray(0, first))
    const shift = x.subarray(first).map((value, i) => value - rest[h].x[first + i])
    expect(Math.max(...shift.map(Math.abs))).toBeGreaterThan(0.01)
    expect(values[h].x).not.toEqual(x)
  }
  expect(keys[0].x).not.toEqual(keys[1].x)
})

test('--help has examples and says what the schemes are', () => {
  let help = ''
  const writeOut = (text: string) => {
    help += text
  }
  driftCommand().configureOutput({ writeOut }).outputHelp()
  expect(help).toContain('Examples:\n  multiscale analyze drift --distribution')
  expect(help).toMatch(/^ {2}mxfp4x2-paper, -ocp /m)
})

describe('the command refuses', () => {
  const failures: [flags: string[], message: string][] = [
    [['--scheme', 'kv-int8'], "'kv-int8' is no scheme; there are int8x1-row"],
    [['--epsilon', '0'], 'a number above 0 is needed'],
    [['--layer', '1'], '--layer is about a model; name one with --capture or --weights'],
    [['--tensor', 'q'], '--tensor is about a model; name one with --capture or --weights'],
    [['--type', 'Q4_0'], '--type is about weights; name a model with --weights'],
    [['--prompt', 'a'], '--prompt is about a model; name one with --capture'],
    [
      ['--weights', 'FILE of codes'],
      'tensor "blk.0.attn_q.weight" is Q4_0, so its weights have been moved already; take the F32, F16 or BF16 file',
    ],
    [['--weights', 'FILE', '--type', 'Q2_K'], 'no whole blocks of Q2_K; choose another --type'],
    [['--weights', 'FILE', '--tensor', 'keys'], "with --weights there is no 'keys', but q, k, v, output"],
    [['--capture', 'FILE', '--tensor', 'up'], "with --capture there is no 'up', but q, output, gate"],
    [['--capture', 'FILE', '--layer', '2'], 'there is no layer 2; the model has layers 0 to 1'],
    [
      ['--capture', 'FILE', '--tensor', 'shifted-keys', '--rows', '8'],
      'keys are shifted from the 65th token on, and there are 8',
    ],
    [['--capture', 'FILE', '--tensor', 'keys', '--scheme', 'mxfp8'], 'nothing is left to measure'],
    [
      ['--distribution', 'normal', '--rows', '1', '--scheme', 'int8x2', '--svg', 'FILE'],
      'the grids of these schemes are too large to be drawn',
    ],
  ]
  test.each(failures)('%s', async (flags, message) => {
    const file = tinyModel(flags.includes('FILE of codes') ? { type: 'Q4_0' } : {})
    const command = driftCommand()
      .exitOverride()
      .configureOutput({ writeErr() {} })
    const done = command.parseAsync(
      flags.map((flag) => (flag.startsWith('FILE') ? file : flag)),
      { from: 'user' },
    )
    await expect(done).rejects.toThrow(message)
  })
})
