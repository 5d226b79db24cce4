// What the product is compared with: Q4_0 weights, in memory as they are in ours (gemm/layout.h), that are
// made into wider numbers before they are multiplied.
//
//   float32   weights in float32, activations as they are; one fused multiply-add for each
//   bfloat16  weights and activations rounded to bfloat16; vdpbf16ps adds two products at a time in float32
//
// Few tokens take tiles: a code becomes a number in a register (code − 8 is exact in either) and the group's
// sum is multiplied by its scale. Many take panels: weights scale · (code − 8) of a few rows are written to
// the second-level cache, and all tokens pass over them.
#pragma once
#include "gemm/contract.h"

namespace multiscale {

constexpr int kScaleBytes = 2 * kBlockRows;  // of a group
constexpr LayoutInfo kQ4 = layout_info(Layout::Q4_0);

// Activations are in steps of four bytes, as the generated kernels multiply them: a float, or two bfloat16.
// One group of 32 columns is 32 / columns steps, in an order that suits the codes.
struct Baseline {
  int columns;  // of a step

  // `tokens` rows of x (cols apart) as a tile's activations, [group][token][tile_floats]. out has room for
  // tokens · cols / 32 · tile_floats.
  void (*prepare_tile)(const float* x, int cols, int tokens, float* out);
  int tile_floats;  // of a token's group: its steps, and what else the kernel wants to know
  int max_tile;
  // y[token][0..15] of one block of 16 rows.
  void (*tile[kTileSizes])(const uint8_t* block, int records, const float* x, float* y, size_t stride);

  // The same as a panel's activations, [step][token].
  void (*prepare_panel)(const float* x, int cols, int tokens, float* out);
  // Groups [begin, end) of a block, as block `index` of a panel: [step][block][row 16].
  void (*unpack)(const uint8_t* block, int begin, int end, int index, float* panel);
  const FloatPanelKernels* panel;  // its unpack is not used
};

extern const Baseline kFloat32Avx2;
extern const Baseline kFloat32Avx512;
extern const Baseline kBFloat16Avx512;

}  // namespace multiscale
