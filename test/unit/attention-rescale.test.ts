import { describe, expect, it } from 'vitest'
import { rescaleByExponent } from '../../src/attention/index.js'

/** The number with these fields. */
function float(sign: number, exponent: number, mantissa: number): number {
  return new Float32Array(new Uint32Array([((sign << 31) | (exponent << 23) | mantissa) >>> 0]).buffer)[0]
}

const bits = (values: Float32Array) => [...new Uint32Array(values.buffer, values.byteOffset, values.length)]

/** ldexp with small results flushed: the product is exact in binary64. */
function expected(value: number, delta: number): number {
  if (delta === 0 || !Number.isFinite(value)) return value
  const subnormal = Math.abs(value) < 2 ** -126
  const product = subnormal ? 0 : value * 2 ** Math.max(delta, -1000)
  return Math.abs(product) < 2 ** -126 ? (Object.is(Math.sign(value), -0) || value < 0 ? -0 : 0) : product
}

const MANTISSAS = [0, 1, 0x2aaaaa, 0x400000, 0x7fffff]

describe('rescaleByExponent', () => {
  it.each([0, -1, -2, -23, -24, -100, -126, -127, -200, -253, -254, -255, -256, -1000, -(2 ** 40)])(
    'is ldexp for every exponent and both signs, by 2^%i',
    (delta) => {
      const numbers: number[] = []
      for (const sign of [0, 1])
        for (let exponent = 0; exponent < 256; exponent++)
          for (const mantissa of MANTISSAS) numbers.push(float(sign, exponent, mantissa))
      const values = Float32Array.from(numbers)
      const want = Float32Array.from(values, (value) => expected(value, delta))
      const kept = values.slice()
      rescaleByExponent(values, delta)
      for (const [i, code] of bits(values).entries())
        if (!Number.isNaN(kept[i]))
          expect(code, `${kept[i]} · 2^${delta}`).toBe(bits(want.subarray(i, i + 1))[0])
        else expect(values[i]).toBeNaN()
    },
  )

  it('is ldexp for every pair of exponents that stays normal', () => {
    for (let delta = -253; delta < 0; delta++) {
      const values = Float32Array.from({ length: 254 + delta }, (_, i) =>
        float(i & 1, i + 1 - delta, 0x123456),
      )
      const want = values.map((value) => value * 2 ** Math.ceil(delta / 2) * 2 ** Math.floor(delta / 2))
      rescaleByExponent(values, delta)
      expect(bits(values)).toEqual(bits(want))
    }
  })

  it('keeps zeros and their sign', () => {
    const values = new Float32Array([0, -0])
    rescaleByExponent(values, -3)
    expect(Object.is(values[0], 0) && Object.is(values[1], -0)).toBe(true)
  })

  it('changes only the view that it is given', () => {
    const values = new Float32Array([1, 1, 1])
    rescaleByExponent(values.subarray(1, 2), -1)
    expect([...values]).toEqual([1, 0.5, 1])
  })

  it.each([1, 0.5, -0.5, Number.NaN, Number.NEGATIVE_INFINITY])('refuses a delta of %d', (delta) => {
    expect(() => rescaleByExponent(new Float32Array(1), delta)).toThrow(/whole number and not above 0/)
  })
})
