// The float product of one block of 16 rows with T tokens, y = x · Wᵀ; the same source for every
// instruction set. Two accumulators per token, over even and odd k, in every tile size: a token's result
// does not depend on the batch it came in.
#pragma once
#include "base/simd.h"
#include "gemm/contract.h"

namespace {

template <multiscale::FloatType Type>
MS_INLINE F16 load_weights(const void* p, size_t index) {
  if constexpr (Type == multiscale::FloatType::kF32) return load16((const float*)p + index);
  if constexpr (Type == multiscale::FloatType::kF16) return load_half16((const uint16_t*)p + index);
  if constexpr (Type == multiscale::FloatType::kBF16) return load_bfloat16((const uint16_t*)p + index);
}

template <multiscale::FloatType Type, int T>
void float_tile(const void* block, int cols, const float* x, size_t stride_x, float* y, size_t stride_y) {
  F16 even[T], odd[T];
  for (int t = 0; t < T; t++) even[t] = odd[t] = broadcast16(0.0f);
  int k = 0;
  for (; k + 2 <= cols; k += 2) {
    const F16 w0 = load_weights<Type>(block, (size_t)k * 16),
              w1 = load_weights<Type>(block, (size_t)k * 16 + 16);
    for (int t = 0; t < T; t++) {
      even[t] = madd16(w0, broadcast16(x[t * stride_x + k]), even[t]);
      odd[t] = madd16(w1, broadcast16(x[t * stride_x + k + 1]), odd[t]);
    }
  }
  if (k < cols) {
    const F16 w = load_weights<Type>(block, (size_t)k * 16);
    for (int t = 0; t < T; t++) even[t] = madd16(w, broadcast16(x[t * stride_x + k]), even[t]);
  }
  for (int t = 0; t < T; t++) store16(y + t * stride_y, even[t] + odd[t]);
}

template <multiscale::FloatType Type>
constexpr void fill_float_row(multiscale::GemmKernels& table) {
  multiscale::FloatKernel* row = table.float_tile[(int)Type];
  row[0] = float_tile<Type, 1>;
  row[1] = float_tile<Type, 2>;
  row[2] = float_tile<Type, 4>;
  row[3] = nullptr;
}

constexpr void fill_float_tiles(multiscale::GemmKernels& table) {
  table.max_float_tile = 4;
  fill_float_row<multiscale::FloatType::kF32>(table);
  fill_float_row<multiscale::FloatType::kF16>(table);
  fill_float_row<multiscale::FloatType::kBF16>(table);
}

}  // namespace
