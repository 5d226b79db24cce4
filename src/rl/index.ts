/**
 * Reinforcement learning on rollouts of the low-bit engine: what corrects the mismatch between the policy that
 * samples and the one that is trained (Zhou et al., arXiv 2605.13907, docs/papers/ais.md). Plain functions on arrays,
 * for any trainer.
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
