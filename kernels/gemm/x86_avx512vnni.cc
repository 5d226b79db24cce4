// AVX-512 VNNI: vpdpbusd multiplies 64 unsigned codes by signed digits in one instruction.
#include "gemm/float_tile.h"

namespace {

constexpr multiscale::DigitForm kForm = multiscale::DigitForm::kBytes;

struct Codes {
  __m512i bytes;
};

MS_INLINE Codes load_codes(const uint8_t* p) { return {_mm512_load_si512(p)}; }

MS_INLINE Codes low_nibbles(Codes c) { return {_mm512_and_si512(c.bytes, _mm512_set1_epi8(15))}; }

MS_INLINE Codes high_nibbles(Codes c) {
  return {_mm512_and_si512(_mm512_srli_epi16(c.bytes, 4), _mm512_set1_epi8(15))};
}

typedef int32_t Quad __attribute__((may_alias, aligned(4)));

// Written as assembly because GCC 12 turns the intrinsic's broadcast into separate loads and then spills
// the accumulators (kernels.md: 0.25 of peak against 0.66).
MS_INLINE I16 dot(I16 sum, Codes c, const uint8_t* digits) {
  __asm__("vpdpbusd %2%{1to16%}, %1, %0" : "+v"(sum.part[0]) : "v"(c.bytes), "m"(*(const Quad*)digits));
  return sum;
}

}  // namespace

#include "gemm/tile.h"

const multiscale::GemmKernels multiscale::kGemmAvx512Vnni = gemm_table<8, 8, 4>();
