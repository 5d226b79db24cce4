/**
 * Reinforcement learning on rollouts of the low-bit engine: what corrects the mismatch between the policy
 * that samples and the one that is trained (Zhou et al., arXiv 2605.13907, docs/papers/ais.md), and the loss
 * of group-relative policy optimisation (arXiv 2402.03300). Both are plain functions on arrays, for any
 * trainer.
 */
export {
  type AisDiagnostics,
  type AisMixingOptions,
  type AisOptions,
  aisDiagnostics,
  aisMixing,
  aisWeights,
  type RolloutMethod,
  type RolloutOptions,
  type RolloutWeights,
  rolloutWeights,
} from './ais.js'
export { type Mask, type SequenceOffsets, sequenceOffsets } from './batch.js'
export {
  type GrpoBatch,
  type GrpoOptions,
  type GrpoResult,
  groupAdvantages,
  grpoLoss,
} from './grpo.js'
