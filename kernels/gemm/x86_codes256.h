// The 64 codes of four columns in two 256-bit registers, for the variants of that width (tile.h).
#pragma once
#include "base/simd.h"

namespace {

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

}  // namespace
