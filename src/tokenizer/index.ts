/**
 * Tokenizers: text to token ids and back, exactly as the model was trained; and the training of a vocabulary.
 * Stands alone, in Node and browsers.
 */
export { type JsonOptions, tokenizerFromJson } from './json/load.js'
export { type LoadTokenizerOptions, loadTokenizer } from './load-tokenizer.js'
export { type TokenizerOptions, tokenizerFromGguf } from './tokenizer.js'
export {
  type TokenizerMetadataValue,
  type TrainBpeOptions,
  type TrainBpeProgress,
  type TrainedBpe,
  trainBpe,
} from './train-bpe.js'
export type {
  DecodeOptions,
  DecodeStream,
  DecodeStreamOptions,
  EncodeOptions,
  ParallelEncoding,
  ParallelOptions,
  Tokenizer,
  TokenOffsets,
} from './types.js'
