import type { CodeTypeName, TensorTypeName } from '../format/index.js'

/**
 * Bits that a weight takes once the native backend has packed it (kernels/gemm/contract.h): a code of 4 or 8 bits,
 * and its share of the scales and minimums of 32 or 16 weights, 16 or 32 bits each. Other types stay as they are.
 */
export const PACKED_BITS: Readonly<Record<CodeTypeName, number> & { [type in TensorTypeName]?: number }> = {
  Q4_0: 4.5,
  Q4_1: 5,
  Q5_0: 8.5,
  Q5_1: 9,
  Q8_0: 8.5,
  Q2_K: 8,
  Q3_K: 6,
  Q4_K: 6,
  Q5_K: 10,
  Q6_K: 10,
  IQ4_NL: 8.5,
  IQ4_XS: 9,
  MXFP4: 9,
}
