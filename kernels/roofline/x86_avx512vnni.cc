// AVX-512 VNNI: vpdpbusd, 64 digits by 64 codes.
#include "base/simd.h"

namespace {

typedef __m512i Vector;
constexpr double kMultiplyAddsPerDot = 64;

MS_INLINE Vector splat(int32_t x) { return _mm512_set1_epi32(x); }

// Written as assembly because GCC 12 puts two moves beside each of the intrinsic's instructions.
MS_INLINE Vector dot(Vector sum, Vector digits, Vector codes) {
  __asm__ volatile("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(codes), "v"(digits));
  return sum;
}

}  // namespace

#include "roofline/integer_burst.h"

const multiscale::RooflineKernels multiscale::kRooflineAvx512Vnni = kKernels;
