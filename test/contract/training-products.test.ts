import { describe, expect, test } from 'vitest'
import type { TrainingOperations } from '../../src/backend/index.js'
import { expectBits, expectVaried, expectWithin, roundings } from '../helpers/contract.js'
import { randomNormal, seededRandom } from '../helpers/quants.js'
import { EXACT, productSum, TRAINING } from '../helpers/training.js'

/** Around the tiles (6 × 16 and 12 × 32), the block of rows (120), the depth of a run (256). */
const SIZES = [1, 5, 6, 7, 11, 12, 13, 31, 32, 33, 120, 121, 255, 256, 257, 300]
/** Each size in each place twice: 5 and 7 have no divisor in common with 16. */
const SHAPES: readonly (readonly [m: number, n: number, k: number])[] = [
  ...[0, 6].flatMap((shift) =>
    SIZES.map((m, i) => [m, SIZES[(5 * i + 3 + shift) % 16], SIZES[(7 * i + 1 + 2 * shift) % 16]] as const),
  ),
  // b is packed 2^23 floats at a time: slabs of 1040 or 1024 columns, and of a single panel.
  [3, 1100, 8000],
  [1, 40, 270_000],
]

const ORIENTATIONS = [false, true].flatMap((transposeA) =>
  [false, true].flatMap((transposeB) => [false, true].map((add) => ({ transposeA, transposeB, add }))),
)

function transposed(x: Float32Array, rows: number, cols: number): Float32Array {
  const result = new Float32Array(x.length)
  for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) result[j * rows + i] = x[i * cols + j]
  return result
}

interface Case {
  readonly shape: { readonly m: number; readonly n: number; readonly k: number }
  /** By whether it lies transposed. */
  readonly a: readonly [Float32Array, Float32Array]
  readonly b: readonly [Float32Array, Float32Array]
  readonly c: Float32Array
}

function caseOf(
  m: number,
  n: number,
  k: number,
  values: (length: number, seed: number) => Float32Array,
): Case {
  const seed = m * 1000 + n * 10 + k
  const [a, b] = [values(m * k, seed), values(k * n, seed + 1)]
  return {
    shape: { m, n, k },
    a: [a, transposed(a, m, k)],
    b: [b, transposed(b, k, n)],
    c: values(m * n, seed + 2),
  }
}

type Orientation = (typeof ORIENTATIONS)[number]

function multiply(operations: TrainingOperations<Float32Array>, x: Case, orientation: Orientation) {
  const { transposeA, transposeB, add } = orientation
  const c = add ? x.c.slice() : new Float32Array(x.c.length).fill(Number.NaN)
  const [a, b] = [x.a[Number(transposeA)], x.b[Number(transposeB)]]
  operations.product(c, a, b, { ...x.shape, transposeA, transposeB, add })
  return c
}

/** The product of the absolute values bounds what each rounding is relative to. */
function exactly({ shape, a, b, c }: Case) {
  const product = (left: Float32Array, right: Float32Array) => {
    const result = new Float64Array(shape.m * shape.n)
    EXACT.product(result, Float64Array.from(left), Float64Array.from(right), { ...shape, transposeB: true })
    return result
  }
  const values = product(a[0], b[1])
  const magnitudes = product(a[0].map(Math.abs), b[1].map(Math.abs))
  return { values, magnitudes, sums: values.map((v, i) => c[i] + v) }
}

const byThreads = new Map<string, TrainingOperations<Float32Array>>()
function operationsOf({ variant, create }: (typeof TRAINING)[number], threads: number) {
  const key = `${variant} ${threads}`
  const operations = byThreads.get(key) ?? create(threads)
  byThreads.set(key, operations)
  return operations
}

describe('products', () => {
  test.each(SHAPES)('[%i, ·] · [·, %i] over %i: near the exact one, the same bits everywhere', (m, n, k) => {
    const x = caseOf(m, n, k, (length, seed) => randomNormal(length, seed))
    const { values, magnitudes, sums } = exactly(x)
    if (m * n > 8) expectVaried(values, 'the product')
    const large = k > 1000
    const first = new Map<boolean, Float32Array>()
    for (const subject of TRAINING) {
      for (const orientation of ORIENTATIONS) {
        const { add } = orientation
        // Without the instruction a fused multiply-add takes long: of large ones only half.
        if (large && add !== orientation.transposeA) continue
        for (const threads of large ? [3] : [1, 2, 3, 5]) {
          const where = `${subject.label}, ${threads} threads, ${JSON.stringify(orientation)}`
          const c = multiply(operationsOf(subject, threads), x, orientation)
          const known = first.get(add)
          if (known) {
            expectBits(c, known, n, where)
            continue
          }
          first.set(add, c)
          const bound = (i: number) =>
            roundings(productSum(k)) * magnitudes[i] +
            (add ? roundings(productSum(k) + 1) * Math.abs(x.c[i]) : 0)
          expectWithin(c, add ? sums : values, bound, where)
        }
      }
    }
    expect([...first.keys()].sort()).toEqual([false, true])
  })

  test('of small integers are exact', () => {
    const random = seededRandom(7)
    // At most 300 · 64 + 8: every partial sum is an integer below 2^24.
    const integers = (length: number) => Float32Array.from({ length }, () => Math.floor(random() * 17) - 8)
    for (const [m, n, k] of [
      [13, 33, 300],
      [121, 31, 257],
      [300, 7, 11],
    ]) {
      const x = caseOf(m, n, k, integers)
      const { values, sums } = exactly(x)
      for (const subject of TRAINING) {
        for (const orientation of ORIENTATIONS) {
          const expected = (orientation.add ? sums : values).map((v) => v + 0)
          const c = multiply(operationsOf(subject, 3), x, orientation)
          expectBits(
            c.map((v) => v + 0),
            expected,
            n,
            `${subject.label}, ${JSON.stringify(orientation)}`,
          )
        }
      }
    }
  })

  test.each(TRAINING)('$label: nothing beyond the result is written, a and b stay', (subject) => {
    const [m, n, k] = [13, 37, 19]
    const x = caseOf(m, n, k, (length, seed) => randomNormal(length, seed))
    const around = new Float32Array(m * n + 40).fill(7)
    const [a, b] = [x.a[0].slice(), x.b[0].slice()]
    operationsOf(subject, 2).product(around.subarray(20, 20 + m * n), a, b, x.shape)
    expectBits(around.subarray(0, 20), new Float32Array(20).fill(7), 1, 'before')
    expectBits(around.subarray(20 + m * n), new Float32Array(20).fill(7), 1, 'after')
    expect(around.subarray(20, 20 + m * n)).not.toContain(7)
    expectBits(a, x.a[0], k, 'a')
    expectBits(b, x.b[0], n, 'b')
  })

  test.each(TRAINING)('$label: a sum of no terms is 0, and adds nothing', (subject) => {
    const operations = operationsOf(subject, 2)
    const c = randomNormal(6, 1)
    const none = new Float32Array(0)
    operations.product(c, none, none, { m: 2, n: 3, k: 0, add: true })
    expectBits(c, randomNormal(6, 1), 3, 'added')
    operations.product(c, none, none, { m: 2, n: 3, k: 0 })
    expectBits(c, new Float32Array(6), 3, 'written')
    operations.product(none, none, randomNormal(6, 1), { m: 0, n: 3, k: 2 })
    operations.product(none, randomNormal(6, 1), none, { m: 3, n: 0, k: 2 })
  })
})
