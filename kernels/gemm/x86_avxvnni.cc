// AVX-VNNI: the same dot product in 256-bit registers (laptops and desktops since 2021).
#include "gemm/contract.h"
#include "gemm/x86_lookup256.h"

namespace {

constexpr multiscale::DigitForm kForm = multiscale::DigitForm::kBytes;
constexpr int kPanelBlocks = 1;

MS_INLINE I16 dot(I16 sum, I16 codes, const uint8_t* digits) {
  int32_t quad;
  memcpy(&quad, digits, 4);
  const __m256i x = _mm256_set1_epi32(quad);
  for (int i = 0; i < 2; i++)
    sum.part[i] = (VecI)_mm256_dpbusd_avx_epi32((__m256i)sum.part[i], (__m256i)codes.part[i], x);
  return sum;
}

}  // namespace

#include "gemm/float_tile.h"
#include "gemm/panel.h"
#include "gemm/tile.h"
#include "panel_avxvnni.h"

constinit const multiscale::GemmKernels multiscale::kGemmAvxVnni = [] {
  GemmKernels table{};
  fill_tile_table<2, 2, 1>(table);
  fill_unpack_table(table);
  fill_panel_kernels(table);
  fill_float_table(table);
  return table;
}();
