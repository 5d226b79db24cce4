// AVX-VNNI: the same dot product in 256-bit registers (laptops and desktops since 2021).
#include "gemm/float_tile.h"

namespace {

constexpr multiscale::DigitForm kForm = multiscale::DigitForm::kBytes;

struct Codes {
  __m256i bytes[2];
};

MS_INLINE Codes load_codes(const uint8_t* p) {
  return {{_mm256_load_si256((const __m256i*)p), _mm256_load_si256((const __m256i*)p + 1)}};
}

MS_INLINE Codes low_nibbles(Codes c) {
  const __m256i mask = _mm256_set1_epi8(15);
  return {{_mm256_and_si256(c.bytes[0], mask), _mm256_and_si256(c.bytes[1], mask)}};
}

MS_INLINE Codes high_nibbles(Codes c) {
  return low_nibbles({{_mm256_srli_epi16(c.bytes[0], 4), _mm256_srli_epi16(c.bytes[1], 4)}});
}

MS_INLINE I16 dot(I16 sum, Codes c, const uint8_t* digits) {
  int32_t quad;
  memcpy(&quad, digits, 4);
  const __m256i x = _mm256_set1_epi32(quad);
  for (int i = 0; i < 2; i++)
    sum.part[i] = (VecI)_mm256_dpbusd_avx_epi32((__m256i)sum.part[i], c.bytes[i], x);
  return sum;
}

}  // namespace

#include "gemm/tile.h"

const multiscale::GemmKernels multiscale::kGemmAvxVnni = gemm_table<2, 2, 1>();
