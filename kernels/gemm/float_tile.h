// The float product of one block of 16 rows with T tokens, and unpacking for panels (contract.h); the same
// source for every instruction set.
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
  F16 total[T];
#pragma GCC unroll 8
  for (int t = 0; t < T; t++) total[t] = broadcast16(0.0f);
  for (int k = 0; k < cols; k++) {
    const F16 w = load_weights<Type>(block, (size_t)k * 16);
#pragma GCC unroll 8
    for (int t = 0; t < T; t++) total[t] = madd16(w, broadcast16(x[t * stride_x + k]), total[t]);
  }
#pragma GCC unroll 8
  for (int t = 0; t < T; t++) store16(y + t * stride_y, total[t]);
}

template <multiscale::FloatType Type>
void unpack_floats(const void* block, int begin, int end, int index, float* panel) {
  float* out = panel + index * 16;
  for (int k = begin; k < end; k++, out += kPanelBlocks * 16)
    store16(out, load_weights<Type>(block, (size_t)k * 16));
}

template <multiscale::FloatType Type>
constexpr void fill_float_type(multiscale::GemmKernels& table) {
  multiscale::FloatKernel* row = table.float_tile[(int)Type];
  row[0] = float_tile<Type, 1>;
  row[1] = float_tile<Type, 2>;
  row[2] = float_tile<Type, 4>;
  row[3] = nullptr;
  table.float_panel.unpack[(int)Type] = unpack_floats<Type>;
}

constexpr void fill_float_table(multiscale::GemmKernels& table) {
  table.max_float_tile = 4;
  table.float_panel.blocks = kPanelBlocks;
  fill_float_type<multiscale::FloatType::kF32>(table);
  fill_float_type<multiscale::FloatType::kF16>(table);
  fill_float_type<multiscale::FloatType::kBF16>(table);
}

}  // namespace
