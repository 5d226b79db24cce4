import type { RolloutMethod } from '../ais.js'

/** How a policy learns from rewards. Everything here decides the result. */
export interface GrpoRecipe {
  /** Tasks of one round. */
  readonly tasks: number
  /** Completions of each task, which are compared with one another. */
  readonly group: number
  /** Tokens of a completion at most. */
  readonly maxTokens: number
  readonly temperature: number
  /** Sampling only: the trainer's probabilities are those of the whole vocabulary. */
  readonly topP: number
  /** Updates with the completions of one round. */
  readonly updates: number
  readonly rate: number
  /** Rounds over which the rate rises to it. */
  readonly warmup: number
  readonly decay: number
  readonly beta1: number
  readonly beta2: number
  readonly epsilon: number
  /** Longest gradient. */
  readonly clipNorm: number
  readonly clip: number
  readonly clipHigh: number
  /** What the divergence from the policy at the beginning costs. */
  readonly kl: number
  /** What is done about the mismatch between the policy that samples and the one that is trained. */
  readonly correction: RolloutMethod
  readonly level: 'token' | 'sequence'
  readonly truncation: number
  readonly kappa0: number
  readonly c0: number
  readonly seed: number
}

const DEFAULTS: GrpoRecipe = {
  tasks: 16,
  group: 8,
  maxTokens: 32,
  temperature: 1,
  topP: 1,
  updates: 1,
  rate: 1e-4,
  warmup: 0,
  decay: 0,
  beta1: 0.9,
  beta2: 0.99,
  epsilon: 1e-8,
  clipNorm: 1,
  clip: 0.2,
  clipHigh: 0.28,
  kl: 0,
  correction: 'ais',
  level: 'token',
  truncation: 2,
  kappa0: 0.01,
  c0: 1,
  seed: 1,
}

/** @throws RangeError for a value that is out of its range */
export function completeGrpoRecipe(given: Partial<GrpoRecipe> = {}): GrpoRecipe {
  const recipe: GrpoRecipe = { ...DEFAULTS, ...given }
  for (const name of ['tasks', 'group', 'maxTokens', 'updates'] as const) {
    if (!Number.isSafeInteger(recipe[name]) || recipe[name] < 1)
      throw new RangeError(`${name} must be a positive whole number, not ${recipe[name]}`)
  }
  if (recipe.group < 2) throw new RangeError('a group needs two completions to compare, not 1')
  if (!(recipe.temperature > 0 && recipe.temperature < Infinity))
    throw new RangeError(
      `temperature must be above 0, not ${recipe.temperature}: greedy rollouts are all the same`,
    )
  if (!(recipe.rate > 0 && recipe.rate < Infinity))
    throw new RangeError(`rate must be a positive number, not ${recipe.rate}`)
  return recipe
}
