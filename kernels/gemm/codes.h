// Codes and scales of a packed group in registers; the same source for every instruction set. A variant
// defines before
//
//   I16 lookup(I16 codes, const uint8_t* table)      each of the 64 bytes by a table of 16
//   constexpr multiscale::DigitForm kForm
#pragma once
#include "base/simd.h"
#include "gemm/contract.h"

namespace {

using multiscale::GroupInfo;
using multiscale::Layout;
using multiscale::LayoutInfo;
using multiscale::ScaleKind;

template <Layout L>
inline constexpr LayoutInfo kInfo = multiscale::layout_info(L);

// Bits of every byte, moved right (left if negative) and masked.
MS_INLINE I16 field(I16 line, int right, int mask) {
  I16 v;
#if defined(__aarch64__)
  // Bytes can be shifted there: the highest bits come without others.
  for (int i = 0; i < kParts; i++) {
    const uint8x16_t bytes = (uint8x16_t)line.part[i], moved = right < 0 ? bytes << -right : bytes >> right;
    v.part[i] = (VecI)(right > 0 && mask == 255 >> right ? moved : moved & (uint8_t)mask);
  }
#else
  for (int i = 0; i < kParts; i++)
    v.part[i] = (right < 0 ? line.part[i] << -right : line.part[i] >> right) & (mask * 0x01010101);
#endif
  return v;
}

MS_INLINE I16 load_line(const uint8_t* p) { return load16((const int32_t*)p); }

// Dot products of signed bytes need codes up to 127: those that may be larger are loaded less their offset.
template <Layout L>
inline constexpr bool kLessOffset =
    kForm == multiscale::DigitForm::kSignedBytes && (kInfo<L>.bits == 8 || kInfo<L>.table != nullptr);

// What is still to be taken from the codes that load_codes gives.
template <Layout L>
inline constexpr int kOffset = kLessOffset<L> ? 0 : kInfo<L>.offset;

struct Table {
  uint8_t entries[16];
};

template <Layout L>
inline constexpr Table kTableLessOffset = [] {
  Table table{};
  for (int i = 0; i < 16; i++) table.entries[i] = (uint8_t)(kInfo<L>.table[i] - kInfo<L>.offset);
  return table;
}();

// The codes of columns 4j … 4j + 3 of 16 rows, four in each lane; unsigned, or signed if kLessOffset.
template <Layout L>
MS_INLINE I16 load_codes(const uint8_t* group, int j) {
  constexpr LayoutInfo info = kInfo<L>;
  if constexpr (info.bits == 8 && kLessOffset<L>) {
    static_assert(info.offset == 128);
    I16 line = load_line(group + j * 64);
    for (int i = 0; i < kParts; i++) line.part[i] ^= (int32_t)0x80808080;  // the top bit is worth 128
    return line;
  }
  if constexpr (info.bits == 8) return load_line(group + j * 64);
  I16 codes = {};
  if constexpr (info.nibbles()) codes = field(load_line(group + j % 4 * 64), j / 4 * 4, 15);
  constexpr int at = info.nibbles() ? 4 : 0;  // the bit where the pairs belong
  if constexpr (info.pairs())
    codes = codes | field(load_line(group + (info.pair_line() + j / 4) * 64), j % 4 * 2 - at, 3 << at);
  if constexpr (info.singles())
    codes =
        codes | field(load_line(group + info.single_line() * 64), j - (info.bits - 1), 1 << (info.bits - 1));
  if constexpr (info.table != nullptr) {
    if constexpr (kLessOffset<L>) codes = lookup(codes, kTableLessOffset<L>.entries);
    else codes = lookup(codes, info.table);
  }
  return codes;
}

// A record's scales. A group's are read one after the other, as the layout says.
template <Layout L>
struct Scales {
  static constexpr LayoutInfo kLayout = kInfo<L>;
  const uint8_t* header;
  F16 scale, minimum;  // of the whole record, if there are factors

  explicit MS_INLINE_MEMBER Scales(const uint8_t* record) : header(record) {
    if constexpr (kLayout.super()) scale = load_half16((const uint16_t*)header);
    if constexpr (kLayout.super() && kLayout.minimum()) minimum = load_half16((const uint16_t*)(header + 32));
  }

  MS_INLINE_MEMBER F16 of(int group, int part) const {
    const int at = (group * kLayout.parts() + part) * 16;  // in bytes, of arrays of bytes
    if constexpr (kLayout.scale == ScaleKind::kHalf || kLayout.scale == ScaleKind::kHalfMinimum)
      return load_half16((const uint16_t*)(header + 2 * at));
    if constexpr (kLayout.super())
      return scale * load_int8x16((const int8_t*)header + kLayout.factors_at() + at);
    if constexpr (kLayout.scale == ScaleKind::kExponent) return load_half_e8m0x16(header + at);
    if constexpr (kLayout.scale == ScaleKind::kFloat8) return load_half_ue4m3x16(header + at);
  }

  MS_INLINE_MEMBER F16 minimum_of(int group, int part) const {
    if constexpr (kLayout.scale == ScaleKind::kHalfMinimum)
      return load_half16((const uint16_t*)(header + 32));
    const int at = (group * kLayout.parts() + part) * 16;
    return minimum * load_uint8x16(header + kLayout.minimum_factors_at() + at);
  }
};

}  // namespace
