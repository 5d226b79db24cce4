// Any CPU: vector extensions of the compiler over the same layout.
#include "gemm/dot_generic.h"

namespace {

constexpr int kPanelBlocks = 0;  // none

}  // namespace

#include "gemm/float_tile.h"
#include "gemm/tile.h"

constinit const multiscale::GemmKernels multiscale::kGemmGeneric = [] {
  GemmKernels table{};
  fill_tile_table<1, 1, 1>(table);
  fill_float_table(table);
  return table;
}();
