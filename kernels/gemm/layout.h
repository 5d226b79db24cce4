// How packed weights lie in memory: one layout for each low-bit weight type of GGUF files.
//
// A matrix is cut into blocks of 16 rows; a block is a sequence of records, read as one stream; a record
// holds a few groups of 32 columns: first a header with their scales, then their codes.
//   header, by kind of scale; each array is [row 16]
//     kHalf          [group] scale fp16
//     kHalfMinimum   scale fp16, minimum fp16
//     kSuper         scale fp16, 32 bytes of nothing, [group][part] factor int8
//     kSuperMinimum  scale fp16, minimum fp16, [group][part] factor int8, [group][part] minimum's factor
//     uint8 kExponent      [group] E8M0 kFloat8        [group][part] UE4M3
//   A group has two parts of 16 columns with `halves`, else one. With factors its scale is the product, which
//   is exact in float32. codes of a group: a 64-byte line for each bit, [row 16][byte 4]
//     8 bits     line j, byte b: column 4j + b
//     otherwise  4 lines of nibbles from 4 bits on (line j: low nibble column 4j + b, high nibble 16 + 4j +
//     b),
//                2 lines of pairs for 2 bits more (line h, bits 2i and 2i + 1: column 16h + 4i + b),
//                1 line of single bits for the last odd one (bit i: column 4i + b)
// Codes are unsigned: w = scale · (code − offset) − minimum, the code looked up in a table first if there is
// one.
#pragma once
#include <stddef.h>
#include <stdint.h>

namespace multiscale {

constexpr int kGroup = 32;      // columns of a group, of weights and of activations
constexpr int kBlockRows = 16;  // rows of a block

// X(type) for every low-bit type; `type` is the name in GGUF files.
#define MS_EACH_LAYOUT(X) \
  X(Q4_0)                 \
  X(Q4_1)                 \
  X(Q5_0) X(Q5_1) X(Q8_0) X(Q2_K) X(Q3_K) X(Q4_K) X(Q5_K) X(Q6_K) X(IQ4_NL) X(IQ4_XS) X(MXFP4) X(NVFP4)

#define MS_LAYOUT_NAME(type) type,
enum class Layout : int { MS_EACH_LAYOUT(MS_LAYOUT_NAME) };
#undef MS_LAYOUT_NAME
constexpr int kLayouts = 14;

enum class ScaleKind : int { kHalf, kHalfMinimum, kSuper, kSuperMinimum, kExponent, kFloat8 };

// IQ4's code points plus 127, and twice E2M1's plus 12.
constexpr uint8_t kIq4Table[16] = {0, 23, 44, 62, 78, 92, 105, 117, 128, 140, 152, 165, 180, 196, 216, 240};
constexpr uint8_t kE2M1Table[16] = {12, 13, 14, 15, 16, 18, 20, 24, 12, 11, 10, 9, 8, 6, 4, 0};

struct LayoutInfo {
  int bits;  // of a code, before the table
  ScaleKind scale;
  bool halves;
  int offset;
  const uint8_t* table;  // or null

  constexpr bool minimum() const {
    return scale == ScaleKind::kHalfMinimum || scale == ScaleKind::kSuperMinimum;
  }
  constexpr bool super() const { return scale == ScaleKind::kSuper || scale == ScaleKind::kSuperMinimum; }
  constexpr int parts() const { return halves ? 2 : 1; }

  constexpr int largest_code() const {
    int most = table ? 0 : (1 << bits) - 1;
    for (int i = 0; table && i < 16; i++) most = table[i] > most ? table[i] : most;
    return most;
  }
  constexpr bool nibbles() const { return bits >= 4 && bits < 8; }
  constexpr bool pairs() const { return bits == 2 || bits == 3 || bits == 6; }
  constexpr bool singles() const { return bits == 3 || bits == 5; }
  constexpr int pair_line() const { return nibbles() ? 4 : 0; }  // the first of them
  constexpr int single_line() const { return bits - 1; }

  constexpr int groups() const {  // of a record
    return super() ? 8 : scale == ScaleKind::kHalfMinimum ? 1 : scale == ScaleKind::kExponent ? 4 : 2;
  }
  constexpr int factors_at() const { return 64; }
  constexpr int minimum_factors_at() const { return 64 + 8 * parts() * kBlockRows; }
  constexpr int header_bytes() const {
    return !super() ? 64 : minimum() ? 64 + 16 * parts() * kBlockRows : minimum_factors_at();
  }
  constexpr int group_bytes() const { return bits * 64; }  // of codes
  constexpr int record_bytes() const { return header_bytes() + groups() * group_bytes(); }
};

constexpr LayoutInfo kLayoutInfo[kLayouts] = {
    {4, ScaleKind::kHalf, false, 8, nullptr},          // Q4_0
    {4, ScaleKind::kHalfMinimum, false, 0, nullptr},   // Q4_1
    {5, ScaleKind::kHalf, false, 16, nullptr},         // Q5_0
    {5, ScaleKind::kHalfMinimum, false, 0, nullptr},   // Q5_1
    {8, ScaleKind::kHalf, false, 128, nullptr},        // Q8_0
    {2, ScaleKind::kSuperMinimum, true, 0, nullptr},   // Q2_K
    {3, ScaleKind::kSuper, true, 4, nullptr},          // Q3_K
    {4, ScaleKind::kSuperMinimum, false, 0, nullptr},  // Q4_K
    {5, ScaleKind::kSuperMinimum, false, 0, nullptr},  // Q5_K
    {6, ScaleKind::kSuper, true, 32, nullptr},         // Q6_K
    {4, ScaleKind::kHalf, false, 127, kIq4Table},      // IQ4_NL
    {4, ScaleKind::kSuper, false, 127, kIq4Table},     // IQ4_XS
    {4, ScaleKind::kExponent, false, 12, kE2M1Table},  // MXFP4
    {4, ScaleKind::kFloat8, true, 12, kE2M1Table},     // NVFP4
};

constexpr const LayoutInfo& layout_info(Layout layout) { return kLayoutInfo[static_cast<int>(layout)]; }

// Digits are padded with zeros to whole records of any layout whose columns are not a multiple of 256.
constexpr int kGroupsPadding = 4;

}  // namespace multiscale
