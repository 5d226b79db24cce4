import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createNativeTraining, type TrainingOperations } from '../../src/backend/index.js'
import { documentsOf, TRAINING } from '../helpers/training.js'

/** Mistakes of a caller end in an error: never in a crash, never in numbers. */

type Operations = TrainingOperations<Float32Array>
type Mistake = readonly [what: string, call: (o: Operations) => unknown, message: RegExp]

const floats = (length: number) => new Float32Array(length)
const numbers = (length: number) => new Float64Array(length)
const ids = (...values: number[]) => Int32Array.of(...values)
const AREA = { m: 3, n: 4, k: 5 }
const STEP = { step: 1, rate: 1, beta1: 0.9, beta2: 0.9, epsilon: 1e-8, decay: 0, gradientScale: 1 }
const HEADS = { heads: 4, kvHeads: 2, headSize: 6 }
/** What 2^30 heads of 2^30 take wraps around to 0 in 64 bits, for 16 rows. */
const VAST = { heads: 2 ** 30, kvHeads: 2 ** 30, headSize: 2 ** 30 }
const SHORT = /needs \d+ elements/

/** Documents of 3 and 2 rows; lengths of the arrays can be changed. */
function attend(o: Operations, change: { heads?: typeof HEADS; starts?: Int32Array; short?: string } = {}) {
  const { heads = HEADS, starts = documentsOf([3, 2]).starts, short } = change
  const rows = 5
  const length = (name: string) =>
    rows * 6 * (/^(q|out|dout|dq)$/.test(name) ? 4 : 2) - Number(name === short)
  const part = (name: string) => floats(length(name))
  const documents = { starts, positions: documentsOf([3, 2]).positions }
  const [q, k, v] = ['q', 'k', 'v'].map(part)
  if (/^d/.test(short ?? '')) {
    const [dout, dq, dk, dv] = ['dout', 'dq', 'dk', 'dv'].map(part)
    o.attentionBackward(documents, heads, { q, k, v, dout, dq, dk, dv })
  } else o.attention(documents, heads, q, k, v, part('out'))
}

function probabilities(o: Operations, targets: Int32Array, logits: number, results = targets.length) {
  o.logProbabilities(floats(logits), targets, 1, numbers(results), numbers(targets.length))
}

function probabilitiesBackward(
  o: Operations,
  targets: Int32Array,
  logits: number,
  gradient = targets.length,
) {
  o.logProbabilitiesBackward(floats(logits), targets, 1, numbers(gradient), numbers(targets.length))
}

const MISTAKES: readonly Mistake[] = [
  ['product: c too short', (o) => o.product(floats(11), floats(15), floats(20), AREA), SHORT],
  ['product: a too short', (o) => o.product(floats(12), floats(14), floats(20), AREA), SHORT],
  ['product: b too short', (o) => o.product(floats(12), floats(15), floats(19), AREA), SHORT],
  [
    'product: a too short, transposed',
    (o) => o.product(floats(12), floats(14), floats(20), { ...AREA, transposeA: true }),
    SHORT,
  ],
  [
    'product: b too short, transposed',
    (o) => o.product(floats(12), floats(15), floats(19), { ...AREA, transposeB: true }),
    SHORT,
  ],
  [
    'product: a negative size',
    (o) => o.product(floats(12), floats(15), floats(20), { ...AREA, m: -1 }),
    /negative/,
  ],
  ['product: float64', (o) => o.product(numbers(12) as never, floats(15), floats(20), AREA), SHORT],
  ['add: x too short', (o) => o.add(floats(4), floats(5)), SHORT],
  ['embed: out too short', (o) => o.embed(ids(1, 2), floats(12), 4, floats(7)), SHORT],
  ['embed: beyond the vocabulary', (o) => o.embed(ids(0, 3), floats(12), 4, floats(8)), /token id 3/],
  ['embed: a negative id', (o) => o.embed(ids(-1), floats(12), 4, floats(4)), /token id -1/],
  ['embed: other columns', (o) => o.embed(ids(1), floats(13), 4, floats(4)), /13.*4/],
  ['embed: no columns', (o) => o.embed(ids(1), floats(12), 0, floats(4)), /12.*0/],
  ['embed backward: dx too short', (o) => o.embedBackward(ids(1, 2), floats(7), 4, floats(12)), SHORT],
  ['embed backward: beyond', (o) => o.embedBackward(ids(3), floats(4), 4, floats(12)), /token id 3/],
  ['embed backward: other columns', (o) => o.embedBackward(ids(1), floats(4), 4, floats(13)), /13.*4/],
  ['rmsNorm: y too short', (o) => o.rmsNorm(floats(8), floats(4), 1e-5, floats(7)), SHORT],
  ['rmsNorm: half a row', (o) => o.rmsNorm(floats(10), floats(4), 1e-5, floats(10)), /10.*4/],
  ['rmsNorm: no gain', (o) => o.rmsNorm(floats(8), floats(0), 1e-5, floats(8)), /8.*0/],
  ...(['dy', 'dx', 'dgain'] as const).map((short): Mistake => {
    const length = (name: string, n: number) => floats(n - Number(name === short))
    return [
      `rmsNorm backward: ${short} too short`,
      (o) =>
        o.rmsNormBackward(length('dy', 8), floats(8), floats(4), 1e-5, length('dx', 8), length('dgain', 4)),
      SHORT,
    ]
  }),
  [
    'rmsNorm backward: half a row',
    (o) => o.rmsNormBackward(floats(10), floats(10), floats(4), 1e-5, floats(10), floats(4)),
    /10.*4/,
  ],
  ['rope: x too short', (o) => o.rope(floats(23), 2, 6, floats(18), ids(0, 1), false), SHORT],
  ['rope: beyond the table', (o) => o.rope(floats(24), 2, 6, floats(18), ids(0, 3), false), /position/],
  ['rope: before the table', (o) => o.rope(floats(24), 2, 6, floats(18), ids(-1, 0), true), /position/],
  ['rope: an odd head', (o) => o.rope(floats(10), 2, 5, floats(15), ids(0), false), /5.*pairs/],
  ['rope: another table', (o) => o.rope(floats(12), 2, 6, floats(17), ids(0), false), /17.*6/],
  ['rope: no heads', (o) => o.rope(floats(12), 0, 6, floats(18), ids(0), false), /heads/],
  [
    'rope: heads that overflow',
    (o) => o.rope(floats(12), 2 ** 30, 2 ** 16, floats(2 ** 16), new Int32Array(2 ** 18), false),
    /heads/,
  ],
  ...['q', 'k', 'v', 'out', 'dout', 'dq', 'dk', 'dv'].map(
    (short): Mistake => [`attention: ${short} too short`, (o) => attend(o, { short }), SHORT],
  ),
  ['attention: heads that do not divide', (o) => attend(o, { heads: { ...HEADS, kvHeads: 3 } }), /heads/],
  ['attention: more key heads', (o) => attend(o, { heads: { ...HEADS, kvHeads: 8 } }), /heads/],
  ['attention: no key heads', (o) => attend(o, { heads: { ...HEADS, kvHeads: 0 } }), /heads/],
  ['attention: heads of nothing', (o) => attend(o, { heads: { ...HEADS, headSize: 0 } }), /heads/],
  ['attention: heads that overflow', (o) => attend(o, { heads: VAST, starts: ids(0, 16) }), /heads/],
  [
    'attention: documents that overflow',
    (o) => attend(o, { heads: { heads: 2 ** 30, kvHeads: 2 ** 30, headSize: 1 }, starts: ids(0, 0, 0, 0) }),
    /documents/,
  ],
  ['attention: documents out of order', (o) => attend(o, { starts: ids(0, 4, 3, 5) }), /documents/],
  ['attention: documents from row 1', (o) => attend(o, { starts: ids(1, 5) }), /documents/],
  ['attention: documents from row -1', (o) => attend(o, { starts: ids(-1, 5) }), /documents/],
  ['attention: documents beyond the rows', (o) => attend(o, { starts: ids(0, 3, 6) }), SHORT],
  ['attention: no list of documents', (o) => attend(o, { starts: ids() }), /negative/],
  ['swiglu: up too short', (o) => o.swiglu(floats(5), floats(4), floats(5)), SHORT],
  ['swiglu: out too short', (o) => o.swiglu(floats(5), floats(5), floats(4)), SHORT],
  ...[0, 2, 3, 4].map((short): Mistake => {
    const at = (i: number) => floats(5 - Number(i === short))
    return [
      `swiglu backward: argument ${short} too short`,
      (o) => o.swigluBackward(at(0), at(1), at(2), at(3), at(4)),
      SHORT,
    ]
  }),
  ['log-probabilities: beyond the vocabulary', (o) => probabilities(o, ids(0, 5), 10), /token id 5/],
  ['log-probabilities: a negative id', (o) => probabilities(o, ids(0, -1), 10), /token id -1/],
  ['log-probabilities: logits of other rows', (o) => probabilities(o, ids(0, 1), 11), /11.*2/],
  ['log-probabilities: too few results', (o) => probabilities(o, ids(0, 1), 10, 1), SHORT],
  ['their gradient: beyond the vocabulary', (o) => probabilitiesBackward(o, ids(0, 5), 10), /token id 5/],
  ['their gradient: logits of other rows', (o) => probabilitiesBackward(o, ids(0, 1), 11), /11.*2/],
  ['their gradient: too few', (o) => probabilitiesBackward(o, ids(0, 1), 10, 1), SHORT],
  ...[1, 2, 3].map((short): Mistake => {
    const at = (i: number) => floats(5 - Number(i === short))
    return [`adamw: argument ${short} too short`, (o) => o.adamw(at(0), at(1), at(2), at(3), STEP), SHORT]
  }),
]

describe.each(TRAINING)('$label in training refuses', ({ create }) => {
  let operations: Operations
  beforeAll(() => {
    operations = create()
  })
  afterAll(() => operations.close())

  test.each(MISTAKES)('%s', (_, call, message) => {
    expect(() => call(operations)).toThrow(message)
  })

  test('nothing of what is right', () => {
    attend(operations)
    attend(operations, { short: 'd' })
    probabilities(operations, ids(0, 4), 10)
    probabilitiesBackward(operations, ids(0, 4), 10)
    operations.rope(floats(24), 2, 6, floats(18), ids(0, 2), false)
    operations.embed(ids(0, 2), floats(12), 4, floats(8))
  })

  test('work after it was closed', () => {
    const closed = create()
    closed.close()
    expect(() => closed.squares(floats(3))).toThrow(/freed/)
    expect(() => closed.product(floats(12), floats(15), floats(20), AREA)).toThrow(/freed/)
  })
})

test('variants and numbers of threads that do not exist are refused', () => {
  expect(() => createNativeTraining({ variant: 'avx1024' })).toThrow(/avx1024/)
  for (const threads of [0, -1, 1.5, Number.NaN])
    expect(() => createNativeTraining({ threads })).toThrow(/threads/)
})
