import type { Measures1d } from './problem.js'
import { type SinkhornOptions, sinkhorn1d } from './sinkhorn.js'

export interface Extrapolation {
  /** Wasserstein-1, not divided by the total mass. */
  readonly value: number
  readonly epsilons: readonly number[]
  /** Cost of the entropic plan at each. */
  readonly costs: readonly number[]
  /** Whether Sinkhorn's iteration converged at each. */
  readonly converged: boolean
}

/**
 * Wasserstein-1 from the costs of the entropic plans at ε, ε/2 and ε/4, by Aitken's extrapolation: it removes an error C ε^p for any p, and
 * which p there is depends on the measures (docs/papers/finom.md, "As ε goes to 0"). `exactW1` is exact and faster; this is for checking.
 *
 * @throws RangeError for measures and options out of range @throws the signal's reason if it is aborted
 */
export async function wasserstein1ByExtrapolation(
  measures: Measures1d,
  options: SinkhornOptions,
): Promise<Extrapolation> {
  const epsilons = [1, 1 / 2, 1 / 4].map((part) => part * options.epsilon)
  const results = []
  for (const epsilon of epsilons) results.push(await sinkhorn1d(measures, { ...options, epsilon }))
  const [first, second, third] = results.map(({ cost }) => cost)
  const [step, nextStep] = [second - first, third - second]
  // Steps that do not become smaller are those of rounding and of the tolerance, or ε is too large for any rate.
  const isRegular = Math.abs(nextStep) < Math.abs(step)
  const value = isRegular ? third - nextStep ** 2 / (nextStep - step) : third
  return {
    value,
    epsilons,
    costs: [first, second, third],
    converged: results.every(({ converged }) => converged),
  }
}
