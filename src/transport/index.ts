/**
 * Entropic optimal transport between weighted points on lines and tensor-product grids, any meshes and any ε, in time linear in the points
 * (FINOM, arXiv 2605.26659); docs/papers/finom.md has the proofs. Plain TypeScript that runs in browsers too.
 */
export { applyKernel1d } from './apply.js'
export { barycentricProjection } from './barycentric.js'
export { type DenseProblem, denseSinkhorn } from './dense.js'
export { exactW1 } from './exact.js'
export { type Extrapolation, wasserstein1ByExtrapolation } from './extrapolate.js'
export { type Potentials, planRows, type SparseRow, sparsePlanRows } from './plan.js'
export type { GridMeasures, Measures1d } from './problem.js'
export {
  type SinkhornOptions,
  type SinkhornProgress,
  type SinkhornResult,
  sinkhorn1d,
  sinkhornGrid,
} from './sinkhorn.js'
