import { describe, expect, test } from 'vitest'
import { completeRecipe, learningRate, PRESETS, type Recipe } from '../../src/rl/trainer/presets.js'
import { parameterLayout } from '../../src/rl/trainer/shape.js'

const RECIPE = { rate: 3e-3, finalRate: 0.1, warmup: 40, steps: 1000 }

describe('learningRate', () => {
  test('rises linearly to its highest', () => {
    for (let step = 1; step <= 40; step++) {
      expect(learningRate(RECIPE, step)).toBeCloseTo((3e-3 * step) / 40, 15)
    }
    expect(learningRate(RECIPE, 40)).toBe(3e-3)
  })

  test('falls like a cosine to its share: halfway in the middle', () => {
    expect(learningRate(RECIPE, 520)).toBeCloseTo(3e-3 * 0.55, 15)
    expect(learningRate(RECIPE, 1000)).toBeCloseTo(3e-4, 15)
    for (let step = 41; step <= 1000; step++)
      expect(learningRate(RECIPE, step)).toBeLessThan(learningRate(RECIPE, step - 1))
  })

  test('never jumps: no step is larger than the steepest of line and cosine', () => {
    const steepest = RECIPE.rate * Math.max(1 / 40, (0.9 * Math.PI) / 2 / 960)
    for (let step = 2; step <= 1000; step++) {
      const change = Math.abs(learningRate(RECIPE, step) - learningRate(RECIPE, step - 1))
      expect(change).toBeLessThanOrEqual(steepest * (1 + 1e-12))
    }
  })

  test('stays at the end, and needs no warm-up', () => {
    expect(learningRate(RECIPE, 5000)).toBe(learningRate(RECIPE, 1000))
    const cold = { ...RECIPE, warmup: 0 }
    expect(learningRate(cold, 1)).toBeGreaterThan(0.99 * 3e-3)
    expect(learningRate(cold, 1000)).toBeCloseTo(3e-4, 15)
    expect(learningRate({ ...RECIPE, warmup: 1000 }, 1000)).toBe(3e-3)
    expect(learningRate({ ...RECIPE, steps: 1, warmup: 0 }, 1)).toBeCloseTo(3e-4, 15)
    // Shorter than its warm-up: it ends on the way up.
    expect(learningRate({ ...RECIPE, steps: 10 }, 10)).toBeCloseTo(7.5e-4, 15)
  })
})

describe('completeRecipe', () => {
  test('keeps what is given and fills in the rest', () => {
    const recipe = completeRecipe({ steps: 7, rate: 0.5, clip: Infinity, decay: 0, warmup: 0 })
    expect(recipe).toMatchObject({ steps: 7, rate: 0.5, clip: Infinity, decay: 0, warmup: 0 })
    expect(recipe).toMatchObject({ beta1: 0.9, beta2: 0.95, finalRate: 0.1 })
    expect(completeRecipe(recipe)).toEqual(recipe)
  })

  const wrong: readonly (readonly [keyof Recipe, readonly number[]])[] = [
    ['batchTokens', [0, -1, 1.5, Number.NaN, Infinity]],
    ['passTokens', [0, 2.5]],
    ['steps', [0, -3, 0.5, Number.NaN]],
    ['warmup', [-1, 0.5, Number.NaN]],
    ['seed', [-1, 0.5, 2 ** 53]],
    ['rate', [0, -1, Infinity, Number.NaN]],
    ['epsilon', [0, Infinity, Number.NaN]],
    ['clip', [0, -1, Number.NaN]],
    ['beta1', [1, -0.1, Number.NaN]],
    ['beta2', [1, 1.5, Number.NaN]],
    ['finalRate', [-0.1, 1.1, Number.NaN]],
    ['decay', [-0.1, Infinity, Number.NaN]],
  ]
  test.each(wrong)('%s out of its range is named', (name, values) => {
    for (const value of values) {
      const complete = () => completeRecipe({ steps: 10, [name]: value })
      expect(complete).toThrow(RangeError)
      expect(complete).toThrow(new RegExp(`^${name} must be .*, not ${value}$`))
    }
  })
})

describe.each(Object.entries(PRESETS))('%s', (_, { description, shape, vocabulary, recipe }) => {
  test('has the size that it says, in whole groups of 32 columns', () => {
    const { length, parameters } = parameterLayout({ ...shape, vocabulary })
    const [, number] = /^([\d.]+) M parameters/.exec(description) ?? []
    // As many digits as are written.
    const digits = number.split('.')[1]?.length ?? 0
    expect((length / 1e6).toFixed(digits)).toBe(number)
    for (const { cols, kind } of parameters) if (kind === 'matrix') expect(cols % 32).toBe(0)
  })

  test('makes a recipe whose passes hold a document', () => {
    const { passTokens, batchTokens } = completeRecipe({ ...recipe, steps: 100 })
    expect(passTokens).toBeGreaterThanOrEqual(shape.context)
    expect(batchTokens).toBeGreaterThanOrEqual(shape.context)
  })
})
