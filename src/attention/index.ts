/**
 * Attention without dequantisation: over keys and values as codes, with an online softmax that rescales by
 * integer additions (AMLA), and in binary16 without overflow (PASA). This folder is the readable truth, one head at a
 * time; docs/papers/attention.md says what is the papers' and what is ours.
 */
export { bf16Attention } from './bf16.js'
export { exactAttention } from './exact.js'
export { type BlockTurn, nextKeyShift, turnKey } from './key-shift.js'
export {
  type AbsorbedMla,
  absorbedMlaAttention,
  absorbMla,
  expandMla,
  type MlaInput,
  type MlaShape,
  mlaAttention,
} from './mla.js'
export { ATTENTION_BLOCK, type MsdAttentionInput, type MsdAttentionOptions, msdAttention } from './msd.js'
export { type OnlineOptions, type OnlineResult, onlineAttention, type Rescaling } from './online.js'
export { PASA_BETA, type PasaOptions, pasaAttention } from './pasa.js'
export type { AttentionInput, AttentionOptions } from './problem.js'
export { type CodeFormat, dequantizeRows, type QuantizedRows, quantizeRows } from './quantized-rows.js'
export { rescaleByExponent } from './rescale.js'
