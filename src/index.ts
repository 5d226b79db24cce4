/** Low-bit language models, multiplied as they are stored. */
export type { BackendName, CacheType } from './backend/index.js'
export { builtInModel } from './engine/built-in.js'
export type { TokenLogProbability } from './engine/logits.js'
export { Generation, loadModel, Model } from './engine/model.js'
export type { SamplerOptions } from './engine/sampler.js'
export {
  ContextLimitError,
  type GenerateOptions,
  type GenerationChunk,
  type GenerationResult,
  type GenerationStats,
  type LoadOptions,
  type LoadProgress,
  type ModelInfo,
  type TokenAlternatives,
} from './engine/types.js'
export { FormatError } from './format/index.js'
