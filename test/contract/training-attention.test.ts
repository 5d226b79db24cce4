import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Heads, TrainingOperations } from '../../src/backend/index.js'
import { expectBits, expectVaried, expectWithin } from '../helpers/contract.js'
import { randomNormal } from '../helpers/quants.js'
import { documentsOf, doubles, EXACT, TRAINING } from '../helpers/training.js'
import { type AttentionBounds, attentionBounds } from '../helpers/training-attention.js'

/** Around a vector and the block of 48 queries; one document without rows. */
const LENGTHS = [17, 1, 100, 0, 2, 48, 49]
const SHAPES: readonly Heads[] = [
  { heads: 3, kvHeads: 3, headSize: 6 },
  { heads: 4, kvHeads: 2, headSize: 16 },
  { heads: 4, kvHeads: 1, headSize: 32 },
  { heads: 2, kvHeads: 2, headSize: 34 },
  { heads: 4, kvHeads: 2, headSize: 64 },
]
const RESULTS = ['out', 'dq', 'dk', 'dv'] as const

interface Inputs {
  readonly q: Float32Array
  readonly k: Float32Array
  readonly v: Float32Array
  readonly dout: Float32Array
}

function inputsOf(rows: number, { heads, kvHeads, headSize }: Heads, seed: number): Inputs {
  const [queries, keys] = [rows * heads * headSize, rows * kvHeads * headSize]
  return {
    q: randomNormal(queries, seed, 2),
    k: randomNormal(keys, seed + 1),
    v: randomNormal(keys, seed + 2),
    dout: randomNormal(queries, seed + 3),
  }
}

type Results<A> = Record<(typeof RESULTS)[number], A>

function attend(
  operations: TrainingOperations<Float32Array>,
  lengths: readonly number[],
  heads: Heads,
  inputs: Inputs,
): Results<Float32Array> {
  const documents = documentsOf(lengths)
  const { q, k, v, dout } = inputs
  // What is written is not read before.
  const empty = (like: Float32Array) => new Float32Array(like.length).fill(Number.NaN)
  const [out, dq, dk, dv] = [empty(q), empty(q), empty(k), empty(v)]
  operations.attention(documents, heads, q, k, v, out)
  operations.attentionBackward(documents, heads, { q, k, v, dout, dq, dk, dv })
  return { out, dq, dk, dv }
}

interface Expectation {
  readonly inputs: Inputs
  readonly values: Results<Float64Array>
  readonly bounds: AttentionBounds
}

const expectations = new Map<Heads, Expectation>()
function expectationOf(heads: Heads): Expectation {
  const known = expectations.get(heads)
  if (known) return known
  const documents = documentsOf(LENGTHS)
  const inputs = inputsOf(documents.rows, heads, 900 + heads.headSize)
  const [q, k, v, dout] = [inputs.q, inputs.k, inputs.v, inputs.dout].map(doubles)
  const empty = (like: Float64Array) => new Float64Array(like.length)
  const values = { out: empty(q), dq: empty(q), dk: empty(k), dv: empty(v) }
  EXACT.attention(documents, heads, q, k, v, values.out)
  EXACT.attentionBackward(documents, heads, { q, k, v, dout, ...values })
  const expectation = { inputs, values, bounds: attentionBounds(documents, heads, inputs) }
  expectations.set(heads, expectation)
  return expectation
}

/** Rows begin … end − 1 of what has `width` columns. */
const rowsOf = (x: Float32Array, width: number, begin: number, end: number) =>
  x.subarray(begin * width, end * width)

const widthOf = (name: keyof Results<unknown>, { heads, kvHeads, headSize }: Heads) =>
  (name === 'out' || name === 'dq' ? heads : kvHeads) * headSize

describe.each(TRAINING)('$label attends in training', ({ create }) => {
  let operations: TrainingOperations<Float32Array>
  beforeAll(() => {
    operations = create()
  })
  afterAll(() => operations.close())

  test.each(SHAPES)('$heads heads of $headSize on $kvHeads', (heads) => {
    const { inputs, values, bounds } = expectationOf(heads)
    const before = structuredClone(inputs)
    const actual = attend(operations, LENGTHS, heads, inputs)
    for (const name of RESULTS) {
      expectVaried(actual[name], name)
      expectWithin(actual[name], values[name], (i) => bounds[name][i], name)
      // Bounds as large as the values would allow anything.
      expect(size(bounds[name]) / size(values[name]), name).toBeLessThan(2 ** -8)
    }
    expect(inputs, 'what is read stays').toEqual(before)
  })

  test('a document does not see another, nor where it lies in the batch', () => {
    for (const heads of SHAPES) {
      const { inputs } = expectationOf(heads)
      const together = attend(operations, LENGTHS, heads, inputs)
      const { starts } = documentsOf(LENGTHS)
      LENGTHS.forEach((length, document) => {
        const part = (x: Float32Array, width: number) =>
          rowsOf(x, width, starts[document], starts[document + 1])
        const [queries, keys] = [widthOf('out', heads), widthOf('dk', heads)]
        const { q, k, v, dout } = inputs
        const own = { q: part(q, queries), k: part(k, keys), v: part(v, keys), dout: part(dout, queries) }
        const alone = attend(operations, [length], heads, own)
        for (const name of RESULTS) {
          const width = widthOf(name, heads)
          const where = `${name} of document ${document}, heads of ${heads.headSize}`
          expectBits(alone[name], part(together[name], width), width, where)
        }
      })
    }
  })

  test('a token does not see later ones', () => {
    for (const heads of SHAPES) {
      const length = 100
      for (const from of [1, 47, 48, 63, 99]) {
        const inputs = inputsOf(length, heads, 950)
        const first = attend(operations, [length], heads, inputs)
        for (const [name, x] of Object.entries(inputs) as [keyof Inputs, Float32Array][]) {
          const width = name === 'q' || name === 'dout' ? widthOf('out', heads) : widthOf('dk', heads)
          rowsOf(x, width, from, length).set(randomNormal((length - from) * width, 960, 3))
        }
        const second = attend(operations, [length], heads, inputs)
        for (const name of ['out', 'dq'] as const) {
          const width = widthOf(name, heads)
          const where = `${name} before ${from}, heads of ${heads.headSize}`
          expectBits(rowsOf(second[name], width, 0, from), rowsOf(first[name], width, 0, from), width, where)
          expect(rowsOf(second[name], width, from, length), where).not.toEqual(
            rowsOf(first[name], width, from, length),
          )
        }
      }
    }
  })

  test('keys that no query of a gradient sees have none', () => {
    const heads = SHAPES[1]
    const [length, last] = [60, 51]
    const inputs = inputsOf(length, heads, 970)
    rowsOf(inputs.dout, widthOf('out', heads), last, length).fill(0)
    const { dk, dv } = attend(operations, [length], heads, inputs)
    const width = widthOf('dk', heads)
    for (const gradient of [dk, dv]) {
      expect(rowsOf(gradient, width, last, length).every((x) => x === 0)).toBe(true)
      expect(rowsOf(gradient, width, 0, last).every((x) => x !== 0)).toBe(true)
    }
  })

  test('large scores do not overflow: the largest takes all', () => {
    const heads = { heads: 1, kvHeads: 1, headSize: 16 }
    const length = 60
    const inputs = inputsOf(length, heads, 980)
    // Scores of ±1e6/4, the largest at row 20.
    inputs.q.fill(0)
    inputs.k.fill(0)
    for (let row = 0; row < length; row++) {
      inputs.q[row * 16] = 1000
      inputs.k[row * 16] = row === 20 ? 1000 : row % 2 ? -1000 : -900
    }
    const { out, dq, dk, dv } = attend(operations, [length], heads, inputs)
    const value = rowsOf(inputs.v, 16, 20, 21)
    for (let row = 20; row < length; row++) expectBits(rowsOf(out, 16, row, row + 1), value, 16, `row ${row}`)
    for (const x of [dq, dk, dv]) expect(x.every(Number.isFinite)).toBe(true)
  })
})

function size(x: ArrayLike<number>): number {
  let squares = 0
  for (let i = 0; i < x.length; i++) squares += x[i] ** 2
  return Math.sqrt(squares)
}
