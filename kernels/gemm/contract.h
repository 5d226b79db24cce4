// The Multi-Scale Dequant product (msd.md §1 and §3), for every weight format the loader knows:
//
//   y[t][n] = f[t] · Σ_g ( Σ_part s_w[n][g,part] · s_x[t][g] · Σ_k q[t][k]·c[n][k]  −  Σ_part m_w[n][g,part]
//   · u[t][g,part] )
//
// q is an activation in units of its group's scale s_x, held as 8-bit digits (most significant first), c the
// weight code less its offset, u = s_x · Σ_k q over the part. Scales of activations: one per group of 32,
// then f = 1; or one per row, which is f, and s_x = 1. Layouts of weights: layout.h.
//
// Exact: every inner sum Σ_k is an exact integer in every variant. |q| ≤ 32512 (two digits) and codes ≤ 255
// give |Σ| ≤ 32·32512·255 = 2.66e8 < 2^31. Three digits are combined in float: the two high ones as above,
// the low one apart. Float: groups are added in ascending order with one rounding each (a fused
// multiply-add), in every variant, whatever the number of tokens. So all variants give the same bits, and a
// token's result does not depend on the batch it came in. Of each group the product is added first (the lower
// half's, then the upper half's), then the minimum (likewise).
#pragma once
#include "gemm/layout.h"

namespace multiscale {

// Few tokens: tiles. Weights are multiplied as they lie, unsigned; digits are signed.
// ---------------------------

// What a tile kernel needs to know of one token's group beside its digits.
struct GroupInfo {
  float scale;          // s_x
  float sum;            // u of the whole group
  int32_t codes[2][2];  // Σ_k q over each half of the group: [0] of all digits but a third, [1] of the third
};

// Digits of a tile of tokens lie as [group][token][...]: in the form that the variant's table row says.
//   kBytes, kSignedBytes: int8 [digit][32]; the latter for dot products that take codes as signed bytes
//   kWords: int16 [32], the first two digits as 256·h + l (or h alone), then for three digits int16 [32]
//           of the third; within each four k the order is 0, 2, 1, 3, so that even and odd bytes of a
//           weight word meet their partners without a shuffle; then the same digits as with kBytes, for codes
//           so small that sums of byte products fit 16 bits
enum class DigitForm : int { kBytes = 0, kWords = 1, kSignedBytes = 2 };
constexpr int kDigitForms = 3;

constexpr bool in_bytes(DigitForm form) { return form != DigitForm::kWords; }

constexpr int digit_bytes(DigitForm form, int passes) {  // of one token's group
  return in_bytes(form) ? kGroup * passes : kGroup * 2 * (passes == 3 ? 2 : 1);
}

// Likewise, as tiles have them.
constexpr int tile_digit_bytes(DigitForm form, int passes) {
  return digit_bytes(form, passes) + (in_bytes(form) ? 0 : kGroup * passes);
}

// y[token][0..15] for one block of 16 rows and a tile of tokens (the index of the function in its table:
// log2 of the tile's tokens). `records` is the block's length.
using TileKernel = void (*)(const uint8_t* block, int records, const uint8_t* digits, const GroupInfo* info,
                            const float* factors, float* y, size_t stride);
constexpr int kTileSizes = 4;  // 1, 2, 4, 8 tokens
// Whether what is read ahead should go to the first-level cache; else it goes to the second. Set at start.
extern const bool prefetch_near;

// Many tokens: panels. A few rows of weights are unpacked once, to signed codes, and stay in the second-level
// cache while all tokens pass over them.
// -----------------------------------------------------------------------

// Digits of a tile of T tokens in the panel's form: [group][plane][..][token T][4 bytes]
//   kBytes: a plane for each digit, [column / 4], unsigned: the first digits are the bytes of q + 32768 (one
//           digit: q + 128; a third: + 128)
//   kSignedBytes: likewise, but signed digits, as in tiles
//   kWords: a plane of 256·h + l (or h alone), one of the third digit, signed, [column / 2]
// Of every group and tile, four floats for each token: s_x, u of the group, u of its halves, as [4][token T].
constexpr int kTokenFloats = 4;

// Weights of a panel of one or two blocks, side by side: "row" below is [block][row 16]
//   codes        bytes: int8 [group][column / 4][row][4]; kWords: int16 [group][column / 2][row][2]
//   corrections  kBytes only: [group][part][row] int32 −128 · Σ code, what the unsigned digits are too much
//   scales       [group][part][row]; minimums alike
struct Panel {
  uint8_t* codes;
  int32_t* corrections;
  float* scales;
  float* minimums;
};

// What a generated kernel reads (scripts/panel-kernels.mjs knows the order of these fields).
struct PanelArguments {
  const uint8_t* digits;
  const uint8_t* codes;
  const int32_t* corrections;
  const float* scales;
  const float* minimums;
  const float* tokens;  // the four floats
  const float* factors;
  float* y;       // [token][row]
  size_t stride;  // of y, in bytes
  size_t groups;
};
using PanelKernel = void (*)(const PanelArguments*);
constexpr int kMaxPanelTokens = 7;

struct PanelKernels {
  int blocks;         // of a panel; 0: the variant has no panels
  int min_rows;       // of activations, for panels to pay
  int max_tokens[3];  // of a tile, for 1, 2, 3 passes
  // [passes − 1][halves][minimum][tokens − 1], null where no number of rows is cut into such a tile
  PanelKernel kernel[3][2][2][kMaxPanelTokens];
  // Unpacks block `index` of a panel of `blocks`.
  void (*unpack[kLayouts])(const uint8_t* block, int records, int index, const Panel& panel);
};

// Models that are not quantised: y[t][n] = Σ_k x[t][k] · w[n][k], one fused multiply-add for each k in
// ascending order (on a CPU without it: a product and a sum), whatever the number of tokens.
// -----------------------------------------

// Few tokens: w [k][16] of one block, x [token][stride_x].
using FloatKernel = void (*)(const void* block, int cols, const float* x, size_t stride_x, float* y,
                             size_t stride_y);
enum class FloatType : int { kF32 = 0, kF16 = 1, kBF16 = 2 };

// Many: y += a panel of weights in float32 [k][block][row 16] times a tile's x [k][token].
struct FloatPanelArguments {
  const float* x;
  const float* weights;
  float* y;
  size_t stride;  // of y, in bytes
  size_t count;   // of k
};
using FloatPanelKernel = void (*)(const FloatPanelArguments*);
constexpr int kMaxFloatPanelTokens = 14;

struct FloatPanelKernels {
  int blocks;    // of a panel; 0: the variant has no panels
  int min_rows;  // of activations, for panels to pay
  int max_tokens;
  FloatPanelKernel kernel[kMaxFloatPanelTokens];  // [tokens − 1]
  // Columns [begin, end) of a block, as block `index` of the panel.
  void (*unpack[3])(const void* block, int begin, int end, int index, float* panel);
};

struct GemmKernels {
  DigitForm form;
  int max_tile[3];                           // largest tile for 1, 2, 3 passes
  TileKernel tile[kLayouts][3][kTileSizes];  // [layout][passes - 1][log2 tokens], null above max_tile
  PanelKernels panel;
  int max_float_tile;
  FloatKernel float_tile[3][kTileSizes];  // [FloatType][log2 tokens]
  FloatPanelKernels float_panel;
};

// The family's table: one row per dispatch level; null where the level is not compiled in.
extern const GemmKernels kGemmGeneric;
extern const GemmKernels kGemmAvx2;
extern const GemmKernels kGemmAvxVnni;
extern const GemmKernels kGemmAvx512Vnni;
extern const GemmKernels kGemmNeonDot;
const GemmKernels* gemm_kernels(int level);

}  // namespace multiscale
