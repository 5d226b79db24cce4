// A table of 16 bytes in 256-bit registers, for the variants of that width (codes.h).
#pragma once
#include "base/simd.h"

namespace {

MS_INLINE I16 lookup(I16 codes, const uint8_t* table) {
  const __m256i entries = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i*)table));
  for (int i = 0; i < 2; i++) codes.part[i] = (VecI)_mm256_shuffle_epi8(entries, (__m256i)codes.part[i]);
  return codes;
}

}  // namespace
