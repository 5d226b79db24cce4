import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Perplexity, stridedWindows } from '../../src/engine/perplexity.js'

describe('stridedWindows', () => {
  test('a text that fits one window', () => {
    expect(stridedWindows(5, 8, 4)).toEqual([{ begin: 0, end: 5, from: 1 }])
    expect(stridedWindows(8, 8, 4)).toEqual([{ begin: 0, end: 8, from: 1 }])
    expect(stridedWindows(2, 2, 1)).toEqual([{ begin: 0, end: 2, from: 1 }])
  })

  test("Hugging Face's guide: the window moves by the stride and scores what is new", () => {
    expect(stridedWindows(10, 6, 3)).toEqual([
      { begin: 0, end: 6, from: 1 },
      { begin: 3, end: 9, from: 6 },
      { begin: 6, end: 10, from: 9 },
    ])
  })

  test('each token but the first is scored once, with at least window − stride tokens before it', () => {
    const anyCase = fc
      .tuple(fc.integer({ min: 2, max: 300 }), fc.integer({ min: 2, max: 60 }), fc.nat())
      .map(([tokens, window, n]) => ({ tokens, window, stride: 1 + (n % (window - 1)) }))
    fc.assert(
      fc.property(anyCase, ({ tokens, window, stride }) => {
        const windows = stridedWindows(tokens, window, stride)
        const scored = windows.flatMap(({ from, end }) => range(from, end))
        expect(scored).toEqual(range(1, tokens))
        for (const [i, { begin, end, from }] of windows.entries()) {
          expect(begin).toBe(i * stride)
          expect(end - begin).toBeLessThanOrEqual(window)
          expect(from).toBeLessThan(end)
          // A token needs one before it in its window; beyond the first window it has window − stride at least.
          expect(from - begin).toBeGreaterThanOrEqual(i === 0 ? 1 : window - stride)
          expect(end - begin === window || end === tokens).toBe(true)
        }
      }),
      { seed: 20260101, numRuns: 150 },
    )
  })

  test.each([
    [9, 1, 1, 'the window must be 2 tokens or more, not 1'],
    [9, 4.5, 1, 'the window must be 2 tokens or more, not 4.5'],
    [9, 4, 0, 'the stride must be 1 to 3 tokens for a window of 4, not 0'],
    [9, 4, 4, 'the stride must be 1 to 3 tokens for a window of 4, not 4'],
    [9, 4, Number.NaN, 'the stride must be 1 to 3 tokens for a window of 4, not NaN'],
    [1, 4, 2, 'perplexity needs 2 tokens or more; the text has 1'],
    [0, 4, 2, 'perplexity needs 2 tokens or more; the text has 0'],
  ])('%d tokens, window %d, stride %d', (tokens, window, stride, message) => {
    expect(() => stridedWindows(tokens, window, stride)).toThrow(new RangeError(message))
  })
})

describe('Perplexity', () => {
  test('of a uniform guess among n tokens is n', () => {
    const perplexity = new Perplexity()
    perplexity.add(new Float64Array(3).fill(-Math.log(50)))
    perplexity.add(Float64Array.of(-Math.log(50)))
    expect(perplexity.count).toBe(4)
    // A logarithm, three additions, a quotient and exp, which multiplies the error by ln 50 ≈ 4.
    const tolerance = 4 * 6 * 2 ** -53 * 50
    expect(Math.abs(perplexity.value - 50)).toBeLessThanOrEqual(tolerance)
    expect(perplexity.crossEntropy).toBeCloseTo(Math.log(50), 12)
  })

  test('is the geometric mean of the inverse probabilities, whatever the pieces', () => {
    const perplexity = new Perplexity()
    for (const p of [0.5, 0.125]) perplexity.add(Float64Array.of(Math.log(p)))
    perplexity.add(new Float64Array(0))
    expect(Math.abs(perplexity.value - 4)).toBeLessThanOrEqual(4 * 6 * 2 ** -53 * 4)
  })

  test('a token that the model rules out makes it infinite', () => {
    const perplexity = new Perplexity()
    perplexity.add(Float64Array.of(-1, Number.NEGATIVE_INFINITY))
    expect(perplexity.value).toBe(Number.POSITIVE_INFINITY)
  })
})

function range(begin: number, end: number): number[] {
  return Array.from({ length: end - begin }, (_, i) => begin + i)
}
