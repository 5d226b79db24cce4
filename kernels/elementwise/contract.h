// Operations that touch each activation once. All of them give the same bits on every instruction set:
// reductions run over 16 lanes and one fixed tree, and nothing is contracted into a fused multiply-add.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "gemm/contract.h"

namespace multiscale {

struct ElementwiseKernels {
  // Splits a tile of up to 8 rows of `cols` activations into digits (msd.md §1, radix 256, in float32):
  //   M = max|x| over the scale's range, q = rn(x · (top / M)), top = 127, 32512, 8323072 for 1, 2, 3 passes,
  // q held as base-256 digits, in the form that the variant's products take. The range is a group of 32, or
  // the row if per_row: then the scale is the row's factor and that of the groups 1, else the factors are 1.
  // M = 0, or so small that top / M overflows, gives zero digits and scale 0. Groups beyond cols are zeros.
  // `notes` are the tile's GroupInfo, or the panel's floats. By the form of the digits; null for a form that
  // no level of the row takes. Returns -1, or row · cols + column of the first value that is not finite (the
  // digits are then worthless).
  using Decompose = int (*)(const float* x, int cols, int groups, int passes, bool per_row, int tokens,
                            uint8_t* digits, void* notes, float* factors);
  Decompose decompose_tile[kDigitForms];
  Decompose decompose_panel[kDigitForms];
  // y = x / sqrt(mean(x²) + epsilon) · gain
  void (*rms_norm_row)(const float* x, const float* gain, int cols, float epsilon, float* y);
  // out = gate / (1 + e^-gate) · up
  void (*swiglu)(const float* gate, const float* up, size_t count, float* out);
  // x += y
  void (*add)(float* x, const float* y, size_t count);
};

extern const ElementwiseKernels kElementwiseGeneric;
extern const ElementwiseKernels kElementwiseAvx2;
extern const ElementwiseKernels kElementwiseAvx512;
const ElementwiseKernels* elementwise_kernels(int level);

}  // namespace multiscale
