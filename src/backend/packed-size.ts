import type { CodeTypeName, TensorTypeName } from '../format/index.js'
import type { CacheShape } from './backend.js'

/**
 * Bits that a weight takes once the native backend has packed it (kernels/gemm/layout.h): its code and its share of
 * the scales and minimums. Other types stay as they are.
 */
export const PACKED_BITS: Readonly<Record<CodeTypeName, number> & { [type in TensorTypeName]?: number }> = {
  Q4_0: 4.5,
  Q4_1: 5,
  Q5_0: 5.5,
  Q5_1: 6,
  Q8_0: 8.5,
  Q2_K: 3.125,
  Q3_K: 3.625,
  Q4_K: 4.625,
  Q5_K: 5.625,
  Q6_K: 6.625,
  IQ4_NL: 4.5,
  IQ4_XS: 4.375,
  MXFP4: 4.25,
  NVFP4: 4.5,
}

/** The same for the wasm backend (kernels/gemm/wasm_layout.as.ts): K types take what their files take. */
export const WASM_PACKED_BITS: typeof PACKED_BITS = {
  Q4_0: 4.5,
  Q4_1: 5,
  Q5_0: 8.5,
  Q5_1: 9,
  Q8_0: 8.5,
  Q2_K: 5.125,
  Q3_K: 4.5625,
  Q4_K: 4.625,
  Q5_K: 8.625,
  Q6_K: 6.5625,
  IQ4_NL: 4.5,
  IQ4_XS: 4.3125,
  MXFP4: 5,
  NVFP4: 6,
}

/**
 * Bytes of a position in a cache, scales and what was taken from keys included (kernels/code_attention/contract.h).
 * Caches are made of whole pages of 64 positions.
 */
export function cachePositionBytes(
  shape: Omit<CacheShape, 'capacity' | 'keyShift'> & { readonly keyShift?: CacheShape['keyShift'] | boolean },
): number {
  const { type, layers, kvHeads, headSize, latent, keyShift } = shape
  const unit = { f32: 1, f16: 1, int8: 16, mxfp4: 32 }[type]
  const elements = Math.ceil(headSize / unit) * unit
  const both = latent === undefined ? 2 : 1
  const codes = { f32: 4, f16: 2, int8: 1, mxfp4: 1 / 2 }[type] * elements
  const scales = {
    f32: 0,
    f16: 0,
    int8: 4 * Math.ceil(elements / (latent ?? elements)),
    mxfp4: elements / 32,
  }[type]
  const shift = keyShift ? (4 * elements) / 64 : 0
  return layers * kvHeads * (both * (codes + scales) + shift)
}
