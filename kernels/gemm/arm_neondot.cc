// Armv8.2 dot product: sdot multiplies 16 signed codes by four signed digits in one instruction.
#include "gemm/dot_neondot.h"

namespace {

constexpr int kPanelBlocks = 1;

}  // namespace

#include "gemm/arm_panel.h"
#include "gemm/float_tile.h"
#include "gemm/panel.h"
#include "gemm/tile.h"

constinit const multiscale::GemmKernels multiscale::kGemmNeonDot = [] {
  GemmKernels table{};
  fill_tile_table<4, 2, 1>(table);
  fill_unpack_table(table);
  fill_panel_kernels(table);
  fill_float_table(table);
  fill_float_panel_kernels(table);
  return table;
}();
