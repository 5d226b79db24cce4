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
export type { GrpoRecipe } from './policy/grpo-recipe.js'
export {
  type Completion,
  type GrpoParts,
  type GrpoReport,
  GrpoTrainer,
  type Task,
} from './policy/grpo-trainer.js'
export { type LoadedNetwork, loadNetwork } from './policy/load.js'
export {
  ROLLOUT_TYPES,
  type Rollout,
  RolloutEngine,
  type RolloutEngineOptions,
  type RolloutType,
  type SampleOptions,
} from './policy/rollouts.js'
export {
  type Checkpoint,
  type CheckpointHeader,
  openCheckpoint,
  saveCheckpoint,
} from './trainer/checkpoint.js'
export { type Dataset, tokenizeDocuments } from './trainer/dataset.js'
export { readDocuments } from './trainer/documents.js'
export { EXPORT_TYPES, type ExportType, exportModel } from './trainer/export.js'
export { type Batch, Network, type Objective } from './trainer/network.js'
export { Optimizer } from './trainer/optimizer.js'
export {
  completeRecipe,
  learningRate,
  PRESETS,
  type Preset,
  type PresetName,
  type Recipe,
} from './trainer/presets.js'
export { checkShape, type ModelShape, type ParameterLayout, parameterLayout } from './trainer/shape.js'
export {
  type TrainOptions,
  type TrainProgress,
  type TrainResult,
  train,
  trainingOperations,
} from './trainer/train.js'
export { type StepReport, Trainer, type TrainerState } from './trainer/trainer.js'
