import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { e8m0, fp4e2m1, fp8e4m3 } from '../../src/dtype/index.js'
import {
  decomposeMxfp4,
  type Mxfp4Digits,
  mxfp4ErrorBound,
  quantizeMxfp8,
  recompose,
  type ScaleRule,
} from '../../src/msd/index.js'
import { Random } from './msd-random.js'

const rules: ScaleRule[] = ['paper', 'ocp', 'search']
const FP4 = [0, 0.5, 1, 1.5, 2, 3, 4, 6]

/** max|x| of a block and its largest error. */
function blockErrors(
  x: Float32Array | Float64Array,
  digits: Mxfp4Digits,
): { maximum: number; error: number }[] {
  const approximation = recompose(digits)
  const blocks = Array.from({ length: digits.rows * digits.blocks }, () => ({ maximum: 0, error: 0 }))
  x.forEach((value, i) => {
    const block = blocks[Math.floor(i / digits.cols) * digits.blocks + Math.floor((i % digits.cols) / 32)]!
    block.maximum = Math.max(block.maximum, Math.abs(value))
    block.error = Math.max(block.error, Math.abs(value - approximation[i]!))
  })
  return blocks
}

/** Nearest E2M1 magnitude by trying all eight; the even code wins a tie. */
function nearestFp4(t: number): number {
  let best = 0
  for (let code = 1; code < 8; code++) {
    const gain = Math.abs(Math.abs(t) - FP4[best]!) - Math.abs(Math.abs(t) - FP4[code]!)
    if (gain > 0 || (gain === 0 && code % 2 === 0)) best = code
  }
  return Math.sign(t) * FP4[best]!
}

describe.each(rules)('scale rule %s', (scaleRule) => {
  test.each([1, 2, 3, 4])('%d passes: the bound holds for any float32 numbers', (passes) => {
    const float = fc.float({ noNaN: true, noDefaultInfinity: true })
    const numbers = fc.array(fc.oneof(float, fc.float({ min: -6, max: 6, noNaN: true })), {
      minLength: 1,
      maxLength: 70,
    })
    fc.assert(
      fc.property(numbers, (values) => {
        const x = Float32Array.from(values)
        const digits = decomposeMxfp4(x, { rows: 1, cols: x.length, passes, scaleRule })
        for (const { maximum, error } of blockErrors(x, digits)) {
          expect(error).toBeLessThanOrEqual(mxfp4ErrorBound(maximum, { passes, scaleRule }))
        }
      }),
      { seed: 20260513, numRuns: scaleRule === 'search' && passes === 4 ? 40 : 200 },
    )
  })

  test('the bound holds at both ends of the E8M0 range', () => {
    const random = new Random(17)
    const floors = { reached: 0, top: 0 }
    for (let e = -160; e <= 129; e++) {
      const maximum = e === 129 ? 2 ** 129 : (1 + random.next()) * 2 ** e
      const row = Array.from({ length: 31 }, () => (2 * random.next() - 1) * maximum)
      const x = Float64Array.from([maximum, ...row].map((value) => Math.min(value, 2 ** 129)))
      for (const passes of [1, 2, 3]) {
        const digits = decomposeMxfp4(x, { rows: 1, cols: 32, passes, scaleRule })
        const [block] = blockErrors(x, digits)
        expect(block!.error).toBeLessThanOrEqual(mxfp4ErrorBound(block!.maximum, { passes, scaleRule }))
        if (digits.scales.at(-1)![0] === 0) floors.reached++
        if (digits.scales[0]![0] === 254) floors.top++
      }
    }
    expect(floors.reached).toBeGreaterThan(60)
    expect(floors.top).toBeGreaterThan(0)
  })

  test('a short last block counts the missing elements as zeros; zero blocks are zero', () => {
    const x = new Random(23).normal(2 * 75)
    x.fill(0, 32, 64)
    const digits = decomposeMxfp4(x, { rows: 2, cols: 75, scaleRule })
    expect(digits.blocks).toBe(3)
    expect(digits.digits.every((codes) => codes.subarray(32, 64).every((code) => code === 0))).toBe(true)
    const padded = new Float32Array(2 * 96)
    for (let row = 0; row < 2; row++) padded.set(x.subarray(row * 75, row * 75 + 75), row * 96)
    const whole = decomposeMxfp4(padded, { rows: 2, cols: 96, scaleRule })
    expect(digits.scales).toEqual(whole.scales)
    expect(recompose(digits).subarray(75)).toEqual(recompose(whole).subarray(96, 96 + 75))
  })
})

test.each(['paper', 'ocp'] as const)(
  '%s digits are the nearest E2M1 numbers to what is left',
  (scaleRule) => {
    const x = new Random(29).normal(32 * 40)
    const { digits, scales } = decomposeMxfp4(x, { rows: 1, cols: x.length, passes: 3, scaleRule })
    x.forEach((value, i) => {
      const block = Math.floor(i / 32)
      const maximum = Math.max(...x.subarray(block * 32, block * 32 + 32).map(Math.abs))
      let scale = 2 ** 20
      while ((scaleRule === 'paper' ? 4 : 6) * (scale / 2) >= maximum) scale /= 2
      let rest = value
      for (let d = 0; d < 3; d++, scale /= 8) {
        expect(e8m0.decode(scales[d]![block]!)).toBe(scale)
        const digit = nearestFp4(rest / scale)
        expect(fp4e2m1.decode(digits[d]![i]!) + 0).toBe(digit + 0)
        rest -= scale * digit
      }
    })
  },
)

test('α is exact at and beside powers of two', () => {
  for (const e of [-100, -3, 0, 1, 29, 127]) {
    const at = 2 ** e
    const scaleOf = (maximum: number) =>
      e8m0.decode(decomposeMxfp4(Float64Array.of(maximum), { rows: 1, cols: 1 }).scales[0]![0]!)
    expect(scaleOf(at)).toBe(at / 4)
    expect(scaleOf(at * (1 - 2 ** -53))).toBe(at / 4)
    expect(scaleOf(at * (1 + 2 ** -52))).toBe(at / 2)
  }
})

describe('mxfp4ErrorBound', () => {
  test('paper: α/8^passes from 0.625·α on, less below, and reached', () => {
    for (let passes = 1; passes <= 5; passes++) {
      for (let maximum = 513 / 1024; maximum <= 1; maximum += 1 / 1024) {
        const bound = mxfp4ErrorBound(maximum, { passes })
        if (maximum >= 0.625) expect(bound).toBe(8 ** -passes)
        else expect(bound).toBeLessThanOrEqual(8 ** -passes)
      }
      // 2.5 and its remainders 3.5, 3.5, …: every pass leaves half of the widest step.
      let worst = 0
      for (let t = 0; t <= 4; t += 2 ** -(3 * passes)) {
        const x = Float64Array.of(1, t / 4)
        worst = Math.max(
          worst,
          Math.abs(t / 4 - recompose(decomposeMxfp4(x, { rows: 1, cols: 2, passes }))[1]!),
        )
      }
      expect(worst).toBe(8 ** -passes)
    }
  })

  test('ocp: max/5, max/20, and no better than max/35 in any number of passes; reached at 5·s1', () => {
    const x = Float64Array.of(5)
    for (let passes = 1; passes <= 8; passes++) {
      const bound = mxfp4ErrorBound(5, { passes, scaleRule: 'ocp' })
      expect(5 - recompose(decomposeMxfp4(x, { rows: 1, cols: 1, passes, scaleRule: 'ocp' }))[0]!).toBe(bound)
      if (passes <= 2) expect(bound).toBe([1, 1 / 4][passes - 1])
      expect(bound).toBeGreaterThan(1 / 7)
      for (let maximum = 3; maximum <= 6; maximum += 1 / 64) {
        expect(mxfp4ErrorBound(maximum, { passes, scaleRule: 'ocp' }) / maximum).toBeLessThanOrEqual(
          bound / 5,
        )
      }
    }
  })

  test('the end of the E8M0 range is a floor', () => {
    expect(mxfp4ErrorBound(2 ** -120, { passes: 2 })).toBe(2 ** -126)
    expect(mxfp4ErrorBound(2 ** -120, { passes: 9 })).toBe(2 ** -129)
    expect(mxfp4ErrorBound(2 ** -140, { passes: 2 })).toBe(2 ** -140)
    expect(mxfp4ErrorBound(0)).toBe(0)
  })

  test('bad arguments', () => {
    expect(() => mxfp4ErrorBound(Number.NaN)).toThrow('mxfp4ErrorBound: maximum is NaN')
    expect(() => mxfp4ErrorBound(1, { passes: 0 })).toThrow('passes is 0; it must be a positive integer')
    expect(() => mxfp4ErrorBound(1, { scaleRule: 'nvidia' as ScaleRule })).toThrow('scaleRule is nvidia')
  })
})

test.each([1, 2, 3])('search, %d passes: no block is worse in L2 than by either rule', (passes) => {
  const random = new Random(31)
  const blocks = 200
  const x = Float64Array.from(
    random.normal(32 * blocks),
    (value, i) => value ** (1 + (Math.floor(i / 32) % 3)),
  )
  const squares = (scaleRule: ScaleRule) => {
    const approximation = recompose(decomposeMxfp4(x, { rows: blocks, cols: 32, passes, scaleRule }))
    const sums = new Float64Array(blocks)
    x.forEach((value, i) => {
      sums[Math.floor(i / 32)]! += (value - approximation[i]!) ** 2
    })
    return sums
  }
  const [paper, ocp, search] = rules.map(squares)
  let better = 0
  search!.forEach((sum, b) => {
    expect(sum).toBeLessThanOrEqual(Math.min(paper![b]!, ocp![b]!))
    if (sum < Math.min(paper![b]!, ocp![b]!)) better++
  })
  expect(better).toBeGreaterThan(0)
})

describe('MXFP8', () => {
  test('nothing is clipped, scales are the smallest that do so, codes the nearest', () => {
    const random = new Random(37)
    for (let e = -140; e <= 129; e++) {
      const maximum = e === 129 ? 2 ** 129 : (1 + random.next()) * 2 ** e
      const x = Float64Array.from({ length: 40 }, (_, i) =>
        i === 0 ? maximum : (random.next() - 0.5) * maximum,
      )
      const coded = quantizeMxfp8(x, { rows: 1, cols: 40 })
      const scale = e8m0.decode(coded.scales[0]!)
      expect(448 * scale).toBeGreaterThanOrEqual(maximum)
      if (scale > 2 ** -127) expect(448 * (scale / 2)).toBeLessThan(maximum)
      const approximation = recompose(coded)
      for (let i = 0; i < 32; i++) {
        expect(approximation[i]).toBe(scale * fp8e4m3.round(x[i]! / scale) + 0)
        // Half a unit in the last place: relative 2^−4, or half the subnormal step.
        const bound = Math.max(2 ** -4 * Math.abs(x[i]!), (scale * fp8e4m3.minSubnormal) / 2)
        expect(Math.abs(x[i]! - approximation[i]!)).toBeLessThanOrEqual(bound)
      }
    }
  })

  test('zero blocks, bad input', () => {
    expect(
      [...recompose(quantizeMxfp8(new Float32Array(33), { rows: 1, cols: 33 }))].every((v) => v === 0),
    ).toBe(true)
    const x = new Float32Array(66)
    x[40] = Number.NaN
    expect(() => quantizeMxfp8(x, { rows: 2, cols: 33 })).toThrow(
      'quantizeMxfp8: x[1][7] (row, column) is NaN',
    )
    expect(() => quantizeMxfp8(x, { rows: 2, cols: 32 })).toThrow('x holds 66 numbers; 2 × 32 needs 64')
  })
})

test('bad input of decomposeMxfp4', () => {
  const x = new Float32Array(80)
  const wrong = (options: object) => () => decomposeMxfp4(x, { rows: 2, cols: 40, ...options })
  expect(wrong({ rows: 3 })).toThrow('decomposeMxfp4: x holds 80 numbers; 3 × 40 needs 120')
  expect(wrong({ passes: 1.5 })).toThrow('passes is 1.5; it must be a positive integer')
  expect(wrong({ scaleRule: 'best' })).toThrow('scaleRule is best; it must be one of paper, ocp, search')
  expect(wrong({ scaleRule: 'search', passes: 5 })).toThrow('5 passes are too many to search the scales of')
  x[75] = Number.NEGATIVE_INFINITY
  expect(wrong({})).toThrow('decomposeMxfp4: x[1][35] (row, column) is -Infinity; it must be finite')
  expect(() => decomposeMxfp4(Float64Array.of(0, 2 ** 130), { rows: 1, cols: 2 })).toThrow(
    'x[0][1] (row, column) is 1.361129467683754e+39; it must not exceed 2^129',
  )
})
