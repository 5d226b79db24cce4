import { describe, expect, it } from 'vitest'
import {
  type CodeFormat,
  dequantizeRows,
  exactAttention,
  msdAttention,
  quantizeRows,
} from '../../src/attention/index.js'
import { distance, uniform, worst } from '../helpers/attention-data.js'
import { randomNormal } from '../helpers/quants.js'

const FORMATS: CodeFormat[] = ['int8', 'mxfp4']

describe('quantizeRows', () => {
  it('keeps int8 rows within half a unit of their own scale', () => {
    const x = randomNormal(9 * 48, 1)
    const rows = quantizeRows(x, { rows: 9, cols: 48, format: 'int8' })
    const back = dequantizeRows(rows)
    expect(Math.max(...rows.codes)).toBeLessThanOrEqual(127)
    for (let i = 0; i < x.length; i++) {
      const scale = rows.scales[Math.floor(i / 48)]
      // Half a unit, and the roundings of x / scale, at most 127 units large.
      expect(Math.abs(back[i] - x[i])).toBeLessThanOrEqual(scale * (0.5 + 127 * 4 * 2 ** -24))
    }
  })

  it('keeps MXFP4 blocks within the spacing of E2M1', () => {
    const x = randomNormal(5 * 80, 2)
    const rows = quantizeRows(x, { rows: 5, cols: 80, format: 'mxfp4' })
    expect(rows.groups).toBe(3)
    expect([...new Set(rows.codes)].map(Math.abs).sort((a, b) => a - b)).toEqual(
      expect.arrayContaining([0, 1, 2, 3, 4, 6, 8, 12]),
    )
    const back = dequantizeRows(rows)
    for (let i = 0; i < x.length; i++) {
      const scale = rows.scales[Math.floor(i / 80) * 3 + Math.floor((i % 80) / 32)]
      const magnitude = Math.abs(x[i]) / scale
      const spacing = magnitude < 4 ? 1 : magnitude < 8 ? 2 : 4
      expect(Math.abs(back[i] - x[i])).toBeLessThanOrEqual((spacing / 2) * scale * (1 + 2 ** -23))
    }
  })

  it.each(FORMATS)('keeps zeros, and what is too small for a scale, as zeros: %s', (format) => {
    const x = new Float32Array(64).fill(1e-45, 32)
    const back = dequantizeRows(quantizeRows(x, { rows: 2, cols: 32, format }))
    expect([...back.subarray(0, 32)]).toEqual(new Array(32).fill(0))
    for (const value of back) expect(Math.abs(value)).toBeLessThan(2 ** -126)
  })

  it.each(FORMATS)('refuses what has no code: %s', (format) => {
    const x = new Float32Array(64)
    x[40] = Number.NaN // row 1, column 8
    expect(() => quantizeRows(x, { rows: 2, cols: 32, format })).toThrow(/x\[1\]\[8\] \(row, column\)/)
    expect(() => quantizeRows(new Float32Array(63), { rows: 2, cols: 32, format })).toThrow(RangeError)
  })
})

describe('msdAttention', () => {
  const [rows, keys, headSize] = [7, 200, 64]
  const shape = { rows, keys, headSize }
  const q = randomNormal(rows * headSize, 1)
  const k = randomNormal(keys * headSize, 2)
  const v = randomNormal(keys * headSize, 3)

  it.each(FORMATS)('is attention over what the codes of %s stand for, to 16 bits', (format) => {
    const [coded, values] = [k, v].map((x) => quantizeRows(x, { rows: keys, cols: headSize, format }))
    const [kd, vd] = [coded, values].map(dequantizeRows)
    for (const options of [
      {},
      { causal: true },
      { causal: true, window: 70 },
      { causal: true, window: 1 },
      { softcap: 2 },
      { scale: 0.3, causal: true },
    ]) {
      const want = exactAttention({ ...shape, q, k: kd, v: vd }, options)
      const got = msdAttention({ q, rows, keys: coded, values }, options)
      // A query's digits are off by half a unit of max |q| / 32512: its scores by 64 times that times the largest key; a
      // probability's by half a unit of the block's largest, which counts for 64 keys and for the largest value.
      const scale = options.scale ?? 0.125
      const most = (x: Float64Array | Float32Array) => worst(x, new Float32Array(x.length))
      const score = ((scale * headSize * most(q)) / 32512 / 2) * most(kd)
      expect(worst(got, want), JSON.stringify(options)).toBeLessThan((2 * score + 64 / 32512) * most(vd))
      expect(distance(got, want), JSON.stringify(options)).toBeLessThan(1e-4)
    }
  })

  it('sees a shift of its keys as if it had never been taken', () => {
    const shifts = uniform(Math.ceil(keys / 64) * headSize, 8, 3, 1)
    const biased = k.map((x, i) => x + shifts[Math.floor(i / headSize / 64) * headSize + (i % headSize)])
    const format = 'int8'
    const coded = quantizeRows(k, { rows: keys, cols: headSize, format })
    const values = quantizeRows(v, { rows: keys, cols: headSize, format })
    const kd = dequantizeRows(coded).map(
      (x, i) => x + shifts[Math.floor(i / headSize / 64) * headSize + (i % headSize)],
    )
    const same = exactAttention({ ...shape, q, k: kd, v: dequantizeRows(values) }, { causal: true })
    const got = msdAttention({ q, rows, keys: coded, values, shifts }, { causal: true })
    expect(distance(got, same)).toBeLessThan(1e-4)
    // And nearer to the attention over the biased keys than codes of the biased keys are.
    const want = exactAttention({ ...shape, q, k: biased, v }, { causal: true })
    const plain = quantizeRows(biased, { rows: keys, cols: headSize, format })
    const unshifted = msdAttention({ q, rows, keys: plain, values }, { causal: true })
    expect(distance(got, want)).toBeLessThan(distance(unshifted, want))
  })

  it('gives a row the same whatever comes after it', () => {
    const format = 'int8'
    const whole = [k, v].map((x) => quantizeRows(x, { rows: keys, cols: headSize, format }))
    const all = msdAttention({ q, rows, keys: whole[0], values: whole[1] }, { causal: true })
    const first = [k, v].map((x) =>
      quantizeRows(x.subarray(0, (keys - 4) * headSize), { rows: keys - 4, cols: headSize, format }),
    )
    const some = msdAttention(
      { q: q.subarray(0, 3 * headSize), rows: 3, keys: first[0], values: first[1] },
      { causal: true },
    )
    expect([...some]).toEqual([...all.subarray(0, 3 * headSize)])
  })

  it('refuses what does not fit together', () => {
    const format = 'int8'
    const coded = quantizeRows(k, { rows: keys, cols: headSize, format })
    const fewer = quantizeRows(v.subarray(headSize), { rows: keys - 1, cols: headSize, format })
    expect(() => msdAttention({ q, rows, keys: coded, values: fewer })).toThrow(/200 keys, but 199 values/)
    const shifts = new Float32Array(3 * headSize)
    expect(() => msdAttention({ q, rows, keys: coded, values: coded, shifts })).toThrow(/shifts needs 64/)
    expect(() => msdAttention({ q: q.subarray(1), rows, keys: coded, values: coded })).toThrow(RangeError)
  })
})
