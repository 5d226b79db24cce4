/**
 * The claims of Zheng et al., "Multi-Scale Dequant", arXiv 2605.13915, about accuracy, and the numbers of
 * docs/papers/msd.md. Data: 64 rows of 4096, seed 1. Tolerances: half a unit of the last digit that is claimed,
 * plus four standard errors of the sample (jackknife over rows); exact where the claim is.
 */
import { describe, expect, test } from 'vitest'
import { bf16 } from '../../src/dtype/index.js'
import {
  decomposeInt8,
  decomposeMxfp4,
  type Int8Digits,
  type Int8Passes,
  type Int8Radix,
  int8ErrorBound,
  mxfp4ErrorBound,
  quantizeMxfp8,
  recompose,
  type ScaleRule,
} from '../../src/msd/index.js'
import { Random } from '../unit/msd-random.js'

const SEED = 1
const ROWS = 64
const COLS = 4096
const shape = { rows: ROWS, cols: COLS }
const data = {
  uniform: new Random(SEED).uniform(ROWS * COLS),
  normal: new Random(SEED).normal(ROWS * COLS),
  laplace: new Random(SEED).laplace(ROWS * COLS),
}

/** Σ (x − x̂)² of every row, over the columns that are not left out. */
function rowSquares(
  x: Float32Array,
  approximation: ArrayLike<number>,
  leftOut?: ReadonlySet<number>,
): number[] {
  const sums = new Array<number>(ROWS).fill(0)
  for (let i = 0; i < x.length; i++) {
    if (leftOut?.has(i % COLS)) continue
    sums[Math.floor(i / COLS)]! += (x[i]! - approximation[i]!) ** 2
  }
  return sums
}

const zeros = new Float32Array(ROWS * COLS)

/** A statistic of column sums and its standard error, by leaving out one row at a time. */
function jackknife(
  perRow: number[][],
  statistic: (sums: number[]) => number,
): { value: number; error: number } {
  const sums = perRow.map((rows) => rows.reduce((total, row) => total + row, 0))
  const leftOut = Array.from({ length: ROWS }, (_, row) =>
    statistic(sums.map((sum, i) => sum - perRow[i]![row]!)),
  )
  const mean = leftOut.reduce((total, value) => total + value, 0) / ROWS
  const variance = leftOut.reduce((total, value) => total + (value - mean) ** 2, 0) * ((ROWS - 1) / ROWS)
  return { value: statistic(sums), error: Math.sqrt(variance) }
}

function bits(x: Float32Array, approximation: ArrayLike<number>) {
  return jackknife(
    [rowSquares(x, zeros), rowSquares(x, approximation)],
    ([signal, noise]) => Math.log2(signal! / noise!) / 2,
  )
}

/** Least-squares slope of values at 1, 2, 3, … */
function slope(values: number[]): number {
  const centre = (values.length + 1) / 2
  const square = values.reduce((sum, _, i) => sum + (i + 1 - centre) ** 2, 0)
  return values.reduce((sum, value, i) => sum + value * (i + 1 - centre), 0) / square
}

/** Slope over passes of log2 of the RMS error. */
function rmsSlope(x: Float32Array, approximations: ArrayLike<number>[]) {
  const squares = approximations.map((approximation) => rowSquares(x, approximation))
  return jackknife(squares, (sums) => slope(sums.map((sum) => Math.log2(sum) / 2)))
}

describe('INT8: the bound of two digits', () => {
  test.each([
    { passes: 1, radix: 254, claimed: 254, bits: 7.99 },
    { passes: 2, radix: 254, claimed: 64516, bits: 15.98 },
    { passes: 2, radix: 256, claimed: 65024, bits: 15.99 },
    { passes: 3, radix: 256, claimed: 254 * 65536, bits: 23.99 },
  ] as { passes: Int8Passes; radix: Int8Radix; claimed: number; bits: number }[])(
    '$passes passes, radix $radix: M / $claimed, reached; $bits bits',
    ({ passes, radix, claimed, bits: claimedBits }) => {
      // A maximum whose last digit counts ones, and numbers half a one from the digits.
      const maximum = claimed / 2
      const x = new Float64Array(20_001)
      const random = new Random(SEED)
      for (let i = 0; i < x.length; i++) x[i] = random.integer(-maximum, maximum - 1) + 0.5
      x[0] = maximum
      const approximation = recompose(decomposeInt8(x, { rows: 1, cols: x.length, passes, radix }))
      const worst = x.reduce((most, value, i) => Math.max(most, Math.abs(value - approximation[i]!)), 0)
      expect(maximum / worst).toBe(claimed)
      expect(int8ErrorBound(maximum, { passes, radix, arithmetic: 'exact' })).toBe(worst)
      // The design cuts its decimals off: 15.977 and 15.989 bits.
      expect(Math.abs(Math.log2(claimed) - claimedBits)).toBeLessThan(0.01)
    },
  )
})

describe('INT8: the error falls by the radix with every pass', () => {
  test.each([
    { name: 'uniform', radix: 256 },
    { name: 'normal', radix: 256 },
    { name: 'normal', radix: 254 },
  ] as const)('$name data, radix $radix', ({ name, radix }) => {
    const x = data[name]
    const passes = [1, 2, 3] as const
    const { value, error } = rmsSlope(
      x,
      passes.map((count) => recompose(decomposeInt8(x, { ...shape, passes: count, radix }))),
    )
    console.log(`INT8 radix ${radix}, ${name}: slope ${value.toFixed(4)} ± ${error.toFixed(4)}`)
    expect(Math.abs(value + Math.log2(radix))).toBeLessThan(4 * error)
    // Fine enough to tell the two radices apart.
    expect(4 * error).toBeLessThan(8 - Math.log2(254))
  })
})

describe('INT8: what the kernels’ float32 arithmetic costs, in effective bits of normal data', () => {
  test.each([2, 3] as const)('%d passes, groups of 32', (passes) => {
    const options = { ...shape, passes, granularity: 32 }
    const exact = bits(data.normal, recompose(decomposeInt8(data.normal, options)))
    const rounded = bits(
      data.normal,
      recompose(decomposeInt8(data.normal, { ...options, arithmetic: 'float32' })),
    )
    console.log(
      `INT8, ${passes} passes: ${exact.value.toFixed(2)} bits, in float32 ${rounded.value.toFixed(2)}`,
    )
    const bound = (arithmetic: 'exact' | 'float32') => int8ErrorBound(1, { passes, arithmetic })
    const atWorst = Math.log2(bound('float32') / bound('exact'))
    const lost = exact.value - rounded.value
    expect(lost).toBeLessThan(atWorst)
    // The third digit pays visibly; two digits do not: less than the sample's own uncertainty.
    expect(lost > exact.error).toBe(passes === 3)
  })
})

describe('MXFP4', () => {
  test('two passes leave at most α/64, reached; the largest error falls by exactly 2^3 with every pass', () => {
    // One number a block, α = 1, on a grid that holds every midpoint of four passes.
    const x = Float64Array.from({ length: 2048 }, (_, i) => (2049 + i) / 4096)
    const worst = [1, 2, 3, 4].map((passes) => {
      const approximation = recompose(decomposeMxfp4(x, { rows: x.length, cols: 1, passes }))
      return x.reduce((most, value, i) => Math.max(most, Math.abs(value - approximation[i]!)), 0)
    })
    expect(worst).toEqual([1 / 8, 1 / 64, 1 / 512, 1 / 4096])
    expect(worst).toEqual([1, 2, 3, 4].map((passes) => mxfp4ErrorBound(1, { passes })))
    expect(slope(worst.map(Math.log2))).toBe(-3)
  })

  test('the RMS error falls by 2^3 with every pass, and by the share of wide steps beside it', () => {
    // E2M1 steps by 1/2 below 2 and by 1 from there to 4. A remainder of a wide step is uniform over the next
    // pass's ±4 and meets wide steps half of the time; a remainder of a narrow one only narrow ones. So the
    // share L of wide steps halves with every pass, and the mean square of pass p is s_p²·(1 + 3·L_p)/48.
    const x = data.uniform
    const passes = [1, 2, 3, 4]
    const approximations = passes.map((count) => recompose(decomposeMxfp4(x, { ...shape, passes: count })))
    const { value, error } = rmsSlope(x, approximations)
    const wide = x.reduce((count, v) => count + (Math.abs(v) > 1 / 2 ? 1 : 0), 0) / x.length
    const predicted = slope(passes.map((p) => -3 * p + Math.log2(1 + 3 * wide * 2 ** (1 - p)) / 2))
    console.log(
      `MXFP4, uniform: slope ${value.toFixed(4)} ± ${error.toFixed(4)}, predicted ${predicted.toFixed(4)}`,
    )
    expect(Math.abs(value - predicted)).toBeLessThan(4 * error)
    expect(predicted).toBeLessThan(-3)
  })

  test.each([
    { name: 'uniform', scaleRule: 'paper', claimed: 6.6, digits: 2 },
    { name: 'normal', scaleRule: 'paper', claimed: 5.85, digits: 2 },
    { name: 'laplace', scaleRule: 'paper', claimed: 5.6, digits: 1 },
    { name: 'normal', scaleRule: 'ocp', claimed: 6.19, digits: 2 },
    { name: 'normal', scaleRule: 'search', claimed: 6.31, digits: 2 },
    { name: 'uniform', scaleRule: 'search', claimed: 6.62, digits: 2 },
  ] as { name: keyof typeof data; scaleRule: ScaleRule; claimed: number; digits: number }[])(
    'two passes, $name data, scale rule $scaleRule: $claimed effective bits',
    ({ name, scaleRule, claimed, digits }) => {
      const x = data[name]
      const { value, error } = bits(x, recompose(decomposeMxfp4(x, { ...shape, scaleRule })))
      console.log(`MXFP4 ${scaleRule}, ${name}: ${value.toFixed(3)} ± ${error.toFixed(3)} effective bits`)
      expect(Math.abs(value - claimed)).toBeLessThan(0.5 * 10 ** -digits + 4 * error)
      expect(error).toBeLessThan(0.01)
    },
  )

  test('one pass of MXFP8: 5.24 effective bits on normal data; on all data below two passes of MXFP4', () => {
    for (const [name, x] of Object.entries(data)) {
      const { value, error } = bits(x, recompose(quantizeMxfp8(x, shape)))
      console.log(`MXFP8, ${name}: ${value.toFixed(3)} ± ${error.toFixed(3)} effective bits`)
      if (name === 'normal') expect(Math.abs(value - 5.24)).toBeLessThan(0.005 + 4 * error)
      const twoPasses = bits(x, recompose(decomposeMxfp4(x, shape)))
      expect(twoPasses.value - value).toBeGreaterThan(4 * (error + twoPasses.error))
    }
  })
})

describe('granularity: relative L2 error over the ordinary channels', () => {
  const outliers = new Set(Array.from({ length: 8 }, (_, i) => 5 + 512 * i))
  const massive = new Set([700, 2900])
  test.each([
    { name: 'normal', channels: new Set<number>(), value: (v: number) => v },
    { name: '0.2 % of channels × 60', channels: outliers, value: (v: number) => 60 * v },
    {
      name: 'two massive channels',
      channels: massive,
      value: (_: number, k: number) => (k === 700 ? 2000 : -900),
    },
  ])('$name', ({ name, channels, value }) => {
    const x = data.normal.map((v, i) => (channels.has(i % COLS) ? value(v, i % COLS) : v))
    const signal = rowSquares(x, zeros, channels).reduce((a, b) => a + b)
    const error = (approximation: ArrayLike<number>) =>
      Math.sqrt(rowSquares(x, approximation, channels).reduce((a, b) => a + b) / signal)
    const rounded = error(x.map((v) => bf16.round(v)))
    const one = error(recompose(decomposeInt8(x, { ...shape, passes: 1, granularity: 32 })))
    const row = decomposeInt8(x, shape)
    const group = decomposeInt8(x, { ...shape, granularity: 32 })
    const [perRow, perGroup] = [error(recompose(row)), error(recompose(group))]
    const table = [rounded, one, perRow, perGroup].map((e) => e.toExponential(2)).join(', ')
    console.log(`${name}: bf16, one digit per 32, two per row, two per 32: ${table}`)
    for (const digits of [row, group]) {
      const noise = rowSquares(x, recompose(digits), channels)
      const ratio = jackknife([noise, roundingNoise(x, digits, channels)], ([a, b]) => a! / b!)
      expect(Math.abs(ratio.value - 1)).toBeLessThan(4 * ratio.error)
      expect(ratio.error).toBeLessThan(0.03)
    }
    expect(perGroup).toBeLessThan(perRow)
    expect(perRow).toBeLessThan(one)
  })
})

/**
 * Expected Σ (x − x̂)² of every row, over the columns not left out: rounding to a step s is uniform noise of
 * s²/12, but a group's maximum has no error.
 */
function roundingNoise(x: Float32Array, digits: Int8Digits, leftOut: ReadonlySet<number>): number[] {
  return Array.from({ length: ROWS }, (_, row) => {
    let sum = 0
    for (let column = 0; column < COLS; column++) {
      const group = row * digits.groups + Math.floor(column / digits.groupSize)
      if (leftOut.has(column) || Math.abs(x[row * COLS + column]!) === digits.maxima[group]) continue
      sum += digits.scales[group]! ** 2 / 12
    }
    return sum
  })
}
