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
