// The dot product of the variant, and its form of digits; see tile.h.
#pragma once
#include "base/simd.h"
#include "gemm/contract.h"

namespace {

constexpr multiscale::DigitForm kForm = multiscale::DigitForm::kBytes;

typedef int32_t Quad __attribute__((may_alias, aligned(4)));

// Written as assembly because GCC 12 turns the intrinsic's broadcast into separate loads and then spills
// the accumulators (kernels.md: 0.25 of peak against 0.66).
MS_INLINE I16 dot(I16 sum, I16 codes, const uint8_t* digits) {
  __asm__("vpdpbusd %2%{1to16%}, %1, %0" : "+v"(sum.part[0]) : "v"(codes.part[0]), "m"(*(const Quad*)digits));
  return sum;
}

MS_INLINE I16 lookup(I16 codes, const uint8_t* table) {
  const __m512i entries = _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i*)table));
  codes.part[0] = (VecI)_mm512_shuffle_epi8(entries, (__m512i)codes.part[0]);
  return codes;
}

}  // namespace
