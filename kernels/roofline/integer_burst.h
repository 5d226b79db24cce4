// The burst of integer dot products. The file that includes this defines Vector, a register of integers;
// splat(), a register of one 32-bit value; dot(sum, digits, codes); and kMultiplyAddsPerDot.
#pragma once
#include "roofline/kernels.h"

namespace {

constexpr int kChains = 12;  // as kFloatChains

int32_t multiply(int32_t seed) {
  Vector sums[kChains];
  for (int i = 0; i < kChains; i++) sums[i] = splat(seed + i);
  Vector digits = splat(0x01020102), codes = splat(0x00030003);
  for (int step = 0; step < kSteps; step++)
    for (int i = 0; i < kChains; i++) {
      // For all the compiler knows these are new digits, so that no product is computed once and used again.
      __asm__ volatile("" : "+x"(digits));
      sums[i] = dot(sums[i], digits, codes);
    }
  int32_t words[kChains * sizeof(Vector) / 4], all = 0;
  memcpy(words, sums, sizeof words);
  for (int32_t word : words) all ^= word;
  return all;
}

constexpr multiscale::RooflineKernels kKernels = {
    read,    multiply,     kMultiplyAddsPerDot* kChains* kSteps, float_multiply, kFloatMultiplyAdds,
    convert, kConversions,
};

}  // namespace
