export { applyKernel1d } from './apply.js'
export { type DenseProblem, denseSinkhorn } from './dense.js'
export { exactW1 } from './exact.js'
export type { GridMeasures, Measures1d } from './problem.js'
export {
  type SinkhornOptions,
  type SinkhornProgress,
  type SinkhornResult,
  sinkhorn1d,
  sinkhornGrid,
} from './sinkhorn.js'
