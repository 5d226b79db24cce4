import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { allSchemes, type Scheme } from '../../src/cli/analyze/msd/schemes.js'

/**
 * |x − x̂| ≤ the proven bound, element by element, for every scheme that `multiscale analyze msd` compares. Compared as exact
 * integers (multiples of 2^−1074), so that no rounding of the test hides a violation or makes one up.
 */

const words = new DataView(new ArrayBuffer(8))

/** x · 2^1074, exactly. */
function exact(x: number): bigint {
  words.setFloat64(0, x)
  const bits = words.getBigUint64(0)
  const field = (bits >> 52n) & 0x7ffn
  const fraction = bits & ((1n << 52n) - 1n)
  const magnitude = field === 0n ? fraction : (fraction | (1n << 52n)) << (field - 1n)
  return x < 0 ? -magnitude : magnitude
}

const any = fc.float({ noNaN: true, noDefaultInfinity: true })
const small = fc.float({ min: -6, max: 6, noNaN: true })
const subnormal = fc.float({ min: -(2 ** -126), max: 2 ** -126, noNaN: true })
const huge = fc.float({ min: 2 ** 100, noNaN: true, noDefaultInfinity: true })
/** Numbers at, and a step beside, those halfway between codes. */
const midpoint = fc
  .record({ odd: fc.integer({ min: -513, max: 513 }), exponent: fc.integer({ min: -12, max: 12 }) })
  .chain(({ odd, exponent }) =>
    fc
      .constantFrom(0, 2 ** -22, -(2 ** -22))
      .map((step) => Math.fround((odd / 2) * 2 ** exponent * (1 + step))),
  )

const row = (cols: number) => {
  const of = (...numbers: fc.Arbitrary<number>[]) =>
    fc.array(fc.oneof(...numbers), { minLength: cols, maxLength: cols })
  return fc.oneof(
    of(any),
    of(small),
    of(midpoint),
    of(subnormal, fc.constant(0)),
    of(huge, small),
    fc.oneof(any, fc.constant(0)).map((value) => new Array<number>(cols).fill(value)),
    of(small, fc.constant(0)).chain((numbers) =>
      fc.record({ at: fc.nat(cols - 1), value: any }).map(({ at, value }) => numbers.with(at, value)),
    ),
  )
}

const matrices = fc.integer({ min: 1, max: 70 }).chain((cols) =>
  fc.array(row(cols), { minLength: 1, maxLength: 3 }).map((rows) => ({
    x: Float32Array.from(rows.flat()),
    rows: rows.length,
    cols,
  })),
)

/** A number whose error exceeds its bound, if there is one. */
function violation(scheme: Scheme, activations: { x: Float32Array; rows: number; cols: number }) {
  const { values, bounds } = scheme.approximate(activations)
  for (const [i, value] of values.entries()) {
    const difference = exact(activations.x[i]) - exact(value)
    const error = difference < 0n ? -difference : difference
    if (error > exact(bounds[i])) return { i, x: activations.x[i], value, bound: bounds[i] }
  }
  return undefined
}

describe.each(allSchemes(20))('$name', (scheme) => {
  test('no error exceeds its bound', () => {
    fc.assert(
      fc.property(matrices, (activations) => {
        expect(violation(scheme, activations)).toBeUndefined()
      }),
      { numRuns: 150 },
    )
  })
})
