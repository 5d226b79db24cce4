import { describe, expect, it } from 'vitest'
import { absorbedMlaAttention, absorbMla, type MlaInput, mlaAttention } from '../../src/attention/index.js'
import { worst } from '../helpers/attention-data.js'
import { randomNormal } from '../helpers/quants.js'

/** Random weights of the sizes of DeepSeek-V2, but for the number of heads; normalised as trained ones are. */
function deepseek(heads: number, rows: number, keys: number): MlaInput {
  const shape = { heads, nopeSize: 128, ropeSize: 64, valueSize: 128, latentSize: 512 }
  const random = (length: number, seed: number, deviation = 1) =>
    Float64Array.from(randomNormal(length, seed, deviation))
  return {
    shape,
    rows,
    keys,
    q: random(rows * heads * 192, 1),
    cache: random(keys * 576, 2),
    keyUp: random(heads * 128 * 512, 3, 512 ** -0.5),
    valueUp: random(heads * 128 * 512, 4, 512 ** -0.5),
  }
}

describe('multi-head latent attention', () => {
  it.each([{}, { causal: true }, { causal: true, window: 9 }])(
    'is the same in its absorbed form: %o',
    (options) => {
      const input = deepseek(3, 4, 37)
      const plain = mlaAttention(input, options)
      expect(plain).toHaveLength(4 * 3 * 128)
      // Sums of 512 products of numbers near 1, in another order: some hundreds of roundings, and as many in the softmax.
      expect(worst(absorbedMlaAttention(input, options), plain)).toBeLessThan(2 ** -53 * 512 * 192)
    },
  )

  it('has scores of the head size, not of the latent row', () => {
    expect(absorbMla(deepseek(1, 1, 1)).scale).toBe(1 / Math.sqrt(192))
  })

  it('refuses arrays that do not fit', () => {
    const input = deepseek(1, 2, 3)
    expect(() => mlaAttention({ ...input, keys: 4 })).toThrow(
      /cache has 1728 elements, but its shape needs 2304/,
    )
    expect(() => absorbMla({ ...input, rows: 1 })).toThrow(/q has 384 elements/)
  })
})
