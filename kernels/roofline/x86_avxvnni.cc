// AVX-VNNI: vpdpbusd, 32 digits by 32 codes.
#include "base/simd.h"

namespace {

typedef __m256i Vector;
constexpr double kMultiplyAddsPerDot = 32;

MS_INLINE Vector splat(int32_t x) { return _mm256_set1_epi32(x); }

// Written as assembly because GCC 12 puts two moves beside each of the intrinsic's instructions.
MS_INLINE Vector dot(Vector sum, Vector digits, Vector codes) {
  __asm__ volatile("%{vex%} vpdpbusd %2, %1, %0" : "+x"(sum) : "x"(codes), "x"(digits));
  return sum;
}

}  // namespace

#include "roofline/integer_burst.h"

const multiscale::RooflineKernels multiscale::kRooflineAvxVnni = kKernels;
