import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  decomposeInt8,
  effectiveBits,
  type Int8Arithmetic,
  type Int8Digits,
  type Int8Passes,
  type Int8Radix,
  int8ErrorBound,
  int8Top,
  recompose,
} from '../../src/msd/index.js'
import { Random } from './msd-random.js'

interface Variant {
  passes: Int8Passes
  radix: Int8Radix
  arithmetic: Int8Arithmetic
}

const variants: Variant[] = ([1, 2, 3] as const).flatMap((passes) => [
  { passes, radix: 256, arithmetic: 'float64' } as const,
  { passes, radix: 254, arithmetic: 'float64' } as const,
  { passes, radix: 256, arithmetic: 'float32' } as const,
])

/** Largest error of a decomposition over its bound; every group's own. */
function worstRatio(x: Float32Array | Float64Array, digits: Int8Digits): number {
  const approximation = recompose(digits)
  let worst = 0
  for (let i = 0; i < x.length; i++) {
    const row = Math.floor(i / digits.cols)
    const group = row * digits.groups + Math.floor((i % digits.cols) / digits.groupSize)
    const bound = int8ErrorBound(digits.maxima[group]!, digits)
    const error = Math.abs(x[i]! - approximation[i]!)
    if (error > 0) worst = Math.max(worst, error / bound)
  }
  return worst
}

describe.each(variants)('$passes passes, radix $radix, $arithmetic', (variant) => {
  const { passes, radix, arithmetic } = variant
  const top = int8Top(passes, radix)

  test('the bound holds for any float32 numbers, and digits and sums are in range', () => {
    const float = fc.float({ noNaN: true, noDefaultInfinity: true })
    const rows = fc.record({
      x: fc.array(fc.oneof(float, fc.float({ min: -1, max: 1, noNaN: true })), {
        minLength: 1,
        maxLength: 70,
      }),
      groupSize: fc.integer({ min: 1, max: 80 }),
    })
    fc.assert(
      fc.property(rows, ({ x: numbers, groupSize }) => {
        const x = Float32Array.from(numbers)
        const digits = decomposeInt8(x, { rows: 1, cols: x.length, granularity: groupSize, ...variant })
        expect(worstRatio(x, digits)).toBeLessThanOrEqual(1)
        digits.digits.forEach((array, d) => {
          const lowest = radix === 256 && d > 0 ? -128 : -127
          expect(Math.min(...array)).toBeGreaterThanOrEqual(lowest)
          for (let g = 0; g < digits.groups; g++) {
            const group = array.subarray(g * digits.groupSize, (g + 1) * digits.groupSize)
            expect(digits.sums[d]![g]).toBe(group.reduce((sum, digit) => sum + digit, 0))
          }
        })
      }),
      { seed: 20260513, numRuns: 300 },
    )
  })

  test('the bound holds at every scale a float32 or float64 maximum can ask for', () => {
    const random = new Random(7)
    const [low, high] = arithmetic === 'float32' ? [-149, 127] : [-1074, 1021]
    const worst = { normal: 0, zeroed: 0 }
    for (let e = low; e <= high; e += arithmetic === 'float32' ? 1 : 5) {
      const maximum =
        arithmetic === 'float32' ? Math.fround((1 + random.next()) * 2 ** e) : (1 + random.next()) * 2 ** e
      const row = Array.from({ length: 64 }, () => (2 * random.next() - 1) * maximum)
      const x = (arithmetic === 'float32' ? Float32Array : Float64Array).from([maximum, ...row])
      const digits = decomposeInt8(x, { rows: 1, cols: 65, ...variant })
      const kind = digits.scales[0] === 0 ? 'zeroed' : 'normal'
      worst[kind] = Math.max(worst[kind], worstRatio(x, digits))
    }
    expect(worst.normal).toBeLessThanOrEqual(1)
    // Groups too small to scale were among them, and lose their maximum entirely.
    expect(worst.zeroed).toBe(1)
  })

  test('the bound is reached', () => {
    // With the unit of the last digit equal to 1, k + 1/2 is as far from any digit as can be; an inexact unit
    // comes within the roundings that the bound allows for. In float32 the bound adds up roundings that need
    // not meet in one number: adversarial maxima come within half of it.
    const random = new Random(11)
    let worst = 0
    for (const maximum of [top, ...Array.from({ length: 40 }, () => random.next())]) {
      const unit = Math.fround(maximum) / top
      const halves = Array.from({ length: 2000 }, () => (random.integer(-top, top - 1) + 0.5) * unit)
      const x = (arithmetic === 'float32' ? Float32Array : Float64Array).from([
        Math.fround(maximum),
        ...halves,
      ])
      worst = Math.max(worst, worstRatio(x, decomposeInt8(x, { rows: 1, cols: x.length, ...variant })))
    }
    expect(worst).toBeLessThanOrEqual(1)
    expect(worst).toBeGreaterThan(arithmetic === 'float64' ? 0.999 : passes === 3 ? 0.5 : 0.98)
  })

  test('rows are independent, zero rows have scale 0, and rows share a scale only in granularity row', () => {
    const random = new Random(3)
    const x = random.normal(3 * 40)
    x.fill(0, 40, 80)
    x[85] = 1000
    const whole = decomposeInt8(x, { rows: 3, cols: 40, ...variant })
    expect([whole.groups, whole.groupSize]).toEqual([1, 40])
    expect(whole.scales[1]).toBe(0)
    expect(
      recompose(whole)
        .subarray(40, 80)
        .every((value) => value === 0),
    ).toBe(true)
    const grouped = decomposeInt8(x, { rows: 3, cols: 40, granularity: 16, ...variant })
    expect([grouped.groups, grouped.groupSize, grouped.scales.length]).toEqual([3, 16, 9])
    // The last group of a row is 8 long, and holds its own maximum.
    expect(grouped.maxima[2]).toBe(Math.max(...x.subarray(32, 40).map(Math.abs)))
    // The outlier of row 2 spoils its own group only.
    const error = (digits: Int8Digits) =>
      Math.max(
        ...recompose(digits)
          .subarray(96, 120)
          .map((value, i) => Math.abs(value - x[96 + i]!)),
      )
    expect(error(grouped) * 100).toBeLessThan(error(whole))
    for (let row = 0; row < 3; row++) {
      const alone = decomposeInt8(x.slice(row * 40, row * 40 + 40), {
        rows: 1,
        cols: 40,
        granularity: 16,
        ...variant,
      })
      expect(alone.digits[0]).toEqual(grouped.digits[0]!.slice(row * 40, row * 40 + 40))
      expect(alone.scales).toEqual(grouped.scales.slice(row * 3, row * 3 + 3))
    }
  })
})

test('radix 256 is the signed base-256 form of rn(x / s)', () => {
  const q = [32512, -32512, 127, 128, -128, -129, 383, 384, 0, 1, -1, 32511]
  const two = decomposeInt8(Float32Array.from(q), { rows: 1, cols: q.length })
  expect(two.scales[0]).toBe(1)
  expect([...two.digits[0]!]).toEqual([127, -127, 0, 1, 0, -1, 1, 2, 0, 0, 0, 127])
  expect([...two.digits[1]!]).toEqual([0, 0, 127, -128, -128, 127, 127, -128, 0, 1, -1, -1])
  const p = [8323072, -8323072, 8388, -8388, 32896, 65535]
  const three = decomposeInt8(Float32Array.from(p), { rows: 1, cols: p.length, passes: 3 })
  expect([...recompose(three)]).toEqual(p)
  expect(three.digits.map((array) => [...array])).toEqual([
    [127, -127, 0, 0, 1, 1],
    [0, 0, 33, -33, -127, 0],
    [0, 0, -60, 60, -128, -1],
  ])
})

test('ties go to even, in both signs', () => {
  const x = [32512, 0.5, 1.5, 2.5, -0.5, -1.5, -2.5]
  for (const arithmetic of ['float64', 'float32'] as const) {
    const digits = decomposeInt8(Float32Array.from(x), { rows: 1, cols: 7, arithmetic })
    expect([...recompose(digits)].map((value) => value + 0)).toEqual([32512, 0, 2, 2, 0, -2, -2])
  }
})

test('float32 arithmetic is the kernels’ operations, one Float32Array store a step', () => {
  const random = new Random(5)
  const x = random.normal(8 * 96)
  for (const [passes, top] of [
    [1, 127],
    [2, 32512],
    [3, 8323072],
  ] as const) {
    const digits = decomposeInt8(x, { rows: 8, cols: 96, granularity: 32, passes, arithmetic: 'float32' })
    const exact = decomposeInt8(x, { rows: 8, cols: 96, granularity: 32, passes })
    expect(digits.scales).toBeInstanceOf(Float32Array)
    let differing = 0
    const step = new Float32Array(4)
    for (let g = 0; g < 24; g++) {
      const group = x.subarray(g * 32, (g + 1) * 32)
      step[0] = Math.max(...group.map(Math.abs))
      step[1] = top / step[0]!
      step[2] = step[0]! / top
      expect(digits.scales[g]).toBe(step[2])
      group.forEach((value, i) => {
        step[3] = value * step[1]!
        const floor = Math.floor(step[3]!)
        const rest = step[3]! - floor
        const q = rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? floor + 1 : floor
        const at = (d: Int8Digits) => d.digits.reduce((sum, array) => sum * 256 + array[g * 32 + i]!, 0)
        expect(at(digits)).toBe(Math.max(-top, Math.min(top, q)))
        if (at(digits) !== at(exact)) differing++
      })
    }
    // A few near-ties fall the other way; but float32 cannot follow float64 into the third digit.
    expect(differing / x.length > 0.1).toBe(passes === 3)
    expect(differing).toBeLessThan(passes === 3 ? x.length : 0.01 * x.length)
  }
})

test('float32 digits stay within the top without a clamp, though x · inv does not', () => {
  const random = new Random(13)
  let beyond = 0
  for (const passes of [1, 2, 3] as const) {
    const top = int8Top(passes, 256)
    for (let i = 0; i < 5000; i++) {
      const maximum = Math.fround(1 + random.next())
      const largest = Math.fround(maximum * Math.fround(top / maximum))
      if (largest > top) beyond++
      expect(largest).toBeLessThanOrEqual(top + 0.5)
      const digits = decomposeInt8(Float32Array.of(maximum, -maximum), {
        rows: 1,
        cols: 2,
        passes,
        arithmetic: 'float32',
      })
      expect([digits.digits[0]![0], digits.digits[0]![1]]).toEqual([127, -127])
    }
  }
  expect(beyond).toBeGreaterThan(0)
})

test.each([1, 2, 3] as const)(
  'float32, %d passes: subnormal scales need, and have, their own term in the bound',
  (passes) => {
    const random = new Random(19)
    const top = int8Top(passes, 256)
    let worst = { whole: 0, without: 0 }
    for (let i = 0; i < 5000; i++) {
      // From where top / M is finite: scales of 2^−128 to 2^−127, of 21 bits.
      const maximum = Math.fround(top * 2 ** -128 * (1 + 2 ** -20 + 0.9 * random.next()))
      const unit = maximum / top
      const x = Float32Array.from({ length: 16 }, (_, k) =>
        k === 0 ? maximum : maximum - (random.integer(0, 60) + 0.5) * unit,
      )
      const digits = decomposeInt8(x, { rows: 1, cols: 16, passes, arithmetic: 'float32' })
      expect(digits.scales[0]).toBeGreaterThan(0)
      const bound = int8ErrorBound(maximum, digits)
      recompose(digits).forEach((value, k) => {
        const error = Math.abs(value - x[k]!)
        worst = {
          whole: Math.max(worst.whole, error / bound),
          without: Math.max(worst.without, error / (bound - top * 2 ** -150)),
        }
      })
    }
    expect(worst.whole).toBeLessThanOrEqual(1)
    expect(worst.without).toBeGreaterThan(1)
  },
)

test('int8ErrorBound: the theorem, and what float32 adds to it', () => {
  const bound = (maximum: number, passes: Int8Passes, radix: Int8Radix) =>
    int8ErrorBound(maximum, { passes, radix, arithmetic: 'exact' })
  expect([bound(254, 1, 256), bound(65024, 2, 256), bound(254 * 65536, 3, 256)]).toEqual([1, 1, 1])
  expect([bound(254, 1, 254), bound(64516, 2, 254), bound(254 ** 3, 3, 254)]).toEqual([1, 1, 1])
  const units = (passes: Int8Passes) =>
    int8ErrorBound(1, { passes, arithmetic: 'float32' }) * int8Top(passes, 256) - 0.5
  expect(units(1)).toBeLessThan(2 ** -15)
  expect(units(2)).toBeLessThan(2 ** -7)
  expect(units(3)).toBeGreaterThan(1.24)
  expect(units(3)).toBeLessThan(1.25)
  expect(int8ErrorBound(0)).toBe(0)
  expect(int8ErrorBound(1e-37, { arithmetic: 'float32' })).toBe(1e-37)
  for (const bad of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(() => int8ErrorBound(bad)).toThrow(`int8ErrorBound: maximum is ${bad}`)
  }
})

test('effectiveBits', () => {
  expect(effectiveBits([3, 4], [3, 4])).toBe(Number.POSITIVE_INFINITY)
  expect(effectiveBits([3, 4], [3, 4 + 5 / 1024])).toBe(10)
  expect(() => effectiveBits([1], [1, 2])).toThrow('effectiveBits: 1 numbers against 2')
})

describe('bad input', () => {
  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    '%d names its row and column',
    (bad) => {
      const x = new Float32Array(6 * 50)
      x[4 * 50 + 33] = bad
      expect(() => decomposeInt8(x, { rows: 6, cols: 50, granularity: 32 })).toThrow(
        `decomposeInt8: x[4][33] (row, column) is ${bad}; it must be finite`,
      )
    },
  )

  test('shapes and options', () => {
    const x = new Float32Array(12)
    const shape = { rows: 3, cols: 4 }
    const wrong = (options: object) => () => decomposeInt8(x, { ...shape, ...options })
    expect(wrong({ cols: 5 })).toThrow('decomposeInt8: x holds 12 numbers; 3 × 5 needs 15')
    expect(wrong({ rows: 0 })).toThrow('rows is 0; it must be a positive integer')
    expect(wrong({ passes: 4 })).toThrow('passes is 4; it must be one of 1, 2, 3')
    expect(wrong({ radix: 255 })).toThrow('radix is 255; it must be one of 254, 256')
    expect(wrong({ granularity: 0 })).toThrow(
      "granularity (if not 'row') is 0; it must be a positive integer",
    )
    expect(wrong({ granularity: 'column' })).toThrow("granularity (if not 'row') is column")
    expect(wrong({ arithmetic: 'bfloat16' })).toThrow(
      'arithmetic is bfloat16; it must be one of float64, float32',
    )
    expect(wrong({ arithmetic: 'float32', radix: 254 })).toThrow(
      "'float32' needs a Float32Array and radix 256",
    )
    expect(() => decomposeInt8(new Float64Array(12), { ...shape, arithmetic: 'float32' })).toThrow(
      'needs a Float32Array',
    )
    expect(() => decomposeInt8(Float64Array.of(2 ** 1023), { rows: 1, cols: 1 })).toThrow(
      'it must not exceed 2^1022',
    )
  })
})
