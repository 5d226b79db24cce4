/**
 * Closed-form times and traffic of products with codes: Multi-Scale Dequant beside pipelines that dequantise (Zheng et
 * al., arXiv 2605.13915; ../../docs/papers/cost.md). Pure arithmetic: nothing here measures.
 */
export { type AttentionShape, attentionCost, visiblePairs } from './attention.js'
export { attentionBreakEven, type BreakEven, breakEven, type TokenRange } from './break-even.js'
export {
  checkRates,
  type Device,
  type DeviceRates,
  RATE_NAMES,
  type RateName,
  type Source,
} from './device.js'
export { DEVICES } from './devices.js'
export { floatGemmCost, type GemmShape, gemmCost } from './gemm.js'
export { type KernelRates, type KernelWork, kernelCost, type RegisterUnpacking } from './kernel.js'
export {
  type ModelCost,
  type ModelMatrix,
  type ModelPart,
  type ModelShape,
  modelCost,
  type Pass,
} from './model.js'
export type { CostOptions } from './options.js'
export {
  type Comparison,
  type Phase,
  type PipelineCost,
  type PipelineName,
  pipelineCost,
  RESOURCES,
  type Resource,
  totalComparison,
} from './pipeline.js'
