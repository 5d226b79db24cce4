// The Multi-Scale Dequant product (msd.md §1 and §3), for every weight format the loader knows:
//
//   y[t][n] = Σ_g  s_x[t][g] · ( s_w[n][g] · Σ_k q[t][k]·c[n][k]  −  m_w[n][g] · Σ_k q[t][k] )
//
// q is an activation in units of its group's scale, held as 8-bit digits (most significant first), c the
// weight code as stored. Groups are 32 long on both sides (weights of Q2_K, Q3_K, Q6_K: 16; scale, minimum
// and sums are then those of half a group).
//
// Exact: every inner sum Σ_k is an exact integer in every variant. |q| ≤ 32512 (two digits) and stored
// codes ≤ 255 give |Σ| ≤ 32·32512·255 = 2.66e8 < 2^31. Three digits are combined in float: the two high
// ones as above, the low one apart.
// Float: groups are added in ascending order with one rounding each (a fused multiply-add), in every
// variant, whatever the number of tokens. So all variants give the same bits, and a token's result does
// not depend on the batch it came in. Of each 32 weights the product is added first (the lower half's, then
// the upper half's), then the minimum (likewise).
#pragma once
#include <stddef.h>
#include <stdint.h>

namespace multiscale {

constexpr int kGroup = 32;      // activations per scale, weights per record group
constexpr int kBlockRows = 16;  // weight rows interleaved in one block

// How a block of 16 weight rows lies in memory. A block is a sequence of records; a record holds one or
// two groups: first all their scales (and minimums), then their codes, so that one stream is read and
// every 64-byte line of codes is aligned.
//   codes of 4 bits: [j 0..3][row 16][byte 4], low nibble k = 4j + byte, high nibble k = 16 + 4j + byte
//   codes of 8 bits: [j 0..7][row 16][byte 4], k = 4j + byte
// Codes are stored unsigned: c + offset. The limit above holds for all layouts: it is reached by 8-bit codes
// over a whole group; halves sum 16 terms, nibbles are at most 15.
enum class Layout : int {
  kC4S16 = 0,  // 4-bit codes, fp16 scale                          Q4_0
  kC4S16M,     // 4-bit codes, fp16 scale and minimum              Q4_1
  kC4S32M,     // 4-bit codes, fp32 scale and minimum              Q4_K
  kC8S16,      // 8-bit codes, fp16 scale                          Q8_0, Q5_0, IQ4_NL
  kC8S16M,     // 8-bit codes, fp16 scale and minimum              Q5_1
  kC8S32M,     // 8-bit codes, fp32 scale and minimum              Q5_K
  kC8S32H,     // 8-bit codes, two fp32 scales, one per half group Q6_K
  kC8S32,      // 8-bit codes, fp32 scale                          IQ4_XS, MXFP4
  kC4S32H,     // 4-bit codes, two fp32 scales                     Q3_K
  kC4S32HM,    // 4-bit codes, two fp32 scales, two minimums       Q2_K
};
constexpr int kLayouts = 10;

template <Layout L>
struct LayoutTraits {
  static constexpr bool kNibbles = L == Layout::kC4S16 || L == Layout::kC4S16M || L == Layout::kC4S32M ||
                                   L == Layout::kC4S32H || L == Layout::kC4S32HM;
  static constexpr bool kMinimum = L == Layout::kC4S16M || L == Layout::kC4S32M || L == Layout::kC8S16M ||
                                   L == Layout::kC8S32M || L == Layout::kC4S32HM;
  static constexpr bool kHalves = L == Layout::kC8S32H || L == Layout::kC4S32H || L == Layout::kC4S32HM;
  static constexpr bool kHalfFloat =
      L == Layout::kC4S16 || L == Layout::kC4S16M || L == Layout::kC8S16 || L == Layout::kC8S16M;
  static constexpr int kScaleBytes = kBlockRows * (kHalfFloat ? 2 : 4);
  // Per group: scales [16], with halves the second half's [16]; then, if there are any, minimums alike.
  static constexpr int kHeaderBytes = kScaleBytes * (kHalves ? 2 : 1) * (kMinimum ? 2 : 1);
  static constexpr int kCodeBytes = kBlockRows * kGroup / (kNibbles ? 2 : 1);
  static constexpr int kGroups = kHeaderBytes % 64 == 0 ? 1 : 2;  // groups of one record
  static constexpr int kRecordBytes = kGroups * (kHeaderBytes + kCodeBytes);
};

// What a kernel needs to know of one token's group beside its digits.
struct GroupInfo {
  float scale;          // s_x: activation = scale · q
  float sum;            // scale · Σ_k q, for minimums of the whole group
  int32_t codes[2][2];  // Σ_k q over each half of the group: [0] of all digits but a third, [1] of the third
};

// Digits of a tile of tokens lie as [group][token][...]: one of two forms, as the variant's table row says.
//   kBytes: int8 [digit][32]
//   kWords: int16 [32], the first two digits as 256·h + l (or h alone), then for three digits int16 [32]
//           of the third; within each four k the order is 0, 2, 1, 3, so that even and odd bytes of a
//           weight word meet their partners without a shuffle
enum class DigitForm : int { kBytes = 0, kWords = 1 };

constexpr size_t digit_bytes(DigitForm form, int passes) {  // of one token's group
  return form == DigitForm::kBytes ? size_t(kGroup) * passes : size_t(kGroup) * 2 * (passes == 3 ? 2 : 1);
}

// y[token][0..15] for one block of 16 rows and a tile of tokens (the index of the function in its table:
// log2 of the tile's tokens). `records` is the block's length, `offset` the codes' offset.
using TileKernel = void (*)(const uint8_t* block, int records, const uint8_t* digits, const GroupInfo* info,
                            int offset, float* y, size_t stride);

// The float product, for models that are not quantised: w [k][16] of one block, x [token][stride_x].
using FloatKernel = void (*)(const void* block, int cols, const float* x, size_t stride_x, float* y,
                             size_t stride_y);
enum class FloatType : int { kF32 = 0, kF16 = 1, kBF16 = 2 };

constexpr int kTileSizes = 4;  // 1, 2, 4, 8 tokens

struct GemmKernels {
  DigitForm form;
  int max_tile[3];                           // largest tile for 1, 2, 3 passes
  TileKernel tile[kLayouts][3][kTileSizes];  // [layout][passes - 1][log2 tokens], null above max_tile
  int max_float_tile;
  FloatKernel float_tile[3][kTileSizes];  // [FloatType][log2 tokens]
};

// The family's table: one row per dispatch level; null where the level is not compiled in.
extern const GemmKernels kGemmGeneric;
extern const GemmKernels kGemmAvx2;
extern const GemmKernels kGemmAvxVnni;
extern const GemmKernels kGemmAvx512Vnni;
const GemmKernels* gemm_kernels(int level);

}  // namespace multiscale
