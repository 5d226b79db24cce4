import { describe, expect, test } from 'vitest'
import { DISTRIBUTIONS, randomActivations, randomWeights } from '../../src/cli/analyze/msd/data.js'
import { describe as describeReport } from '../../src/cli/analyze/msd/describe.js'
import { type Errors, Part, pooled, product, reportOf } from '../../src/cli/analyze/msd/measure.js'
import { allSchemes, chooseSchemes } from '../../src/cli/analyze/msd/schemes.js'
import { decodeCodes, quantizeMatrix } from '../../src/format/index.js'
import { decomposeInt8, productErrorBound, productInt8 } from '../../src/msd/index.js'
import { randomNormal } from '../helpers/quants.js'

/** What `multiscale analyze msd` measures with. */

describe('random activations', () => {
  const shape = { rows: 16, cols: 4096 }
  const count = shape.rows * shape.cols
  const moment = (x: Float32Array, power: number) =>
    x.reduce((sum, v) => sum + Math.abs(v) ** power, 0) / x.length

  /** E|x| and E x², from the densities, and E x⁴ for the error of the latter (that of Student's t is infinite: E|x| alone). */
  test.each([
    { name: 'normal', first: Math.sqrt(2 / Math.PI), second: 1, fourth: 3 },
    { name: 'uniform', first: 1 / 2, second: 1 / 3, fourth: 1 / 5 },
    { name: 'laplace', first: 1, second: 2, fourth: 24 },
    // E|t| = 2·√ν·Γ((ν+1)/2) / ((ν−1)·√π·Γ(ν/2)), Γ(5/2) = 3·√π/4, Γ(2) = 1; E t² = ν/(ν−2).
    { name: 'student-t', first: 1, second: 2, fourth: undefined },
  ] as const)('$name: moments', ({ name, first, second, fourth }) => {
    const { x } = randomActivations(name, shape, 7)
    expect(x).toHaveLength(count)
    // Four standard errors.
    expect(Math.abs(moment(x, 1) - first)).toBeLessThan(4 * Math.sqrt((second - first ** 2) / count))
    if (fourth !== undefined)
      expect(Math.abs(moment(x, 2) - second)).toBeLessThan(4 * Math.sqrt((fourth - second ** 2) / count))
    const negative = x.filter((value) => value < 0).length / count
    expect(Math.abs(negative - 1 / 2)).toBeLessThan(4 * Math.sqrt(1 / 4 / count))
  })

  test("Student's t has the tail of four degrees of freedom", () => {
    const { x } = randomActivations('student-t', shape, 7)
    // P(|t| > 4.6041) = 0.01, from tables.
    const beyond = x.filter((value) => Math.abs(value) > 4.6041).length / count
    expect(Math.abs(beyond - 0.01)).toBeLessThan(4 * Math.sqrt((0.01 * 0.99) / count))
  })

  test('outliers: two massive channels in normal numbers, which alone are massive', () => {
    const { x } = randomActivations('outliers', shape, 7)
    const plain = randomActivations('normal', shape, 7).x
    const changed = [...x.keys()].filter((i) => x[i] !== plain[i])
    expect(changed).toHaveLength(2 * shape.rows)
    expect(new Set(changed.map((i) => x[i]))).toEqual(new Set([2000, -900]))
    expect(new Set(changed.map((i) => i % shape.cols)).size).toBe(2)
    expect(new Part({ x, ...shape }, new Float64Array(shape.cols)).massive).toBe(2 * shape.rows)
    expect(new Part({ x: plain, ...shape }, new Float64Array(shape.cols)).massive).toBe(0)
  })

  test('the same seed gives the same numbers, another one others', () => {
    for (const name of DISTRIBUTIONS) {
      const [a, b, c] = [1, 1, 2].map((seed) => randomActivations(name, { rows: 1, cols: 64 }, seed).x)
      expect(a).toEqual(b)
      expect(a).not.toEqual(c)
    }
    expect(randomWeights('Q4_0', { rows: 1, cols: 64 }, 1)).toEqual(
      randomWeights('Q4_0', { rows: 1, cols: 64 }, 1),
    )
  })
})

describe('errors of a part', () => {
  test('by hand', () => {
    // Two rows of two, one weight row (2, −1): y = 2 and 10.
    const part = new Part({ x: Float32Array.of(3, 4, 5, 0), rows: 2, cols: 2 }, Float64Array.of(2, -1))
    const values = Float64Array.of(3, 4.5, 5.25, 0)
    const errors = part.errors({ values, bounds: Float64Array.of(1, 1, 0.5, 0) })
    expect(errors).toEqual({
      ...{ signal: 50, noise: 0.3125, ordinarySignal: 50, ordinaryNoise: 0.3125 },
      ...{ maxError: 0.5, bound: 1, reached: 0.5 },
      // Errors of y: 0.5 of at most 2·1 + 1·1, and −0.5 of at most 2·0.5.
      ...{
        productSignal: 104,
        productNoise: 0.5,
        productError: 0.5,
        productLargest: 10,
        productReached: 0.5,
      },
    } satisfies Errors)
    expect(reportOf(errors)).toEqual({
      effectiveBits: Math.log2(50 / 0.3125) / 2,
      relative: Math.sqrt(0.3125 / 50),
      ordinary: Math.sqrt(0.3125 / 50),
      ...{ maxError: 0.5, bound: 1, reached: 0.5 },
      product: { relative: Math.sqrt(0.5 / 104), maxError: 0.05, reached: 0.5 },
    })
  })

  test('massive numbers are left out of what is ordinary; zeros are exact', () => {
    const x = new Float32Array(8).fill(1)
    x[5] = 1000
    const part = new Part({ x, rows: 1, cols: 8 }, new Float64Array(8).fill(1))
    const errors = part.errors({
      values: Float64Array.from(x, (value) => value / 2),
      bounds: new Float64Array(8).fill(500),
    })
    expect(errors).toMatchObject({
      signal: 1e6 + 7,
      ordinarySignal: 7,
      ordinaryNoise: 7 / 4,
      maxError: 500,
      reached: 1,
    })
    const zeros = new Part({ x: new Float32Array(8), rows: 1, cols: 8 }, new Float64Array(8).fill(1))
    for (const scheme of allSchemes(32)) {
      const report = reportOf(zeros.errors(scheme.approximate(zeros.activations)))
      expect(report, scheme.name).toMatchObject({
        effectiveBits: null,
        relative: 0,
        ordinary: 0,
        maxError: 0,
        reached: 0,
      })
      expect(report.product, scheme.name).toEqual({ relative: 0, maxError: 0, reached: 0 })
    }
  })

  test('activations must be finite', () => {
    const of = (x: number[]) => () =>
      new Part({ x: Float32Array.from(x), rows: 2, cols: 2 }, Float64Array.of(1, 1))
    expect(of([1, 2, 3, Number.NaN])).toThrow('the activation in row 1, column 1 is NaN; it must be finite')
    expect(of([1, Number.NEGATIVE_INFINITY, 3, 4])).toThrow('row 0, column 1 is -Infinity')
  })

  test('pooled: sums of sums, largest of maxima', () => {
    const one = {
      signal: 1,
      noise: 2,
      ordinarySignal: 3,
      ordinaryNoise: 4,
      maxError: 5,
      bound: 6,
      reached: 0.7,
    }
    const of = {
      productSignal: 8,
      productNoise: 9,
      productError: 10,
      productLargest: 11,
      productReached: 0.12,
    }
    const other = Object.fromEntries(
      Object.entries({ ...one, ...of }).map(([name, value]) => [name, value / 2]),
    )
    expect(pooled([{ ...one, ...of }, other as unknown as Errors])).toEqual({
      ...{
        signal: 1.5,
        noise: 3,
        ordinarySignal: 4.5,
        ordinaryNoise: 6,
        maxError: 5,
        bound: 6,
        reached: 0.7,
      },
      ...{
        productSignal: 12,
        productNoise: 13.5,
        productError: 10,
        productLargest: 11,
        productReached: 0.12,
      },
    })
  })

  test('the product is the one of integer digits and codes, and its bound the library’s', () => {
    const [rows, outputs, cols] = [3, 5, 128]
    const x = randomNormal(rows * cols, 3)
    const bytes = quantizeMatrix(randomNormal(outputs * cols, 4), outputs, cols, 'Q4_0')
    const matrix = decodeCodes('Q4_0', bytes, outputs, cols)
    const weights = Float64Array.from(matrix.codes, (code, i) => matrix.scales[Math.floor(i / 32)] * code)
    const digits = decomposeInt8(x, { rows, cols, passes: 1, granularity: 32 })
    const integer = productInt8(digits, matrix)
    const exact = product(Float64Array.from(x), weights, cols)
    const [scheme] = chooseSchemes(allSchemes(32), ['int8x1-group'])
    const errors = new Part({ x, rows, cols }, weights).errors(scheme.approximate({ x, rows, cols }))
    let [noise, reached, size] = [0, 0, 0]
    const bounds = productErrorBound(digits, matrix)
    for (const [i, y] of exact.entries()) {
      noise += (integer[i] - y) ** 2
      reached = Math.max(reached, Math.abs(integer[i] - y) / bounds[i])
      size = Math.max(size, Math.abs(y))
    }
    // float64 sums of 128 terms: a relative 2^−53 · 128 of sums that are some hundred times the errors.
    const tolerance = 128 * 2 ** -53 * 1000
    expect(Math.abs(errors.productNoise / noise - 1)).toBeLessThan(tolerance)
    expect(Math.abs(errors.productReached / reached - 1)).toBeLessThan(tolerance)
    expect(errors.productLargest).toBe(size)
  })
})

describe('schemes', () => {
  const schemes = allSchemes(32)

  test('bits that a number takes, scales included', () => {
    const bits = Object.fromEntries(schemes.map(({ name, bits }) => [name, bits(1024)]))
    expect(bits).toMatchObject({
      ...{ bf16: 16, fp16: 16, 'fp8-e4m3': 8 + 1 / 32, mxfp8: 8.25, nvfp4: 4.5 + 1 / 32 },
      ...{ 'int8x2-row': 16 + 1 / 32, 'int8x3-group': 25, 'mxfp4x3-ocp': 12.75 },
    })
    expect(Object.keys(bits)).toHaveLength(25)
    // A group is never longer than a row.
    expect(chooseSchemes(schemes, ['int8x1-group'])[0].bits(16)).toBe(10)
  })

  test('are chosen by name or by how names begin, in one order and once', () => {
    const names = (...wanted: string[]) => chooseSchemes(schemes, wanted).map(({ name }) => name)
    expect(chooseSchemes(schemes, undefined)).toBe(schemes)
    expect(names('nvfp4', 'fp8', 'fp8-e5m2')).toEqual(['fp8-e4m3', 'fp8-e5m2', 'nvfp4'])
    // A whole name is that scheme alone, though others begin with it.
    expect(names('int8x2-row')).toEqual(['int8x2-row'])
    expect(names('int8x2-row-')).toEqual(['int8x2-row-254'])
    expect(names('mxfp4x2')).toEqual(['mxfp4x2-paper', 'mxfp4x2-ocp', 'mxfp4x2-search'])
    expect(() => names('bf16', 'x')).toThrow("'x' is no scheme; there are bf16, fp16")
  })

  test('the group is what INT8 digits with group scales share', () => {
    const activations = { x: Float32Array.of(1, 100, 1, 2), rows: 1, cols: 4 }
    const errorsOf = (group: number) => {
      const [scheme] = chooseSchemes(allSchemes(group), ['int8x1-group'])
      return [...scheme.approximate(activations).bounds].map((bound) => Math.round(254 * bound))
    }
    expect(errorsOf(2)).toEqual([100, 100, 2, 2])
    expect(errorsOf(1)).toEqual([1, 100, 1, 2])
    expect(errorsOf(32)).toEqual([100, 100, 100, 100])
  })
})

test('as text: what has no error is exact, chosen layers are named', () => {
  const errors = reportOf(
    new Part({ x: Float32Array.of(1, 2), rows: 1, cols: 2 }, Float64Array.of(1, 1)).errors({
      values: Float64Array.of(1, 2),
      bounds: Float64Array.of(1, 1),
    }),
  )
  const layers = [0, 2].map((layer) => ({ layer, ...errors }))
  const schemes = [{ scheme: 'bf16', family: 'BF16', bits: 16, ...errors, layers }]
  const part = {
    data: 'down',
    rows: 1,
    columns: 2,
    massive: 0,
    weights: { types: ['Q4_0', 'Q8_0'], rows: 1 },
  } as const
  const model = { file: 'a.gguf', name: null }
  const text = describeReport({ seed: 1, group: 32, model, parts: [{ ...part, schemes }] })
  expect(text).toContain(
    'Inputs of down inside a.gguf, layers 0, 2: 1 token × 2, times 1 row of Q4_0 and Q8_0',
  )
  expect(text).toMatch(/^bf16 +16\.00 +exact +exact \(0\) /m)
})
