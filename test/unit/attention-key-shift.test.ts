import { describe, expect, test } from 'vitest'
import { dequantizeRows, nextKeyShift, quantizeRows } from '../../src/attention/index.js'
import { randomNormal } from '../helpers/quants.js'

/** What is taken from the keys of a page: docs/papers/attention.md. */
describe.each(['int8', 'mxfp4'] as const)('the shift after a page of %s', (format) => {
  const [rows, cols] = [64, 40]
  const x = randomNormal(rows * cols, 3).map((v, i) => v + Math.sin(i % cols))
  const codes = quantizeRows(x, { rows, cols, format })
  const before = randomNormal(cols, 4)
  const none = { angles: new Float32Array(0), pairs: 'half' } as const
  const stored = dequantizeRows(codes)
  const mean = Float64Array.from({ length: cols }, (_, d) => {
    let sum = 0
    for (let row = 0; row < rows; row++) sum += stored[row * cols + d]
    return sum / rows + before[d]
  })
  /** Sums of 64 products of at most 8, rounded at each step, and their mean. */
  const tolerance = (64 * 64 * 8 * 2 ** -24) / 64 + 8 * 2 ** -24

  test('is the mean of what its codes stand for and what was taken from them', () => {
    const shift = nextKeyShift(codes, before, none)
    for (const [d, value] of shift.entries()) expect(Math.abs(value - mean[d])).toBeLessThan(tolerance)
  })

  test.each(['half', 'interleaved'] as const)('turned: %s', (pairs) => {
    const turns = [1, 2.5, 300, 0.01, 7]
    const half = turns.length
    const angles = Float32Array.from([...turns.map(Math.cos), ...turns.map(Math.sin)])
    const shift = nextKeyShift(codes, before, { angles, pairs })
    for (const [i, angle] of turns.entries()) {
      const [a, b] = pairs === 'half' ? [i, i + half] : [2 * i, 2 * i + 1]
      const [x, y] = [mean[a], mean[b]]
      const far = Math.hypot(x, y) * 2 ** -22 + 2 * tolerance
      expect(Math.abs(shift[a] - (x * Math.cos(angle) - y * Math.sin(angle)))).toBeLessThan(far)
      expect(Math.abs(shift[b] - (x * Math.sin(angle) + y * Math.cos(angle)))).toBeLessThan(far)
    }
    for (let d = 2 * half; d < cols; d++) expect(Math.abs(shift[d] - mean[d])).toBeLessThan(tolerance)
  })
})
