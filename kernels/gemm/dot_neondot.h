// The dot product of the variant, and its form of digits; see tile.h.
#pragma once
#include "base/simd.h"
#include "gemm/contract.h"

namespace {

constexpr multiscale::DigitForm kForm = multiscale::DigitForm::kSignedBytes;

MS_INLINE I16 dot(I16 sum, I16 codes, const uint8_t* digits) {
  // A plain load into the lowest lane, that sdot takes for all: a broadcast would cost a vector instruction.
  float quad;
  memcpy(&quad, digits, 4);
  const int8x8_t x = vreinterpret_s8_f32(vset_lane_f32(quad, vdup_n_f32(0), 0));
  for (int i = 0; i < kParts; i++)
    sum.part[i] = (VecI)vdotq_lane_s32((int32x4_t)sum.part[i], (int8x16_t)codes.part[i], x, 0);
  return sum;
}

MS_INLINE I16 lookup(I16 codes, const uint8_t* table) {
  const uint8x16_t entries = vld1q_u8(table);
  for (int i = 0; i < kParts; i++) codes.part[i] = (VecI)vqtbl1q_u8(entries, (uint8x16_t)codes.part[i]);
  return codes;
}

}  // namespace
