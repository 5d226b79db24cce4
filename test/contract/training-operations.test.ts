import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ReferenceTraining, type TrainingOperations } from '../../src/backend/index.js'
import { ropeFrequencies, ropeTable } from '../../src/engine/rope.js'
import { expectBits, expectVaried, expectWithin, roundings, UNIT } from '../helpers/contract.js'
import { randomNormal, seededRandom } from '../helpers/quants.js'
import { doubles, EXACT, laneSum, TRAINING, uniform } from '../helpers/training.js'

/** Lengths at and around the lanes of a vector, and 64, the columns of a task. */
const LENGTHS = [1, 2, 15, 16, 17, 31, 33, 64, 100, 129]
/** Elements of a task. */
const PART = 16_384
/** float32 where the order of roundings is that of the formula. */
const ROUNDED = new ReferenceTraining<Float32Array>(Float32Array)

describe.each(TRAINING)('$label in training', ({ create }) => {
  let operations: TrainingOperations<Float32Array>
  beforeAll(() => {
    operations = create()
  })
  afterAll(() => operations.close())

  test.each(LENGTHS)('rmsNorm and its gradient, 7 rows of %i', (cols) => {
    const rows = 7
    const epsilon = 1e-5
    const x = randomNormal(rows * cols, 100 + cols).map((v, i) => (i % 41 === 7 ? 30 * v : v))
    x.fill(0, cols, 2 * cols)
    const gain = randomNormal(cols, 101 + cols)
    const dy = randomNormal(rows * cols, 102 + cols)
    const [dx, dgain] = [randomNormal(rows * cols, 103 + cols), randomNormal(cols, 104 + cols)]

    // Under the root: squares, their sum, the mean, epsilon and the sum with it: half is left. Root and quotient.
    const ofRoot = (laneSum(cols) + 4) / 2 + 2
    const y = new Float32Array(x.length)
    const exactY = new Float64Array(x.length)
    operations.rmsNorm(x, gain, epsilon, y)
    EXACT.rmsNorm(doubles(x), doubles(gain), Math.fround(epsilon), exactY)
    expectWithin(y, exactY, (i) => roundings(ofRoot + 2) * Math.abs(exactY[i]), 'y')

    const [exactDx, exactDgain] = [doubles(dx), doubles(dgain)]
    EXACT.rmsNormBackward(doubles(dy), doubles(x), doubles(gain), Math.fround(epsilon), exactDx, exactDgain)
    const magnitude = { dx: new Float64Array(x.length), dgain: doubles(dgain.map(Math.abs)) }
    for (let row = 0; row < rows; row++) {
      const at = row * cols
      let [squares, products] = [0, 0]
      for (let j = at; j < at + cols; j++) {
        squares += x[j] ** 2
        products += Math.abs(dy[j] * gain[j - at] * x[j])
      }
      const r = 1 / Math.sqrt(squares / cols + epsilon)
      for (let j = at; j < at + cols; j++) {
        // dy · gain · r: its products and the root. x · pull: two products a term and their sum, r three times, three
        // products with it, the quotient, the product with x. Both: their difference, and what it is added to.
        const direct = (2 + ofRoot + 2) * Math.abs(dy[j] * gain[j - at] * r)
        const pulled =
          (2 + laneSum(cols) + 3 * ofRoot + 5 + 2) * ((Math.abs(x[j]) * products * r ** 3) / cols)
        magnitude.dx[j] = direct + pulled + Math.abs(dx[j])
        magnitude.dgain[j - at] += Math.abs(dy[j] * x[j] * r)
      }
    }
    operations.rmsNormBackward(dy, x, gain, epsilon, dx, dgain)
    // To first order; second order is less than one part in a thousand of it.
    expectWithin(dx, exactDx, (i) => 1.001 * UNIT * magnitude.dx[i], 'dx')
    expectWithin(dgain, exactDgain, (i) => roundings(rows + 1 + 2 + ofRoot) * magnitude.dgain[i], 'dgain')
    if (cols > 8) expectVaried(dx, 'dx')
  })

  test.each([
    [1, 2],
    [3, 6],
    [4, 16],
    [2, 34],
    [2, 64],
  ])('rope of %i heads of %i, forward and back', (heads, headSize) => {
    const positions = Int32Array.of(0, 1, 2, 0, 29, 5, 28)
    const table = Float32Array.from(ropeTable(ropeFrequencies(headSize, 100, { type: 'none' }), 30))
    const x = randomNormal(positions.length * heads * headSize, 200 + headSize)
    const magnitude = (i: number) => Math.abs(x[i]) + Math.abs(x[i ^ 1])
    for (const inverse of [false, true]) {
      const [turned, exact] = [x.slice(), doubles(x)]
      operations.rope(turned, heads, headSize, table, positions, inverse)
      EXACT.rope(exact, heads, headSize, doubles(table), positions, inverse)
      expect(turned).not.toEqual(x)
      // Two products and a sum, of cosines and sines that are at most 1.
      expectWithin(turned, exact, (i) => roundings(2) * magnitude(i), inverse ? 'inverse' : 'forward')
      // Back: the two roundings above pass through both terms (4), there are two more of what is at most √2 as large (3), and
      // cos² + sin² of a rounded table is off by two.
      operations.rope(turned, heads, headSize, table, positions, !inverse)
      expectWithin(turned, x, (i) => roundings(9) * magnitude(i), 'and back')
    }
  })

  test.each([...LENGTHS, PART + 5])('swiglu and its gradient, %i', (length) => {
    const special = [-100, -90, -88.5, -87.5, -50, -1.2784645, -1e-30, -0, 0, 1e-30, 16, 50, 88.5, 100]
    const gate = randomNormal(length, 300 + length, 4).map((v, i) =>
      i % 3 === 0 ? special[(i / 3) % special.length] : v,
    )
    const [up, dout] = [randomNormal(length, 301), randomNormal(length, 302)]
    const exact = { out: doubles(gate), dgate: doubles(gate), dup: doubles(gate) }
    EXACT.swiglu(doubles(gate), doubles(up), exact.out)
    EXACT.swigluBackward(doubles(dout), doubles(gate), doubles(up), exact.dgate, exact.dup)
    const [out, dgate, dup] = [gate.slice(), gate.slice(), gate.slice()]
    operations.swiglu(gate, up, out)
    operations.swigluBackward(dout, gate, up, dgate, dup)
    // e^-gate within 5 roundings (elementwise.test.ts), sum, quotient: 7 of the sigmoid. Gates below −87 may lose theirs.
    const lost = (i: number) =>
      gate[i] < -87 ? 102 * Math.exp(-87) * (Math.abs(dout[i]) + 1) * (Math.abs(up[i]) + 1) : 2 ** -149
    expectWithin(out, exact.out, (i) => roundings(9) * Math.abs(exact.out[i]) + lost(i), 'out')
    expectWithin(dup, exact.dup, (i) => roundings(9) * Math.abs(exact.dup[i]) + lost(i), 'dup')
    // dout · up · sigmoid · (1 + gate (1 − sigmoid)): the difference is off by 8, each of the next two operations by one.
    const bound = (i: number) => {
      const sigmoid = 1 / (1 + Math.exp(-gate[i]))
      const ofSum = roundings(8) * Math.abs(gate[i]) + roundings(2) * (1 + Math.abs(gate[i]))
      const common = Math.abs(dout[i] * up[i]) * sigmoid
      return common * ofSum + roundings(10) * (Math.abs(exact.dgate[i]) + common * ofSum) + lost(i)
    }
    expectWithin(dgate, exact.dgate, bound, 'dgate')
    for (const [to, and] of [
      ['gate', 'up'],
      ['up', 'gate'],
      ['dout', 'up'],
      ['gate', 'dout'],
    ] as const) {
      const given = { dout: dout.slice(), gate: gate.slice(), up: up.slice() }
      operations.swigluBackward(given.dout, given.gate, given.up, given[to], given[and])
      expectBits(given[to], dgate, length, `dgate in place of ${to}`)
      expectBits(given[and], dup, length, `dup in place of ${and}`)
    }
  })

  test.each(LENGTHS)('embed and its gradient, rows of %i', (cols) => {
    const ids = Int32Array.of(3, 0, 3, 3, 36, 1, 0)
    const table = randomNormal(37 * cols, 400)
    const [out, expected] = [new Float32Array(7 * cols), new Float32Array(7 * cols)]
    operations.embed(ids, table, cols, out)
    ROUNDED.embed(ids, table, cols, expected)
    expectVaried(out.subarray(0, 2 * cols), 'rows')
    expectBits(out, expected, cols, 'rows')
    // Repeated ids are added one after the other, on top of what is there.
    const dx = randomNormal(7 * cols, 401)
    const [dtable, sums] = [table.slice(), table.slice()]
    operations.embedBackward(ids, dx, cols, dtable)
    ROUNDED.embedBackward(ids, dx, cols, sums)
    expectBits(dtable, sums, cols, 'sums')
    expect([...dtable].filter((v, i) => v !== table[i]).length).toBeGreaterThan(0)
  })

  test.each([...LENGTHS, 2 * PART + 7])('add and squares of %i', (length) => {
    const [x, y] = [randomNormal(length, 500), randomNormal(length, 501, 1e-3)]
    const sum = x.slice()
    operations.add(sum, y)
    expectBits(
      sum,
      x.map((v, i) => v + y[i]),
      length,
      'x + y',
    )
    const exact = EXACT.squares(doubles(x))
    expectWithin([operations.squares(x)], [exact], () => roundings(1 + laneSum(PART)) * exact, 'Σ x²')
  })

  test('logits of every kind have log-probabilities and gradients', () => {
    const kinds: Readonly<Record<string, (length: number) => Float32Array>> = {
      'around 0': (length) => randomNormal(length, 600, 3),
      'around 80': (length) => randomNormal(length, 601, 3).map((v) => v + 80),
      'around -80': (length) => randomNormal(length, 602, 3).map((v) => v - 80),
      'from -100 to 100': (length) => uniform(length, 603, -100, 100),
      equal: (length) => new Float32Array(length).fill(80),
    }
    const random = seededRandom(604)
    for (const [kind, logitsOf] of Object.entries(kinds))
      for (const temperature of [0.5, 1, 2])
        for (const vocabulary of [1, 2, 16, 33, 4097, 5000]) {
          const where = `${kind}, ${vocabulary} tokens, temperature ${temperature}`
          const targets = Int32Array.from({ length: 5 }, () => Math.floor(random() * vocabulary))
          const gradient = Float64Array.from({ length: 5 }, () => 2 * random() - 1)
          checkRows(operations, { logits: logitsOf(5 * vocabulary), targets, temperature, gradient }, where)
        }
  })
})

/** Values, gradients, and that each row's gradients cancel. */
function checkRows(
  operations: TrainingOperations<Float32Array>,
  given: { logits: Float32Array; targets: Int32Array; temperature: number; gradient: Float64Array },
  where: string,
): void {
  const { logits, targets, temperature, gradient } = given
  const rows = targets.length
  const vocabulary = logits.length / rows
  const [actual, exact] = [logits.slice(), doubles(logits)]
  const values = { actual: new Float64Array(rows), exact: new Float64Array(rows) }
  const inverse = { actual: new Float64Array(rows), exact: new Float64Array(rows) }
  operations.logProbabilities(actual, targets, temperature, values.actual, inverse.actual)
  EXACT.logProbabilities(exact, targets, temperature, values.exact, inverse.exact)
  const bounds = { value: new Float64Array(rows), gradient: new Float64Array(logits.length) }
  for (let row = 0; row < rows; row++) {
    const at = row * vocabulary
    const most = logits.subarray(at, at + vocabulary).reduce((a, b) => Math.max(a, b))
    // e^z within 5 roundings, z by three: the difference, 1 / temperature, the product. Below −87 it is lost.
    const ofShare = (i: number) => roundings(5 + (3 * (most - logits[i])) / temperature)
    let ofSum = roundings(laneSum(Math.min(vocabulary, 4096)))
    for (let i = at; i < at + vocabulary; i++) ofSum += ofShare(i) * exact[i] * inverse.exact[row] + 2 ** -126
    bounds.value[row] = ofSum + 2 ** -50 * (1 + Math.abs(values.exact[row]))
    for (let i = at; i < at + vocabulary; i++) {
      const factor = Math.abs(gradient[row]) / temperature
      const p = exact[i] * inverse.exact[row]
      const ofP = (ofShare(i) + ofSum + roundings(2)) * p + 2 ** -126
      bounds.gradient[i] = factor * (1.001 * ofP + (i - at === targets[row] ? UNIT : 0)) + 2 ** -149
    }
  }
  expectWithin(values.actual, values.exact, (i) => bounds.value[i], `log-probabilities, ${where}`)
  operations.logProbabilitiesBackward(actual, targets, temperature, gradient, inverse.actual)
  EXACT.logProbabilitiesBackward(exact, targets, temperature, gradient, inverse.exact)
  expectWithin(actual, exact, (i) => bounds.gradient[i], `gradients, ${where}`)
  for (let row = 0; row < rows; row++) {
    const sum = (x: ArrayLike<number>) =>
      Array.from(x)
        .slice(row * vocabulary, (row + 1) * vocabulary)
        .reduce((a, b) => a + b, 0)
    expect(Math.abs(sum(actual)), `row ${row}, ${where}`).toBeLessThanOrEqual(sum(bounds.gradient))
  }
}
