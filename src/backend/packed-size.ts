import type { CodeTypeName, TensorTypeName } from '../format/index.js'
import type { CacheType } from './backend.js'

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
 * Bytes of a position's keys, or values, of one head, scales included (kernels/code_attention/contract.h). Caches are made of
 * whole pages of 64 positions.
 */
export function cacheRowBytes(type: CacheType, headSize: number): number {
  const padded = (unit: number) => Math.ceil(headSize / unit) * unit
  switch (type) {
    case 'f32':
      return 4 * headSize
    case 'f16':
      return 2 * headSize
    case 'int8':
      return padded(16) * (1 + 1 / 32) + 4
    case 'mxfp4':
      return padded(32) * (1 / 2 + 1 / 32 + 1 / 32)
  }
}
