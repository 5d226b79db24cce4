import type { ModelShape } from './shape.js'

/** What is learned how fast. Everything here decides the result, together with the data and the shape. */
export interface Recipe {
  /** Predicted tokens of one update, at least. */
  readonly batchTokens: number
  /** Tokens of one pass through the network; the gradients of several are summed. */
  readonly passTokens: number
  /** Highest learning rate. */
  readonly rate: number
  /** What is left of it at the end, as a share. */
  readonly finalRate: number
  /** Updates over which the rate rises to its highest. */
  readonly warmup: number
  /** Updates in all. */
  readonly steps: number
  /** Weight decay of matrices; gains of norms have none. */
  readonly decay: number
  readonly beta1: number
  readonly beta2: number
  readonly epsilon: number
  /** Gradients longer than this are shortened to it. */
  readonly clip: number
  /** Of the first weights and the order of the data. */
  readonly seed: number
}

/** A shape, but for the vocabulary. */
export interface Preset {
  readonly description: string
  readonly shape: Omit<ModelShape, 'vocabulary'>
  /** Tokens of the vocabulary, where one is made. */
  readonly vocabulary: number
  readonly recipe: Partial<Recipe>
}

const COMMON = { epsilon: 1e-5, ropeBase: 10000, tied: true }

/** Sizes count parameters, with the vocabulary of the preset. Widths are multiples of 32, the group of Q4_0 and others. */
export const PRESETS = {
  nano: {
    description: '0.2 M parameters: for tests and first steps, minutes',
    shape: {
      ...COMMON,
      width: 64,
      layers: 3,
      heads: 4,
      kvHeads: 2,
      headSize: 16,
      feedForward: 192,
      context: 256,
    },
    vocabulary: 512,
    recipe: { batchTokens: 4096, rate: 4e-3, warmup: 50 },
  },
  tiny: {
    description: '1.2 M parameters: half an hour on two cores',
    shape: {
      ...COMMON,
      width: 128,
      layers: 5,
      heads: 4,
      kvHeads: 2,
      headSize: 32,
      feedForward: 352,
      context: 512,
    },
    vocabulary: 2048,
    recipe: { batchTokens: 8192, rate: 3e-3, warmup: 100 },
  },
  small: {
    description: '5.5 M parameters: the built-in model, hours on two cores',
    shape: {
      ...COMMON,
      width: 256,
      layers: 6,
      heads: 8,
      kvHeads: 4,
      headSize: 32,
      feedForward: 704,
      context: 512,
    },
    vocabulary: 4096,
    recipe: { batchTokens: 2048, passTokens: 3072, rate: 2e-3, warmup: 200, decay: 0.02 },
  },
  medium: {
    description: '27 M parameters: days on two cores',
    shape: {
      ...COMMON,
      width: 512,
      layers: 8,
      heads: 8,
      kvHeads: 4,
      headSize: 64,
      feedForward: 1376,
      context: 1024,
    },
    vocabulary: 8192,
    recipe: { batchTokens: 32768, rate: 1e-3, warmup: 200 },
  },
} as const satisfies Record<string, Preset>

export type PresetName = keyof typeof PRESETS

const DEFAULTS: Omit<Recipe, 'steps'> = {
  batchTokens: 8192,
  passTokens: 2048,
  rate: 1e-3,
  finalRate: 0.1,
  warmup: 100,
  decay: 0.1,
  beta1: 0.9,
  beta2: 0.95,
  epsilon: 1e-8,
  clip: 1,
  seed: 1,
}

/** @throws RangeError for a value that is out of its range */
export function completeRecipe(given: Partial<Recipe> & Pick<Recipe, 'steps'>): Recipe {
  const recipe: Recipe = { ...DEFAULTS, ...given }
  const check = (name: keyof Recipe, holds: (value: number) => boolean, what: string) => {
    if (!holds(recipe[name])) throw new RangeError(`${name} must be ${what}, not ${recipe[name]}`)
  }
  for (const name of ['batchTokens', 'passTokens', 'steps'] as const)
    check(name, (n) => Number.isSafeInteger(n) && n > 0, 'a positive whole number')
  for (const name of ['warmup', 'seed'] as const)
    check(name, (n) => Number.isSafeInteger(n) && n >= 0, 'a whole number')
  for (const name of ['rate', 'epsilon', 'clip'] as const)
    check(name, (x) => x > 0 && (x < Infinity || name === 'clip'), 'a positive number')
  for (const name of ['beta1', 'beta2'] as const)
    check(name, (x) => x >= 0 && x < 1, 'from 0 up to, but not, 1')
  check('finalRate', (x) => x >= 0 && x <= 1, 'from 0 to 1')
  check('decay', (x) => x >= 0 && x < Infinity, 'a number ≥ 0')
  return recipe
}

/**
 * The learning rate of an update: rises linearly over the warm-up, then falls like a cosine (Loshchilov and Hutter,
 * arXiv 1608.03983, eq. 5, one period).
 * @param step from 1
 */
export function learningRate(
  { rate, finalRate, warmup, steps }: Pick<Recipe, 'rate' | 'finalRate' | 'warmup' | 'steps'>,
  step: number,
): number {
  if (step <= warmup) return (rate * step) / warmup
  const done = Math.min(1, (step - warmup) / Math.max(1, steps - warmup))
  return rate * (finalRate + (1 - finalRate) * 0.5 * (1 + Math.cos(Math.PI * done)))
}
