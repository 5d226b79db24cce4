// AVX2: vpmaddwd multiplies 16 words, two digits each, and vpaddd adds the pairs. vpmaddubsw would take one
// instruction more for the same 32 products, to widen its sums before they overflow.
#include "base/simd.h"

namespace {

typedef __m256i Vector;
constexpr double kMultiplyAddsPerDot = 32;

MS_INLINE Vector splat(int32_t x) { return _mm256_set1_epi32(x); }

MS_INLINE Vector dot(Vector sum, Vector digits, Vector codes) {
  return _mm256_add_epi32(sum, _mm256_madd_epi16(digits, codes));
}

}  // namespace

#include "roofline/integer_burst.h"

const multiscale::RooflineKernels multiscale::kRooflineAvx2 = kKernels;
