// AVX512-BF16: vdpbf16ps, 32 products.
#include "base/simd.h"
#include "roofline/contract.h"

namespace {

// With sums enough that none waits for itself, in registers: every loop over them must be unrolled.
constexpr int kSums = 12, kSteps = 1 << 14;

float multiply(float seed) {
  __m512 sums[kSums];
#pragma GCC unroll 12
  for (int i = 0; i < kSums; i++) sums[i] = _mm512_set1_ps(seed + (float)i);
  const __m512i half = _mm512_set1_epi32(0x3f003f00);  // 0.5, twice
  for (int step = 0; step < kSteps; step++)
#pragma GCC unroll 12
    for (int i = 0; i < kSums; i++) __asm__ volatile("vdpbf16ps %1, %1, %0" : "+v"(sums[i]) : "v"(half));
#pragma GCC unroll 12
  for (int i = 1; i < kSums; i++) sums[0] = _mm512_add_ps(sums[0], sums[i]);
  return _mm512_reduce_add_ps(sums[0]);
}

}  // namespace

const multiscale::BFloat16Roofline multiscale::kRooflineBFloat16 = {multiply, 32.0 * kSums* kSteps};
