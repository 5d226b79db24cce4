import { describe, expect, it } from 'vitest'
import {
  type AttentionInput,
  exactAttention,
  onlineAttention,
  type Rescaling,
} from '../../src/attention/index.js'
import { distance, float32Tolerance, uniform, worst } from '../helpers/attention-data.js'
import { randomNormal } from '../helpers/quants.js'

const FORMS: Rescaling[] = ['multiply', 'exponent', 'amla']

function normal(seed: number, rows = 5, keys = 300, headSize = 32): AttentionInput {
  return {
    q: randomNormal(rows * headSize, seed),
    k: randomNormal(keys * headSize, seed + 1),
    v: randomNormal(keys * headSize, seed + 2),
    rows,
    keys,
    headSize,
  }
}

describe('onlineAttention', () => {
  it.each(FORMS)('is attention, rescaled by %s, for any block size', (rescaling) => {
    const input = normal(1)
    for (const options of [
      {},
      { causal: true },
      { causal: true, window: 70 },
      { softcap: 3 },
      { scale: 0.5, causal: true },
    ]) {
      const want = exactAttention(input, options)
      const tolerance =
        float32Tolerance(input, options.scale) * worst(input.v, new Float32Array(input.v.length))
      for (const block of [1, 7, 64, 1000]) {
        const { output } = onlineAttention(input, { ...options, rescaling, block })
        expect(worst(output, want), JSON.stringify({ ...options, block })).toBeLessThan(tolerance)
      }
    }
  })

  it('gives the same in the paper’s form and with a reference rounded up', () => {
    const input = normal(5)
    const [ours, theirs] = (['exponent', 'amla'] as const).map(
      (rescaling) => onlineAttention(input, { rescaling }).output,
    )
    expect(worst(ours, theirs)).toBeLessThan(float32Tolerance(input) * 5)
  })

  it('is not less exact with integer rescaling than with multiplications', () => {
    const errors = { multiply: 0, exponent: 0 }
    // Keys in ascending order of their scores: a new maximum, and so a rescaling, in nearly every block.
    for (let seed = 0; seed < 12; seed++) {
      const input = normal(100 + 3 * seed, 4, 512)
      const rising = {
        ...input,
        q: uniform(4 * 32, seed, 1, 0.1),
        k: Float32Array.from(input.k, (x, i) => x * 0.1 + Math.floor(i / 32) / 200),
      }
      const want = exactAttention(rising)
      for (const rescaling of ['multiply', 'exponent'] as const)
        errors[rescaling] += distance(onlineAttention(rising, { rescaling, block: 16 }).output, want) ** 2
    }
    expect(Math.sqrt(errors.exponent)).toBeLessThan(1.02 * Math.sqrt(errors.multiply))
  })

  it('rescales seldom: a whole-numbered reference is often still right', () => {
    const input = normal(9, 16, 2048)
    const counts = Object.fromEntries(
      (['multiply', 'exponent'] as const).map((rescaling) => {
        const { rescales, chances } = onlineAttention(input, { rescaling })
        expect(chances).toBe(16 * (2048 / 64 - 1))
        return [rescaling, rescales / chances]
      }),
    )
    expect(counts.exponent).toBeLessThan(counts.multiply)
    expect(counts.exponent).toBeLessThan(0.08)
  })

  it('refuses blocks that are none', () => {
    expect(() => onlineAttention(normal(1), { block: 0 })).toThrow(/block must be a positive whole number/)
  })
})

describe('an input', () => {
  const input = normal(1)
  it.each([
    [{ ...input, rows: 0 }, {}, /rows must be a positive whole number, not 0/],
    [{ ...input, keys: 299 }, {}, /k has 9600 elements, but its shape needs 9568/],
    [{ ...input, valueSize: 16 }, {}, /v has 9600 elements/],
    [{ ...input, rows: 301, q: randomNormal(301 * 32, 1) }, { causal: true }, /301 causal queries/],
    [input, { scale: Number.NaN }, /scale must be finite/],
    [input, { window: 0 }, /window must be a positive whole number/],
    [input, { softcap: -1 }, /softcap must be positive/],
  ])('%# that does not fit is refused', (wrong, options, message) => {
    expect(() => exactAttention(wrong, options)).toThrow(message)
    expect(() => onlineAttention(wrong, options)).toThrow(message)
  })
})
