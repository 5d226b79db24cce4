import { describe, expect, test } from 'vitest'
import { bf16, fp4e2m1, fp8e4m3, fp8e5m2, fp16, type Minifloat } from '../../src/dtype/index.js'
import {
  fp8ErrorBound,
  mxfp4ErrorBound,
  mxfp8ErrorBound,
  nvfp4ErrorBound,
  quantizeFp8,
  quantizeNvfp4,
  recompose,
  worstRoundingError,
} from '../../src/msd/index.js'

/** FP8 with a scale per row, NVFP4-like blocks, and what rounding to a small float may do. */

describe('worstRoundingError', () => {
  /** All midpoints of neighbouring values, ascending, and by how much rounding moves them. */
  function midpoints(format: Minifloat): { at: number; error: number }[] {
    const values = Array.from({ length: 2 ** (format.bits - 1) }, (_, code) => format.decode(code))
    const finite = values.filter(Number.isFinite)
    return finite
      .slice(1)
      .map((value, i) => ({ at: (finite[i] + value) / 2, error: (value - finite[i]) / 2 }))
  }

  test.each([fp4e2m1, fp8e4m3, fp8e5m2, fp16])(
    '$name: that of the limit, or of a midpoint below it',
    (format) => {
      let worst = 0
      let before = 0
      const wrong: number[] = []
      for (const { at, error } of midpoints(format)) {
        for (const limit of [before, (2 * before + at) / 3, at * (1 - 2 ** -40), at]) {
          // A midpoint counts when it is reached.
          const own = Math.abs(limit - format.round(limit))
          if (worstRoundingError(format, limit) !== Math.max(worst, own)) wrong.push(limit)
        }
        worst = Math.max(worst, error)
        before = at
      }
      expect(wrong).toEqual([])
      // Beyond the largest value everything is cut off there.
      expect(worstRoundingError(format, format.max)).toBe(worst)
      expect(worstRoundingError(format, 3 * format.max)).toBe(2 * format.max)
      expect(worstRoundingError(format, format.max + worst / 2)).toBe(worst)
      expect(worstRoundingError(format, 0)).toBe(0)
    },
  )

  test('what binary64 does not hold is rounded up', () => {
    // 2^58 + 32 − 65504 is odd in units of 32 and has 54 bits, hence a tie to even, downwards.
    const limit = 2 ** 58 + 64
    expect(BigInt(worstRoundingError(fp16, limit)) >= BigInt(limit) - 65504n).toBe(true)
    expect(worstRoundingError(bf16, 1)).toBe(2 ** -9)
    expect(worstRoundingError(bf16, 1.5)).toBe(2 ** -8)
  })
})

describe('FP8 with a scale per row', () => {
  test('the largest number is the largest element, others are rounded in its units', () => {
    const x = Float32Array.of(896, -512, 2, 0.001, 0, 0, 0, 0)
    const codes = quantizeFp8(x, { rows: 2, cols: 4 })
    expect([...codes.scales]).toEqual([2, 0])
    // 0.0005 is below half of the smallest step, 2^−9.
    expect([...recompose(codes)]).toEqual([896, -512, 2, 0, 0, 0, 0, 0])
    const wide = quantizeFp8(x, { rows: 2, cols: 4, element: 'e5m2' })
    expect(wide.scales[0]).toBe(Math.fround(896 / 57344))
    expect(recompose(wide)[0]).toBe(896)
  })

  test('rows that float32 has no scale for are zeros, within their bound', () => {
    const tiny = 2 ** -149
    const codes = quantizeFp8(Float32Array.of(tiny, -tiny), { rows: 1, cols: 2 })
    expect([...recompose(codes)].map(Math.abs)).toEqual([0, 0])
    expect(fp8ErrorBound(tiny)).toBe(tiny)
    expect(fp8ErrorBound(0)).toBe(0)
  })

  test.each([
    { element: 'e4m3', share: 28, top: 448 },
    { element: 'e5m2', share: 14, top: 57344 },
  ] as const)('$element: M/$share, reached', ({ element, share, top }) => {
    // The scale is 1; the last midpoint lies half a step below the largest element.
    const at = top - top / share
    const [first, second] = recompose(quantizeFp8(Float32Array.of(top, at), { rows: 1, cols: 2, element }))
    expect(first).toBe(top)
    expect(Math.abs(second - at)).toBe(top / share)
    expect(fp8ErrorBound(top, element)).toBe(top / share + 2 ** -52 * top)
  })
})

describe('NVFP4-like', () => {
  test('codes by hand: a row scale of 1, block scales 448 and 1.25 (rounded from 19/16)', () => {
    const x = new Float32Array(32)
    x.set([6 * 448, -448, 112, 0.1])
    x.set([(6 * 19) / 16, 6.25, -1.25, 0.3], 16)
    const codes = quantizeNvfp4(x, { rows: 1, cols: 32 })
    expect([...codes.rowScales]).toEqual([1])
    expect([...codes.scales].map((code) => fp8e4m3.decode(code))).toEqual([448, 1.25])
    const values = recompose(codes)
    // 112 is a quarter of 448: halfway between 0 and 0.5, to the even code. 5.7 and 5 of 1.25 are 6 and, a tie, 4.
    expect([...values.subarray(0, 4)]).toEqual([2688, -448, 0, 0])
    expect([...values.subarray(16, 20)]).toEqual([7.5, 5, -1.25, 0])
    expect(nvfp4ErrorBound((6 * 19) / 16, 2688)).toBe(1.25 + 2 ** -52 * ((6 * 19) / 16))
  })

  test('a block whose scale is rounded down saturates at 6', () => {
    const x = new Float32Array(32)
    x[0] = 2688
    x[16] = (6 * 17) / 16 // scale 17/16, a tie, becomes 1
    const codes = quantizeNvfp4(x, { rows: 1, cols: 32 })
    expect(recompose(codes)[16]).toBe(6)
  })

  test('3M/17 is approached, and never exceeded by blocks that are not too small', () => {
    let most = 0
    for (let i = 0; i <= 4096; i++) {
      const maximum = 6 * (1 + i / 4096)
      const share = nvfp4ErrorBound(maximum, 2688) / maximum
      most = Math.max(most, share)
    }
    const slack = 2 ** -52
    expect(most).toBeLessThanOrEqual(3 / 17 + slack)
    // The scale just above 17/16 is 1/4096 away.
    expect(most).toBeGreaterThan(3 / 17 / (1 + 1 / 4096))
    // An x that has this error: 5 of a scale that is rounded up from 1.0625 to 1.125.
    const x = new Float32Array(32)
    x[0] = 2688
    x.set([6 * (17 / 16 + 2 ** -20), 5 * 1.125], 16)
    const error = x[17] - recompose(quantizeNvfp4(x, { rows: 1, cols: 32 }))[17]
    expect(error).toBe(1.125)
    expect(error / x[16]).toBeCloseTo(3 / 17, 5)
  })

  test('the two bounds in terms of maxima alone hold over all sizes of a block', () => {
    const row = 1
    // The row's scale is off by at most 2^−24.
    const off = 1 + 2 ** -23
    for (let i = 0; i <= 5000; i++) {
      const maximum = 2 ** (-i / 200)
      const small = Math.max(maximum / 6 + row / 2752512, row / 458752)
      const bound = maximum >= row / 28672 ? (3 * maximum) / 17 : small
      expect(nvfp4ErrorBound(maximum, row)).toBeLessThanOrEqual(bound * off)
    }
  })

  test('a short last block, rows of zeros, and rows too small to scale', () => {
    const x = new Float32Array(3 * 20)
    x[19] = 6
    x[40] = 2 ** -149
    const codes = quantizeNvfp4(x, { rows: 3, cols: 20 })
    expect(codes.blocks).toBe(2)
    const values = recompose(codes)
    expect(values[19]).toBe(Math.fround(6 / 2688) * 448 * 6)
    expect(values.filter((value) => value !== 0)).toHaveLength(1)
    expect(nvfp4ErrorBound(2 ** -149, 2 ** -149)).toBe(2 ** -149)
  })
})

test('MXFP8: M/17 where the maximum is 272 of its scale, half of a step', () => {
  expect(mxfp8ErrorBound(272)).toBe(16)
  expect(mxfp8ErrorBound(256)).toBe(8)
  expect(mxfp8ErrorBound(448)).toBe(16)
  expect(mxfp8ErrorBound(449)).toBe(16)
  for (let i = 0; i <= 1000; i++) {
    const maximum = 2 ** (i / 500)
    expect(mxfp8ErrorBound(maximum) / maximum).toBeLessThanOrEqual(1 / 17)
  }
  expect(mxfp8ErrorBound(0)).toBe(0)
})

test('one searched pass of MXFP4 is bounded by the worst of the scales that it tries', () => {
  // α = 8: scales 2 and 1. Both are off by up to 1 below 5; the larger by no more above, the smaller saturates at 6.
  expect(mxfp4ErrorBound(5, { passes: 1, scaleRule: 'search' })).toBe(1)
  expect(mxfp4ErrorBound(8, { passes: 1, scaleRule: 'search' })).toBe(2)
  const two = { passes: 2, scaleRule: 'search' } as const
  expect(mxfp4ErrorBound(8, two)).toBe(Math.sqrt(32) * mxfp4ErrorBound(8, { passes: 2 }))
})

describe('bad input', () => {
  const x = Float32Array.of(1, Number.NaN, 3, 4)
  const shape = { rows: 2, cols: 2 }
  const failures: [call: () => unknown, message: string | RegExp][] = [
    [() => quantizeFp8(x, shape), /quantizeFp8: x\[0\]\[1\].*must be finite/],
    [() => quantizeNvfp4(x, shape), /quantizeNvfp4: x\[0\]\[1\].*must be finite/],
    [() => quantizeFp8(x, { rows: 1, cols: 3 }), /4 numbers; 1 × 3 needs 3/],
    [() => quantizeNvfp4(x, { rows: 0, cols: 4 }), /rows is 0/],
    [() => quantizeFp8(x, { ...shape, element: 'e3m4' as 'e4m3' }), /element is e3m4.*e4m3, e5m2/],
    [() => fp8ErrorBound(-1), /maximum is -1/],
    [() => fp8ErrorBound(1, 'e3m4' as 'e4m3'), /element is e3m4/],
    [() => mxfp8ErrorBound(Number.NaN), /maximum is NaN/],
    [() => nvfp4ErrorBound(2, 1), /block's maximum 2 exceeds its row's, 1/],
    [() => nvfp4ErrorBound(1, Number.POSITIVE_INFINITY), /maximum is Infinity/],
    [() => quantizeFp8(Float64Array.of(2 ** 130), { rows: 1, cols: 1 }), /must not exceed 2\^129/],
    [() => quantizeNvfp4(Float64Array.of(2 ** 130), { rows: 1, cols: 1 }), /must not exceed 2\^129/],
  ]
  test.each(failures.map(([call, message]) => [String(message), call, message] as const))(
    '%s',
    (_, call, message) => {
      expect(call).toThrow(RangeError)
      expect(call).toThrow(message)
    },
  )
})
