/**
 * Tokenizers: text to token ids and back, exactly as the model was trained. Stands alone, in Node and
 * browsers.
 */
export { type TokenizerOptions, tokenizerFromGguf } from './tokenizer.js'
export type { DecodeOptions, DecodeStream, DecodeStreamOptions, EncodeOptions, Tokenizer } from './types.js'
