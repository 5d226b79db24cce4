// Any CPU: vector extensions of the compiler over the same layout.
#include "gemm/float_tile.h"

namespace {

constexpr multiscale::DigitForm kForm = multiscale::DigitForm::kWords;

struct Codes {
  I16 rows;  // four codes of a row in each lane
};

MS_INLINE Codes load_codes(const uint8_t* p) {
  Codes c;
  memcpy(&c, p, sizeof c);
  return c;
}

MS_INLINE Codes low_nibbles(Codes c) {
  for (int i = 0; i < kParts; i++) c.rows.part[i] &= 0x0f0f0f0f;
  return c;
}

MS_INLINE Codes high_nibbles(Codes c) {
  for (int i = 0; i < kParts; i++) c.rows.part[i] = (c.rows.part[i] >> 4) & 0x0f0f0f0f;
  return c;
}

MS_INLINE I16 dot(I16 sum, Codes c, const uint8_t* digits) {
  int16_t x[4];  // in the order 0, 2, 1, 3
  memcpy(x, digits, sizeof x);
  for (int i = 0; i < kParts; i++) {
    const VecI w = c.rows.part[i];
    sum.part[i] +=
        (w & 255) * x[0] + ((w >> 16) & 255) * x[1] + ((w >> 8) & 255) * x[2] + ((w >> 24) & 255) * x[3];
  }
  return sum;
}

}  // namespace

#include "gemm/tile.h"

const multiscale::GemmKernels multiscale::kGemmGeneric = gemm_table<1, 1, 1>();
