// AVX2 without VNNI. Few tokens: vpmaddubsw and sums of 16 bits for codes up to 63 (a fifth fewer
// instructions; one sum of two products of a byte's code would saturate: 2 · 255 · 128 > 32767). Else codes
// widened to 16 bits and vpmaddwd: two digits travel as one 16-bit number, so two passes cost one.
#include "gemm/dot_avx2.h"

namespace {

constexpr int kPanelBlocks = 1;

}  // namespace

#include "gemm/float_tile.h"
#include "gemm/panel.h"
#include "gemm/tile.h"
#include "panel_avx2.h"

constinit const multiscale::GemmKernels multiscale::kGemmAvx2 = [] {
  GemmKernels table{};
  fill_tile_table<2, 2, 1>(table);
  fill_unpack_table(table);
  fill_panel_kernels(table);
  fill_float_table(table);
  return table;
}();
