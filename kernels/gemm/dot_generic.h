// The dot product of the variant, and its form of digits; see tile.h.
#pragma once
#include "base/simd.h"
#include "gemm/contract.h"

namespace {

constexpr multiscale::DigitForm kForm = multiscale::DigitForm::kWords;

MS_INLINE I16 dot(I16 sum, I16 codes, const uint8_t* digits) {
  int16_t x[4];  // in the order 0, 2, 1, 3
  memcpy(x, digits, sizeof x);
  for (int i = 0; i < kParts; i++) {
    const VecI w = codes.part[i];
    sum.part[i] +=
        (w & 255) * x[0] + ((w >> 16) & 255) * x[1] + ((w >> 8) & 255) * x[2] + ((w >> 24) & 255) * x[3];
  }
  return sum;
}

MS_INLINE I16 lookup(I16 codes, const uint8_t* table) {
  uint8_t bytes[64];
  memcpy(bytes, &codes, sizeof bytes);
  for (int i = 0; i < 64; i++) bytes[i] = table[bytes[i]];
  memcpy(&codes, bytes, sizeof bytes);
  return codes;
}

}  // namespace
