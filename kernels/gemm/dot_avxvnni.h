// The dot product of the variant, and its form of digits; see tile.h.
#pragma once
#include "gemm/contract.h"
#include "gemm/x86_lookup256.h"

namespace {

constexpr multiscale::DigitForm kForm = multiscale::DigitForm::kBytes;

MS_INLINE I16 dot(I16 sum, I16 codes, const uint8_t* digits) {
  int32_t quad;
  memcpy(&quad, digits, 4);
  const __m256i x = _mm256_set1_epi32(quad);
  for (int i = 0; i < 2; i++)
    sum.part[i] = (VecI)_mm256_dpbusd_avx_epi32((__m256i)sum.part[i], (__m256i)codes.part[i], x);
  return sum;
}

}  // namespace
