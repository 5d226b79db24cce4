// Armv8.2 dot product: sdot, 16 codes by four of 16 digits.
#include "base/simd.h"

namespace {

typedef int32x4_t Vector;
constexpr double kMultiplyAddsPerDot = 16;

MS_INLINE Vector splat(int32_t x) { return vdupq_n_s32(x); }

MS_INLINE Vector dot(Vector sum, Vector digits, Vector codes) {
  return vdotq_laneq_s32(sum, (int8x16_t)codes, (int8x16_t)digits, 0);
}

}  // namespace

#include "roofline/integer_burst.h"

const multiscale::RooflineKernels multiscale::kRooflineNeonDot = kKernels;
