/**
 * What the papers say of attention: MSD on a quantised cache (Zheng et al., arXiv 2605.13915) and PASA (Cheng et al.,
 * arXiv 2503.01873). docs/papers/attention.md has the tables; `multiscale analyze attention` prints them.
 */
import { describe, expect, test } from 'vitest'
import {
  type AttentionInput,
  bf16Attention,
  dequantizeRows,
  exactAttention,
  msdAttention,
  pasaAttention,
  quantizeRows,
} from '../../src/attention/index.js'
import { AMPLITUDES, largestScore, MEANS } from '../../src/cli/analyze/attention/pasa.js'
import { distance, hybrid, uniform, worst } from '../helpers/attention-data.js'
import { randomNormal } from '../helpers/quants.js'

const CELLS = MEANS.flatMap((mean) => AMPLITUDES.map((amplitude) => [mean, amplitude] as const))

function cell(fill: typeof uniform, mean: number, amplitude: number, shape: [number, number, number]) {
  const [rows, keys, headSize] = shape
  return {
    q: fill(rows * headSize, 1, mean, amplitude),
    k: fill(keys * headSize, 2, mean, amplitude),
    v: fill(keys * headSize, 3, mean, amplitude),
    ...{ rows, keys, headSize },
  }
}

describe('MSD on an INT8 cache is nearer to attention over the same codes than a pipeline that dequantises to bfloat16', () => {
  /** Root mean square error of every row. */
  const rowErrors = (out: Float64Array, want: Float64Array, rows: number) => {
    const cols = want.length / rows
    return Array.from({ length: rows }, (_, row) => {
      let sum = 0
      for (let i = row * cols; i < (row + 1) * cols; i++) sum += (out[i] - want[i]) ** 2
      return Math.sqrt(sum / cols)
    })
  }
  const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]
  const check = ({ q, k, v, ...shape }: ReturnType<typeof cell>) => {
    const options = { rows: shape.keys, cols: shape.headSize, format: 'int8' } as const
    const [keys, values] = [quantizeRows(k, options), quantizeRows(v, options)]
    const input: AttentionInput = { ...shape, q, k: dequantizeRows(keys), v: dequantizeRows(values) }
    const same = exactAttention(input)
    const [dequantized, msd] = [bf16Attention(input), msdAttention({ q, rows: shape.rows, keys, values })]
    expect(distance(dequantized, same) / distance(msd, same)).toBeGreaterThan(1)
    // Of a row, not of all: where scores are in the hundreds, one row with two keys that are all but equal decides the norm.
    const [theirs, ours] = [dequantized, msd].map((out) => median(rowErrors(out, same, shape.rows)))
    expect(theirs / ours).toBeGreaterThan(50)
  }
  test.each(CELLS)('fifty times at least: uniform, mean %d, amplitude %d', (mean, amplitude) =>
    check(cell(uniform, mean, amplitude, [128, 512, 64])),
  )
  test.each([64, 128])('fifty times at least: normal numbers, heads of %d', (headSize) =>
    check(cell((length, seed) => randomNormal(length, seed), 0, 1, [32, 1024, headSize])),
  )
})

describe('PASA', () => {
  const shape: [number, number, number] = [32, 384, 128]
  describe.each([
    ['uniform', uniform],
    ['normal with outliers', hybrid],
  ] as const)('%s numbers', (_, fill) => {
    test.each(CELLS)(
      'mean %d, amplitude %d: binary16 overflows where |S| > 65504, PASA does not',
      (mean, amplitude) => {
        const input = cell(fill, mean, amplitude, shape)
        const naive = pasaAttention(input, { beta: 0 })
        expect(naive.some((x) => !Number.isFinite(x))).toBe(largestScore(input) > 65504)
        const pasa = pasaAttention(input)
        expect(pasa.every(Number.isFinite)).toBe(true)
        expect(worst(pasa, exactAttention(input))).toBeLessThan(
          4 * worst(input.v, new Float32Array(input.v.length)),
        )
      },
    )
  })

  test.each([{}, { causal: true }, { causal: true, window: 100 }, { softcap: 5 }])(
    'in binary64 is attention, to rounding: %o',
    (options) => {
      for (const beta of [0, 0.5, 0.9375, 1 - 2 ** -5]) {
        const input = cell(uniform, 10, 5, shape)
        const exact = exactAttention(input, options)
        const pasa = pasaAttention(input, { ...options, beta, arithmetic: 'float64', block: 48 })
        // Scores of up to 2000 with 2^-53 for each of 128 products and of c = 31 means of 48; counted twice.
        expect(worst(pasa, exact)).toBeLessThan(2 * 2000 * (128 + 31 * 48) * 2 ** -53 * 15)
      }
    },
  )

  test.each([
    [{ beta: 1 }, /beta must be from 0 to/],
    [{ beta: Number.NaN }, /beta must be/],
    [{ block: 0 }, /block must be a positive whole number/],
  ])('refuses %o', (options, message) => {
    expect(() => pasaAttention(cell(uniform, 0, 1, [1, 2, 4]), options)).toThrow(message)
  })
})
