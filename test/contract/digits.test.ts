import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Backend, Weight } from '../../src/backend/index.js'
import { fp16 } from '../../src/dtype/index.js'
import { decomposeInt8, int8Top } from '../../src/msd/index.js'
import { expectBits, expectVaried, product, tensorOf, weightOf } from '../helpers/contract.js'
import type { Granularity, Passes } from '../helpers/integer-product.js'
import { randomNormal, seededRandom } from '../helpers/quants.js'
import { SUBJECTS } from './backends.js'

/**
 * Digits are opaque; the identity matrix makes them visible: y = fround(scale · q), since |q| < 2^24 and
 * every other term is 0. No two q of one scale give the same y.
 */

const f32 = Math.fround
const OPTIONS = ([1, 2, 3] as const).flatMap((passes) =>
  (['row', 'group'] as const).map((granularity) => ({ passes, granularity })),
)

/** Q8_0: code 1 on the diagonal, scale 1. */
function identity(size: number): Uint8Array {
  const rowBytes = (size / 32) * 34
  const bytes = new Uint8Array(size * rowBytes)
  for (let at = 0; at < bytes.length; at += 34) bytes[at + 1] = fp16.encode(1) >> 8
  for (let n = 0; n < size; n++) bytes[n * rowBytes + Math.floor(n / 32) * 34 + 2 + (n % 32)] = 1
  return bytes
}

/** What scale · q is by the definition of msd.md §1 in float32. */
function recomposed(x: Float32Array, cols: number, passes: Passes, granularity: Granularity): Float32Array {
  const { digits, scales, groupSize, groups } = decomposeInt8(x, {
    rows: x.length / cols,
    cols,
    passes,
    granularity: granularity === 'row' ? 'row' : 32,
    arithmetic: 'float32',
  })
  return x.map((_, i) => {
    const q = digits.reduce((upper, digit) => 256 * upper + digit[i], 0)
    // Added to an accumulator of 0, so there is no −0.
    return f32(q * scales[Math.floor(i / cols) * groups + Math.floor((i % cols) / groupSize)]) + 0
  })
}

/** Rows of 96 activations, one a kind of trouble. */
function hardRows(passes: Passes): Record<string, Float32Array> {
  const top = int8Top(passes, 256)
  const random = seededRandom(60 + passes)
  const row = (value: (k: number) => number) => Float32Array.from({ length: 96 }, (_, k) => value(k))
  /** Magnitudes around `largest`, which every group has. */
  const around = (largest: number) =>
    row((k) => (k % 32 === 5 ? -largest : largest * (2 * random() - 1) * 2 ** -Math.floor(4 * random())))
  // The smallest maximum with a scale is about top · 2^-128: below it, top / M overflows.
  const edge = f32(top * 2 ** -128)
  return {
    zeros: row(() => 0),
    'negative zeros': row(() => -0),
    'one group of zeros': row((k) => (k >= 32 && k < 64 ? 0 : k - 40.3)),
    'smallest subnormals': row((k) => ((k % 3) - 1) * 2 ** -149),
    subnormals: around(2 ** -130),
    'just below the smallest scale': around(edge * (1 - 2 ** -10)),
    'at the smallest scale': around(edge),
    'just above the smallest scale': around(edge * (1 + 2 ** -10)),
    'groups on both sides of the smallest scale': row(
      (k) => (k < 32 ? edge / 4 : edge * 8) * (random() - 0.5),
    ),
    'subnormal scales': around(2 ** -126 * 3),
    'around 1e38': around(f32(1e38)),
    'largest float32': row((k) => (2 ** 128 - 2 ** 104) * (k % 2 ? -1 : 1) * (k % 7 === 0 ? 1 : random())),
    'ties at one half, up and down to even': row((k) =>
      k % 32 === 9 ? top : (k % 2 ? -1 : 1) * (Math.floor(k / 2) + 0.5),
    ),
    'ties at the top': row((k) => (k % 32 === 9 ? -top : top - 0.5 - (k % 4))),
    'halves just beside the tie': row((k) =>
      k % 32 === 9 ? top : f32((k % 16) + 0.5) * (1 + ((k % 3) - 1) * 2 ** -23),
    ),
    'one outlier, in the second group': row((k) => (k === 50 ? 3000 : random() - 0.5)),
    'maximum in the first column': row((k) => (k === 0 ? -7.7 : random() - 0.5)),
    'maximum in the last column': row((k) => (k === 95 ? 7.7 : random() - 0.5)),
  }
}

describe.each(SUBJECTS)('$label splits activations', ({ create }) => {
  let backend: Backend
  const weights = new Map<number, Weight>()
  beforeAll(async () => {
    backend = create()
    for (const size of [32, 64, 96, 160])
      weights.set(size, await weightOf(backend, 'Q8_0', size, size, identity(size)))
  })
  afterAll(() => backend.close())

  async function expectDigits(
    x: Float32Array,
    cols: number,
    options: (typeof OPTIONS)[number],
    where: string,
  ) {
    const expected = recomposed(x, cols, options.passes, options.granularity)
    expectBits(await product(backend, x, weights.get(cols)!, options), expected, cols, where)
    return expected
  }

  test.each(OPTIONS)('random rows with outliers, $passes passes, per $granularity', async (options) => {
    for (const cols of weights.keys()) {
      for (const tokens of [1, 2, 3, 5, 8, 13]) {
        const seed = 31 * cols + tokens
        const x = randomNormal(tokens * cols, seed).map((v, i) => (i % 29 === 3 ? 30 * v : v))
        const seen = await expectDigits(x, cols, options, `${tokens} × ${cols}, seed ${seed}`)
        // One digit beside an outlier leaves few different values.
        if (options.passes > 1) expectVaried(seen, `seed ${seed}`)
      }
    }
  })

  test.each(OPTIONS)('hard rows, $passes passes, per $granularity', async (options) => {
    const rows = Object.entries(hardRows(options.passes))
    for (const [name, x] of rows) await expectDigits(x, 96, options, name)
    // All at once: neighbours in a tile have scales of their own.
    await expectDigits(Float32Array.from(rows.flatMap(([, x]) => [...x])), 96, options, 'together')
  })

  const PLACES = [0, 15, 16, 31, 32, 50, 95]

  test.each(OPTIONS)('not finite: $passes passes, per $granularity', async (options) => {
    const clean = randomNormal(13 * 96, 5)
    const digits = backend.digits(13, 96, options)
    const x = backend.tensor(13, 96)
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
      for (const row of [0, 6, 12])
        for (const column of PLACES) {
          const spoilt = clean.slice()
          spoilt[row * 96 + column] = value
          backend.upload(x, spoilt)
          const named = placeNamed(() => backend.decompose(x, digits))
          expect(named, `${value} at [${row}, ${column}]`).toEqual([row, column])
        }
  })

  test('not finite in several places: the error names one of them, the first of its row', () => {
    const digits = backend.digits(13, 96, { passes: 2, granularity: 'group' })
    const values = randomNormal(13 * 96, 6)
    for (const [row, column] of [
      [2, 70],
      [2, 90],
      [7, 33],
      [12, 1],
      [12, 95],
    ])
      values[row * 96 + column] = Number.NaN
    const named = placeNamed(() => backend.decompose(tensorOf(backend, 13, 96, values), digits))
    expect([
      [2, 70],
      [7, 33],
      [12, 1],
    ]).toContainEqual(named)
  })

  test('digits of a failed decomposition multiply nothing, and work again afterwards', async () => {
    const options = { passes: 2, granularity: 'group' } as const
    const digits = backend.digits(13, 96, options)
    const x = randomNormal(13 * 96, 7)
    const good = tensorOf(backend, 13, 96, x)
    const bad = tensorOf(backend, 4, 96, new Float32Array(4 * 96).fill(Number.NaN))
    const out = backend.tensor(13, 96)
    const weight = weights.get(96)!
    backend.decompose(good, digits)
    expect(() => backend.decompose(bad, digits)).toThrow()
    for (const rows of [13, 4])
      expect(() => backend.linear(digits, weight, backend.tensor(rows, 96)), `${rows} rows`).toThrow(
        RangeError,
      )
    backend.decompose(good, digits)
    backend.linear(digits, weight, out)
    expectBits(await backend.read(out), recomposed(x, 96, 2, 'group'), 96, 'seed 7')
  })
})

function placeNamed(action: () => void): number[] | null {
  try {
    action()
  } catch (error) {
    // '[3, 5]' or '[3][5]'
    const match = /\[(\d+)(?:, |\]\[)(\d+)\]/.exec((error as Error).message)
    return match && [Number(match[1]), Number(match[2])]
  }
  return null
}
