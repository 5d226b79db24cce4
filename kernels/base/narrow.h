// Sixteen integers as bytes or words.
#pragma once
#include "base/simd.h"

namespace {

typedef int16_t Words16 __attribute__((vector_size(32)));

// The lowest byte of each lane.
MS_INLINE void store_bytes(uint8_t* p, I16 v) {
#if defined(__aarch64__)  // GCC 12 narrows to four bytes one by one
  const int16x8_t low = vmovn_high_s32(vmovn_s32((int32x4_t)v.part[0]), (int32x4_t)v.part[1]);
  const int16x8_t high = vmovn_high_s32(vmovn_s32((int32x4_t)v.part[2]), (int32x4_t)v.part[3]);
  const int8x16_t bytes = vmovn_high_s16(vmovn_s16(low), high);
  memcpy(p, &bytes, sizeof bytes);
#else
  for (int i = 0; i < kParts; i++) {
    const VecS bytes = __builtin_convertvector(v.part[i], VecS);
    memcpy(p + i * kLanes, &bytes, sizeof bytes);
  }
#endif
}

// Numbers 256 · high + low, low from -128 to 127: of each four the high bytes, then the low ones.
MS_INLINE void store_byte_pairs(uint8_t* p, I16 v) {
  const I16 raised = v + broadcast16(128);
#if defined(__AVX512BW__)
  // Its second byte is the high one, its first the low one with the sign turned over.
  const __m512i both = _mm512_xor_si512((__m512i)raised.part[0], _mm512_set1_epi32(128));
  const __m512i order =
      _mm512_broadcast_i32x4(_mm_setr_epi8(1, 5, 9, 13, 0, 4, 8, 12, -1, -1, -1, -1, -1, -1, -1, -1));
  const __m512i quads = _mm512_shuffle_epi8(both, order);
  const __m512i pairs = _mm512_permutexvar_epi64(_mm512_setr_epi64(0, 2, 4, 6, 0, 0, 0, 0), quads);
  _mm256_storeu_si256((__m256i*)p, _mm512_castsi512_si256(pairs));
#else
  typedef int32_t Four __attribute__((vector_size(16)));
  Four high, low;
  store_bytes((uint8_t*)&high, shift_right16(raised, 8));
  store_bytes((uint8_t*)&low, v);
  const Four first = __builtin_shufflevector(high, low, 0, 4, 1, 5);
  const Four second = __builtin_shufflevector(high, low, 2, 6, 3, 7);
  memcpy(p, &first, 16);
  memcpy(p + 16, &second, 16);
#endif
}

// The lowest 16 bits of each lane.
MS_INLINE void store_words(uint8_t* p, I16 v) {
  for (int i = 0; i < kParts; i++) {
    const VecW words = __builtin_convertvector(v.part[i], VecW);
    memcpy(p + i * 2 * kLanes, &words, sizeof words);
  }
}

// In the order 0, 2, 1, 3 within each four (contract.h of gemm).
MS_INLINE void store_shuffled_words(uint8_t* p, I16 v) {
  Words16 words;
  store_words((uint8_t*)&words, v);
  words = __builtin_shufflevector(words, words, 0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15);
  memcpy(p, &words, sizeof words);
}

}  // namespace
