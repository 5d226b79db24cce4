import { checkEpsilon } from './problem.js'
import type { SinkhornResult } from './sinkhorn.js'

export interface DenseProblem {
  /** [N, M] cost of every pair, row-major; M is b's length. */
  readonly cost: ArrayLike<number>
  readonly a: ArrayLike<number>
  readonly b: ArrayLike<number>
}

/**
 * Sinkhorn's iteration for any costs, O(N · M) and all in logarithms: slow, and the oracle that the fast ones are tested against.
 * At a small ε it needs many iterations, as it begins with that ε.
 *
 * @throws RangeError for lengths that do not agree
 */
export function denseSinkhorn(
  { cost, a, b }: DenseProblem,
  {
    epsilon,
    tolerance = 1e-6,
    maxIterations = 10_000,
  }: { epsilon: number; tolerance?: number; maxIterations?: number },
): Omit<SinkhornResult, 'epsilon'> {
  checkEpsilon('denseSinkhorn', epsilon)
  const [n, m] = [a.length, b.length]
  if (cost.length !== n * m)
    throw new RangeError(`denseSinkhorn: cost has ${cost.length} numbers, but a and b need ${n} × ${m}`)
  const [logA, logB] = [a, b].map((weights) => Float64Array.from(weights, Math.log))
  const f = new Float64Array(n)
  const g = logB.map((logarithm) => epsilon * logarithm)
  const total = Array.from(a).reduce((sum, weight) => sum + weight, 0)
  const exponent = (i: number, j: number) => (f[i] + g[j] - cost[i * m + j]) / epsilon
  const column = new Float64Array(n)
  const row = new Float64Array(m)
  for (let iterations = 1; ; iterations++) {
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < m; j++) row[j] = (g[j] - cost[i * m + j]) / epsilon
      f[i] = epsilon * (logA[i] - logSumExp(row))
    }
    let marginalError = 0
    const sums = row.map((_, j) => {
      for (let i = 0; i < n; i++) column[i] = (f[i] - cost[i * m + j]) / epsilon
      return logSumExp(column)
    })
    for (let j = 0; j < m; j++) marginalError += Math.abs(Math.exp(g[j] / epsilon + sums[j]) - b[j]) / total
    const converged = marginalError <= tolerance
    if (converged || iterations === maxIterations) {
      let mean = 0
      for (let i = 0; i < n; i++)
        for (let j = 0; j < m; j++) mean += Math.exp(exponent(i, j)) * cost[i * m + j]
      return { cost: mean, f, g, iterations, marginalError, converged }
    }
    for (let j = 0; j < m; j++) g[j] = epsilon * (logB[j] - sums[j])
  }
}

function logSumExp(values: Float64Array): number {
  const largest = values.reduce((a, b) => Math.max(a, b), -Infinity)
  if (largest === -Infinity) return largest
  return largest + Math.log(values.reduce((sum, value) => sum + Math.exp(value - largest), 0))
}
