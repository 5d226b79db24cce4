// What the kernels of all baselines share: the way through a block.
#pragma once
#include "base/simd.h"
#include "baselines/contract.h"

namespace {

using multiscale::kQ4;

// Reading ahead as our own tiles do (gemm/tile.h).
MS_INLINE void prefetch(const uint8_t* p, bool near) {
  if (near) __builtin_prefetch(p + 9216, 0, 3);
  else __builtin_prefetch(p + 12288, 0, 2);
}

MS_INLINE const uint8_t* codes_of(const uint8_t* record, int group) {
  return record + kQ4.header_bytes() + group * kQ4.group_bytes();
}
MS_INLINE F16 scale_of(const uint8_t* record, int group) {
  return load_half16((const uint16_t*)(record + group * multiscale::kScaleBytes));
}

// y[t] = Σ_group scale · group_sum(t), where sum_group(codes, x, sums) writes a group's sums of all T tokens.
template <int T, int TileFloats, class SumGroup>
MS_INLINE void tile_of(const uint8_t* block, int records, const float* x, float* y, size_t stride,
                       const SumGroup& sum_group) {
  constexpr int kLines = (kQ4.record_bytes() / 64 + kQ4.groups() - 1) / kQ4.groups();  // of a group
  const bool near = multiscale::prefetch_near;
  F16 result[T];
  for (int t = 0; t < T; t++) result[t] = broadcast16(0.0f);
  for (int record = 0; record < records; record++, block += kQ4.record_bytes())
    for (int g = 0; g < kQ4.groups(); g++) {
      if constexpr (T <= 4)
        for (int line = 0; line < kLines; line++) prefetch(block + (g * kLines + line) * 64, near);
      F16 sums[T];
      sum_group(codes_of(block, g), x, sums);
      const F16 scale = scale_of(block, g);
#pragma GCC unroll 8
      for (int t = 0; t < T; t++) result[t] = fma16(sums[t], scale, result[t]);
      x += T * TileFloats;
    }
#pragma GCC unroll 8
  for (int t = 0; t < T; t++) store16(y + t * stride, result[t]);
}

}  // namespace
