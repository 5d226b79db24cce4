// The dot product of the variant, and its form of digits; see tile.h.
#pragma once
#include "gemm/contract.h"
#include "gemm/x86_lookup256.h"

namespace {

constexpr multiscale::DigitForm kForm = multiscale::DigitForm::kWords;

// GCC would add products up in a tree, whose leaves it spills (0.79 of the speed).
MS_INLINE void keep_order(VecI& sum) { __asm__("" : "+x"(sum)); }

// digits: four words in the order 0, 2, 1, 3, to meet the even and the odd bytes of each row's four codes.
MS_INLINE I16 dot(I16 sum, I16 codes, const uint8_t* digits) {
  int32_t even, odd;
  memcpy(&even, digits, 4);
  memcpy(&odd, digits + 4, 4);
  const __m256i x02 = _mm256_set1_epi32(even), x13 = _mm256_set1_epi32(odd);
  for (int i = 0; i < 2; i++) {
    const __m256i c = (__m256i)codes.part[i], c02 = _mm256_and_si256(c, _mm256_set1_epi16(255)),
                  c13 = _mm256_srli_epi16(c, 8);
    const __m256i products = _mm256_add_epi32(_mm256_madd_epi16(c02, x02), _mm256_madd_epi16(c13, x13));
    sum.part[i] = (VecI)_mm256_add_epi32((__m256i)sum.part[i], products);
    keep_order(sum.part[i]);
  }
  return sum;
}

#define MS_NARROW_SUMS
MS_INLINE I16 dot_narrow(I16 sum, I16 codes, const uint8_t* digits) {
  int32_t four;
  memcpy(&four, digits, 4);
  const __m256i x = _mm256_set1_epi32(four);
  for (int i = 0; i < 2; i++) {
    sum.part[i] =
        (VecI)_mm256_add_epi16((__m256i)sum.part[i], _mm256_maddubs_epi16((__m256i)codes.part[i], x));
    keep_order(sum.part[i]);
  }
  return sum;
}

MS_INLINE I16 add_narrow(I16 sum, I16 narrow) {
  for (int i = 0; i < 2; i++)
    sum.part[i] = (VecI)_mm256_add_epi32((__m256i)sum.part[i],
                                         _mm256_madd_epi16((__m256i)narrow.part[i], _mm256_set1_epi16(1)));
  return sum;
}

}  // namespace
