/**
 * Multi-Scale Dequant: activations as low-bit digits that integer units multiply with the weight codes as they
 * are stored (Zheng et al., arXiv 2605.13915). This folder is the readable truth, in exact integers and
 * float64; docs/papers/msd.md says what is the paper's and what is ours.
 */
export {
  type Int8BoundOptions,
  int8ErrorBound,
  type Mxfp4BoundOptions,
  mxfp4ErrorBound,
  productErrorBound,
} from './bounds.js'
export { type CodeMatrix, checkCodeMatrix } from './code-matrix.js'
export { type Fp8Codes, type Fp8Element, type Fp8Options, fp8ErrorBound, quantizeFp8 } from './fp8.js'
export {
  decomposeInt8,
  type Int8Arithmetic,
  type Int8Digits,
  type Int8Options,
  type Int8Passes,
  type Int8Radix,
  int8Top,
} from './int8.js'
export { decomposeMxfp4, MX_BLOCK, type Mxfp4Digits, type Mxfp4Options, type ScaleRule } from './mxfp4.js'
export { type Mxfp8Codes, mxfp8ErrorBound, quantizeMxfp8 } from './mxfp8.js'
export { NVFP4_BLOCK, type Nvfp4Codes, nvfp4ErrorBound, quantizeNvfp4 } from './nvfp4.js'
export { accumulateInt8, type Int8Accumulators, int32GroupLimit, productInt8 } from './product.js'
export { accumulateMxfp4, MXFP4_BLOCK_DOT_MAX, productMxfp4 } from './product-mxfp4.js'
export { effectiveBits, recompose } from './recompose.js'
export { worstRoundingError } from './rounding.js'
