// AVX-VNNI: the same dot product in 256-bit registers (laptops and desktops since 2021).
#include "gemm/dot_avxvnni.h"

namespace {

constexpr int kPanelBlocks = 1;

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
