import { Iteration } from './iteration.js'
import { toCallers } from './mesh.js'
import { asGrid, checkEpsilon, checkProblem, type GridMeasures, type Measures1d } from './problem.js'

export interface SinkhornOptions {
  /** Regularisation ε, in units of distance. */
  readonly epsilon: number
  /** Marginal violation Σ_j |Σ_i P_ij − b_j| / Σ a at which it ends. Default 1e-6. */
  readonly tolerance?: number
  /** Of all values of ε together. Default 10000. */
  readonly maxIterations?: number
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: SinkhornProgress) => void
}

export interface SinkhornProgress {
  readonly iteration: number
  /** The current one, on the way down to the one that was asked for. */
  readonly epsilon: number
  readonly marginalError: number
}

export interface SinkhornResult {
  /** Σ P_ij |x_i − y_j|₁, without the entropy's part. */
  readonly cost: number
  /** Dual potentials, in the caller's order: P_ij = e^((f_i + g_j − |x_i − y_j|₁)/ε); −∞ where a weight is 0. */
  readonly f: Float64Array
  readonly g: Float64Array
  readonly iterations: number
  /** Σ_j |Σ_i P_ij − b_j| / Σ a; the other marginal is met. */
  readonly marginalError: number
  /** Whether that is within the tolerance. */
  readonly converged: boolean
  /** ε as it was asked for or, if that is below what numbers can tell apart, 2⁻⁴⁰ times the largest distance. */
  readonly epsilon: number
}

/** Below this part of the largest distance, rounding of the potentials would be more than a thousandth of ε. */
const RESOLUTION = 2 ** -40
/** ε shrinks by this factor when the marginal violation is below this. */
const SHRINKING = 1 / 4
const ROUGHLY = 1e-3
/** Milliseconds that an event loop may have to wait, but for an iteration. */
const PATIENCE = 50

/**
 * Entropic optimal transport on a line with cost |x − y|, by Sinkhorn's iteration with kernel products in O(N + M) (FINOM,
 * arXiv 2605.26659), for any ε and any meshes.
 *
 * @throws RangeError for measures and options out of range @throws the signal's reason if it is aborted
 */
export function sinkhorn1d(measures: Measures1d, options: SinkhornOptions): Promise<SinkhornResult> {
  return solve('sinkhorn1d', asGrid(measures), options)
}

/** The same between tensor-product grids with cost |x − y|₁, the sum over the axes; O(points) an iteration. */
export function sinkhornGrid(measures: GridMeasures, options: SinkhornOptions): Promise<SinkhornResult> {
  return solve('sinkhornGrid', measures, options)
}

async function solve(
  where: string,
  measures: GridMeasures,
  options: SinkhornOptions,
): Promise<SinkhornResult> {
  const { tolerance = 1e-6, maxIterations = 10_000, signal, onProgress } = options
  checkEpsilon(where, options.epsilon)
  if (!(tolerance > 0)) throw new RangeError(`${where}: tolerance must be above 0, not ${tolerance}`)
  if (!Number.isSafeInteger(maxIterations) || maxIterations < 1)
    throw new RangeError(`${where}: maxIterations must be a positive whole number, not ${maxIterations}`)
  signal?.throwIfAborted()
  const problem = checkProblem(where, measures)
  const last = Math.max(options.epsilon, RESOLUTION * problem.span)
  const state = new Iteration(problem, Math.max(last, problem.span))
  let rested = performance.now()
  for (let iteration = 1; ; iteration++) {
    signal?.throwIfAborted()
    let marginalError = state.step()
    const { epsilon } = state
    onProgress?.({ iteration, epsilon, marginalError })
    const converged = epsilon === last && marginalError <= tolerance
    if (converged || iteration === maxIterations) {
      if (epsilon > last) {
        state.shrinkTo(last)
        marginalError = state.step()
      }
      const { f, g, cost } = state.result()
      const potentials = { f: toCallers(f, problem.x), g: toCallers(g, problem.y) }
      return { cost, ...potentials, iterations: iteration, marginalError, converged, epsilon: last }
    }
    if (epsilon > last && marginalError <= Math.max(tolerance, ROUGHLY))
      state.shrinkTo(Math.max(last, epsilon * SHRINKING))
    else state.advance()
    if (performance.now() - rested > PATIENCE) {
      await new Promise((resolve) => setTimeout(resolve, 0))
      rested = performance.now()
    }
  }
}
