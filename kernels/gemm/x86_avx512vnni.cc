// AVX-512 VNNI: vpdpbusd multiplies 64 unsigned codes by signed digits in one instruction.
#include "gemm/dot_avx512vnni.h"

namespace {

constexpr int kPanelBlocks = 2;

}  // namespace

#include "gemm/float_tile.h"
#include "gemm/panel.h"
#include "gemm/tile.h"
#include "panel_avx512vnni.h"

constinit const multiscale::GemmKernels multiscale::kGemmAvx512Vnni = [] {
  GemmKernels table{};
  fill_tile_table<8, 8, 4>(table);
  fill_unpack_table(table);
  fill_panel_kernels(table);
  fill_float_table(table);
  return table;
}();
