import { f16round } from '@petamoriken/float16'
import { describe, expect, test } from 'vitest'
import {
  bf16,
  e8m0,
  exponentOf,
  fp4e2m1,
  fp8e4m3,
  fp8e5m2,
  fp16,
  type Minifloat,
  powerOfTwo,
  roundHalfEven,
} from '../../src/dtype/index.js'

const bits = new BigInt64Array(1)
const number = new Float64Array(bits.buffer)

/** The neighbour of a positive number: `step` +1 the next larger binary64, −1 the next smaller. */
function neighbour(x: number, step: 1 | -1): number {
  number[0] = x
  bits[0]! += BigInt(step)
  return number[0]!
}

interface Definition {
  codec: Minifloat
  exponentBits: number
  mantissaBits: number
  bias: number
  /** Largest code without its sign bit that is a finite number. */
  maxCode: number
  infinity: number | undefined
  nan: number | undefined
  max: number
}

// The constants as the standards print them, not as the codecs derive them.
const definitions: Definition[] = [
  {
    codec: bf16,
    exponentBits: 8,
    mantissaBits: 7,
    bias: 127,
    maxCode: 0x7f7f,
    infinity: 0x7f80,
    nan: 0x7fc0,
    max: 3.3895313892515355e38,
  },
  {
    codec: fp16,
    exponentBits: 5,
    mantissaBits: 10,
    bias: 15,
    maxCode: 0x7bff,
    infinity: 0x7c00,
    nan: 0x7e00,
    max: 65504,
  },
  {
    codec: fp8e4m3,
    exponentBits: 4,
    mantissaBits: 3,
    bias: 7,
    maxCode: 0x7e,
    infinity: undefined,
    nan: 0x7f,
    max: 448,
  },
  {
    codec: fp8e5m2,
    exponentBits: 5,
    mantissaBits: 2,
    bias: 15,
    maxCode: 0x7b,
    infinity: 0x7c,
    nan: 0x7e,
    max: 57344,
  },
  {
    codec: fp4e2m1,
    exponentBits: 2,
    mantissaBits: 1,
    bias: 1,
    maxCode: 0x7,
    infinity: undefined,
    nan: undefined,
    max: 6,
  },
]

/** (−1)^s · 2^(e − bias) · (1 + f / 2^m), the definition; for codes of finite numbers, sign bit left out. */
function defined({ exponentBits, mantissaBits, bias }: Definition, code: number): number {
  const e = (code >> mantissaBits) & (2 ** exponentBits - 1)
  const f = (code & (2 ** mantissaBits - 1)) / 2 ** mantissaBits
  return e === 0 ? 2 ** (1 - bias) * f : 2 ** (e - bias) * (1 + f)
}

describe.each(definitions)('$codec.name', (definition) => {
  const { codec, mantissaBits, bias, maxCode, infinity, nan, max } = definition
  const sign = 2 ** (codec.bits - 1)

  test('every finite code decodes to its definition and encodes back', () => {
    const wrong: unknown[] = []
    for (let code = 0; code <= maxCode; code++) {
      const value = defined(definition, code)
      if (!Object.is(codec.decode(code), value)) wrong.push([code, codec.decode(code), value])
      if (!Object.is(codec.decode(code + sign), -value))
        wrong.push([code + sign, codec.decode(code + sign), -value])
      if (codec.encode(value) !== code) wrong.push(['encode', value, codec.encode(value), code])
      if (codec.encode(-value) !== code + sign)
        wrong.push(['encode', -value, codec.encode(-value), code + sign])
    }
    expect(wrong).toEqual([])
  })

  test('rounds once, to nearest even, at and beside every midpoint', () => {
    const wrong: unknown[] = []
    let fooled = 0
    for (let code = 0; code < maxCode; code++) {
      const low = defined(definition, code)
      const high = defined(definition, code + 1)
      const middle = (low + high) / 2
      const cases = [
        [neighbour(middle, -1), code],
        [middle, code % 2 === 0 ? code : code + 1],
        [neighbour(middle, 1), code + 1],
        [low + (high - low) * 0.25, code],
        [low + (high - low) * 0.75, code + 1],
        [neighbour(high, -1), code + 1],
      ] as const
      for (const [x, expected] of cases) {
        if (codec.encode(x) !== expected) wrong.push([x, codec.encode(x), expected])
        if (codec.encode(-x) !== expected + sign) wrong.push([-x, codec.encode(-x), expected + sign])
        if (codec.encode(Math.fround(x)) !== expected) fooled++
      }
    }
    expect(wrong).toEqual([])
    // Shows that the data can tell one rounding from two: beside each midpoint float32 rounds onto it, and the
    // tie then goes the wrong way on one of the two sides.
    expect(fooled).toBe(maxCode)
  })

  test('overflow is decided after rounding, and the conversions follow the OFP8 table', () => {
    const ulp = max - defined(definition, maxCode - 1)
    const limit = max + ulp / 2
    // The first value out of range would have an even code, unless the largest code is even itself.
    const tieStays = maxCode % 2 === 0
    const inside = tieStays ? limit : neighbour(limit, -1)
    const beyond = tieStays ? neighbour(limit, 1) : limit
    expect(codec.encode(inside)).toBe(maxCode)
    expect(codec.encode(-inside)).toBe(maxCode + sign)
    for (const x of [beyond, 2 * max, Number.MAX_VALUE, Number.POSITIVE_INFINITY]) {
      expect(codec.encode(x, 'saturating')).toBe(maxCode)
      expect(codec.encode(-x, 'saturating')).toBe(maxCode + sign)
      const special = infinity ?? nan
      if (special === undefined) {
        expect(codec.encode(x)).toBe(maxCode)
        expect(() => codec.encode(x, 'non-saturating')).toThrow(
          /exceeds 6 and the format has neither Inf nor NaN/,
        )
      } else {
        expect(codec.encode(x)).toBe(special)
        expect(codec.encode(-x, 'non-saturating')).toBe(special + sign)
      }
    }
  })

  test('codes that are no finite numbers are Inf and NaN as defined', () => {
    const seen = { infinity: 0, nan: 0 }
    for (let code = maxCode + 1; code < sign; code++) {
      const expected = code === infinity ? Number.POSITIVE_INFINITY : Number.NaN
      expect(codec.decode(code)).toBe(expected)
      expect(codec.decode(code + sign)).toBe(-expected)
      seen[code === infinity ? 'infinity' : 'nan']++
    }
    const nans = infinity !== undefined ? 2 ** mantissaBits - 1 : nan !== undefined ? 1 : 0
    expect(seen).toEqual({ infinity: infinity === undefined ? 0 : 1, nan: nans })
  })

  test('NaN', () => {
    if (nan === undefined) {
      for (const conversion of [undefined, 'saturating', 'non-saturating'] as const) {
        expect(() => codec.encode(Number.NaN, conversion)).toThrow(/fp4e2m1: NaN has no code/)
      }
    } else {
      expect(codec.encode(Number.NaN)).toBe(nan)
      expect(codec.encode(Number.NaN, 'saturating')).toBe(nan)
      expect(codec.round(Number.NaN)).toBeNaN()
    }
  })

  test('constants', () => {
    expect(codec.max).toBe(max)
    expect(codec.minNormal).toBe(2 ** (1 - bias))
    expect(codec.minSubnormal).toBe(codec.decode(1))
    expect(codec.epsilon).toBe(codec.decode(codec.encode(1) + 1) - 1)
    expect(codec.bits).toBe(1 + definition.exponentBits + mantissaBits)
  })

  test('numbers far below the smallest keep only their sign', () => {
    for (const x of [Number.MIN_VALUE, 2 ** -1022, codec.minSubnormal / 2]) {
      expect(codec.encode(x)).toBe(0)
      expect(codec.encode(-x)).toBe(sign)
    }
    expect(codec.round(codec.minSubnormal * 0.75)).toBe(codec.minSubnormal)
  })

  test('what is no code is an error', () => {
    for (const code of [-1, 2 * sign, 0.5, Number.NaN]) {
      expect(() => codec.decode(code)).toThrow(`${codec.name}: ${code} is not a code`)
    }
  })
})

describe.each([bf16, fp16])('$name arrays', (codec) => {
  const codes = Uint16Array.from({ length: 65536 }, (_, code) => code)

  test('decode every code as decode does, into place too', () => {
    const decoded = codec.decodeArray(codes)
    const differing = codes.filter((code) => !Object.is(decoded[code], codec.decode(code)))
    expect([...differing]).toEqual([])
    const room = new Float32Array(8)
    const out = room.subarray(3, 5)
    expect(codec.decodeArray(codes.subarray(0x3f80, 0x3f82), out)).toBe(out)
    expect([...room]).toEqual([0, 0, 0, codec.decode(0x3f80), codec.decode(0x3f81), 0, 0, 0])
  })

  test('encode what decode gave', () => {
    const encoded = codec.encodeArray(codec.decodeArray(codes))
    const differing = codes.filter((code) => encoded[code] !== code && !Number.isNaN(codec.decode(code)))
    expect([...differing]).toEqual([])
    expect(codec.encodeArray(Float64Array.of(1 + codec.epsilon / 2 + 2 ** -50))[0]).toBe(codec.encode(1) + 1)
  })

  test('lengths must agree', () => {
    const message = `${codec.name}: the output holds 3 elements; it must hold 2`
    expect(() => codec.decodeArray(new Uint16Array(2), new Float32Array(3))).toThrow(message)
    expect(() => codec.encodeArray(new Float32Array(2), new Uint16Array(3))).toThrow(message)
  })
})

test('fp16 agrees with @petamoriken/float16 on 200 000 numbers of every magnitude', () => {
  const wrong: unknown[] = []
  let state = 0x9e3779b9
  for (let i = 0; i < 200_000; i++) {
    // xorshift32, fixed seed: 32 mantissa bits, exponents from 2^−27 to 2^18
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    const x = state * 2 ** (-58 + (i % 46))
    if (!Object.is(fp16.round(x), f16round(x))) wrong.push([x, fp16.round(x), f16round(x)])
  }
  expect(wrong).toEqual([])
})

describe('e8m0', () => {
  test('every code is its power of two and encodes back, whatever the rounding', () => {
    for (let code = 0; code < 255; code++) {
      expect(e8m0.decode(code)).toBe(2 ** (code - 127))
      for (const rounding of ['nearest', 'up', 'down'] as const) {
        expect(e8m0.encode(2 ** (code - 127), rounding)).toBe(code)
      }
    }
    expect(e8m0.decode(255)).toBeNaN()
    expect(e8m0.encode(Number.NaN)).toBe(255)
    expect([e8m0.min, e8m0.max]).toEqual([2 ** -127, 2 ** 127])
  })

  test('rounds between every pair of neighbours as asked, ties to the even code', () => {
    for (let code = 0; code < 254; code++) {
      const low = 2 ** (code - 127)
      const tie = 1.5 * low
      expect(e8m0.encode(neighbour(low, 1), 'up')).toBe(code + 1)
      expect(e8m0.encode(neighbour(2 * low, -1), 'down')).toBe(code)
      expect(e8m0.encode(neighbour(tie, -1))).toBe(code)
      expect(e8m0.encode(tie)).toBe(code + (code % 2))
      expect(e8m0.encode(neighbour(tie, 1))).toBe(code + 1)
    }
    expect(e8m0.round(3.5)).toBe(4)
    expect(e8m0.round(3.5, 'down')).toBe(2)
  })

  test('limits', () => {
    for (const x of [Number.MIN_VALUE, 2 ** -1022, 2 ** -128, neighbour(2 ** -127, -1)]) {
      expect(e8m0.encode(x)).toBe(0)
    }
    for (const x of [2 ** 128, Number.MAX_VALUE, Number.POSITIVE_INFINITY]) {
      expect(e8m0.encode(x)).toBe(255)
      expect(e8m0.encode(x, 'up', 'saturating')).toBe(254)
    }
    expect(e8m0.encode(1.5 * 2 ** 127)).toBe(254)
    expect(e8m0.encode(neighbour(1.5 * 2 ** 127, 1))).toBe(255)
    expect(e8m0.encode(neighbour(2 ** 127, 1), 'up')).toBe(255)
    expect(e8m0.encode(2 ** 200, 'down')).toBe(254)
    expect(e8m0.encode(Number.POSITIVE_INFINITY, 'down')).toBe(255)
    for (const x of [0, -1, Number.NEGATIVE_INFINITY]) {
      expect(() => e8m0.encode(x)).toThrow(/a scale must be positive/)
    }
    for (const code of [-1, 256, 1.5]) expect(() => e8m0.decode(code)).toThrow(`e8m0: ${code} is not a code`)
  })
})

test('exact binary64 helpers', () => {
  for (let n = -1022; n <= 1023; n++) {
    expect(powerOfTwo(n)).toBe(2 ** n)
    expect(exponentOf(-(2 ** n))).toBe(n)
    if (n > -1022) expect(exponentOf(neighbour(2 ** n, -1))).toBe(n - 1)
  }
  expect([0, Number.MIN_VALUE, Number.NaN, Number.POSITIVE_INFINITY].map(exponentOf)).toEqual([
    -1023, -1023, 1024, 1024,
  ])
  expect([0.5, 1.5, 2.5, -0.5, -1.5, 2.4999999, 2 ** 50 + 0.5].map((x) => roundHalfEven(x) + 0)).toEqual([
    0,
    2,
    2,
    0,
    -2,
    2,
    2 ** 50,
  ])
})
