import { describe, expect, test } from 'vitest'
import type { AdamWStep } from '../../src/backend/index.js'
import { expectBits, expectWithin, UNIT } from '../helpers/contract.js'
import { randomNormal } from '../helpers/quants.js'
import { doubles, EXACT, TRAINING } from '../helpers/training.js'

const STEP: AdamWStep = {
  step: 1,
  rate: 4e-3,
  beta1: 0.9,
  beta2: 0.95,
  epsilon: 1e-8,
  decay: 0.1,
  gradientScale: 1,
}

/** AdamW's state in exact arithmetic, and how far float32 may be from it. */
interface Tracked {
  readonly values: { p: Float64Array; m: Float64Array; v: Float64Array }
  readonly errors: { p: Float64Array; m: Float64Array; v: Float64Array }
}

const trackedOf = (parameters: Float32Array): Tracked => {
  const empty = () => new Float64Array(parameters.length)
  return {
    values: { p: doubles(parameters), m: empty(), v: empty() },
    errors: { p: empty(), m: empty(), v: empty() },
  }
}

/**
 * One step of both, u = 2^-24. The constants are rounded to float32, 1 − β from the rounded β: relatively
 * u (β / (1 − β) + 1). Each term below is one operation's rounding or what it passes on.
 */
function track({ values, errors }: Tracked, gradients: Float32Array, o: AdamWStep): void {
  const rest = (beta: number) => (beta / (1 - beta) + 1) * UNIT
  const [c1, c2] = [1 / (1 - o.beta1 ** o.step), 1 / (1 - o.beta2 ** o.step)]
  const before = values.p.slice()
  const old = { m: values.m.slice(), v: values.v.slice() }
  EXACT.adamw(values.p, doubles(gradients), values.m, values.v, o)
  for (let i = 0; i < gradients.length; i++) {
    const g = Math.abs(gradients[i]) * o.gradientScale
    const [m, v] = [Math.abs(values.m[i]), values.v[i]]
    // g: its factor and the product with it. m: β m, two; the rest · g; their sum.
    const ofM =
      o.beta1 * (errors.m[i] + 2 * UNIT * Math.abs(old.m[i])) + (1 - o.beta1) * g * (rest(o.beta1) + 3 * UNIT)
    errors.m[i] = ofM + UNIT * (o.beta1 * Math.abs(old.m[i]) + (1 - o.beta1) * g)
    const ofV =
      o.beta2 * (errors.v[i] + 2 * UNIT * old.v[i]) + (1 - o.beta2) * g * g * (rest(o.beta2) + 6 * UNIT)
    errors.v[i] = ofV + UNIT * v
    // The root halves what v is off by; its correction, the product with it, and the root itself.
    const root = Math.sqrt(v * c2)
    const below = root + o.epsilon
    const ofBelow = (v > 0 ? root * (errors.v[i] / (2 * v) + 2 * UNIT) : 0) + UNIT * (o.epsilon + below)
    const quotient = (m * c1) / below
    const ofQuotient = (c1 * (errors.m[i] + 2 * UNIT * m)) / below + quotient * (ofBelow / below + UNIT)
    const decayed = o.decay * Math.abs(before[i])
    const ofChange = ofQuotient + o.decay * errors.p[i] + 2 * UNIT * decayed + UNIT * (quotient + decayed)
    const first = o.rate * (ofChange + 2 * UNIT * (quotient + decayed)) + UNIT * Math.abs(values.p[i])
    // Products of two errors are below a thousandth of one.
    errors.p[i] += 1.001 * first
    errors.m[i] *= 1.001
    errors.v[i] *= 1.001
  }
}

describe.each(TRAINING)('$label: AdamW', ({ create }) => {
  test.each([
    ['as the recipes have it', {}],
    ['with a short gradient', { gradientScale: 0.01 }],
    ['without decay', { decay: 0 }],
    ['with long memories', { beta1: 0.95, beta2: 0.999 }],
    ['without memories', { beta1: 0, beta2: 0 }],
    ['with a large epsilon', { epsilon: 0.1 }],
  ] as const)('%s, 12 steps near the exact ones', (_, change) => {
    const operations = create()
    for (const length of [1, 15, 16, 17, 100]) {
      const parameters = randomNormal(length, 700 + length)
      const tracked = trackedOf(parameters)
      const [means, variances] = [new Float32Array(length), new Float32Array(length)]
      const begin = parameters.slice()
      for (let step = 1; step <= 12; step++) {
        // Of many sizes; some are always 0.
        const gradients = randomNormal(length, 710 + step).map((g, i) =>
          i % 7 === 3 ? 0 : g * 10 ** ((i % 9) - 6),
        )
        const options = { ...STEP, ...change, step }
        operations.adamw(parameters, gradients, means, variances, options)
        track(tracked, gradients, options)
        const { values, errors } = tracked
        const where = `step ${step} of ${length}`
        expectWithin(means, values.m, (i) => errors.m[i], `means, ${where}`)
        expectWithin(variances, values.v, (i) => errors.v[i], `variances, ${where}`)
        expectWithin(parameters, values.p, (i) => errors.p[i], `parameters, ${where}`)
      }
      // What a wrong constant would move is more than a bound.
      parameters.forEach((p, i) => {
        if (i % 7 !== 3) expect(Math.abs(p - begin[i]) / tracked.errors.p[i], `${i}`).toBeGreaterThan(16)
      })
    }
    operations.close()
  })

  test('without gradient, means and decay nothing moves; with decay it shrinks', () => {
    const operations = create()
    const [parameters, none] = [randomNormal(37, 720), new Float32Array(37)]
    const still = parameters.slice()
    const state = { means: none.slice(), variances: none.slice() }
    operations.adamw(still, none, state.means, state.variances, { ...STEP, decay: 0 })
    expectBits(still, parameters, 1, 'parameters')
    expectBits(state.means, none, 1, 'means')
    expectBits(state.variances, none, 1, 'variances')
    operations.adamw(still, none, state.means, state.variances, STEP)
    // rate · decay · p, with both constants and both products rounded, and the difference.
    const expected = doubles(parameters).map((p) => p * (1 - STEP.rate * STEP.decay))
    const bound = (i: number) => UNIT * (4.001 * STEP.rate * STEP.decay + 1) * Math.abs(parameters[i])
    expectWithin(still, expected, bound, 'decayed')
    operations.close()
  })
})
