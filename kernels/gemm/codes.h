// Codes and scales of a packed group in registers; the same source for every instruction set. A variant
// defines before
//
//   I16 lookup(I16 codes, const uint8_t* table)      each of the 64 bytes by a table of 16
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
  for (int i = 0; i < kParts; i++)
    v.part[i] = (right < 0 ? line.part[i] << -right : line.part[i] >> right) & (mask * 0x01010101);
  return v;
}

MS_INLINE I16 load_line(const uint8_t* p) { return load16((const int32_t*)p); }

// The unsigned codes of columns 4j … 4j + 3 of 16 rows, four in each lane.
template <Layout L>
MS_INLINE I16 load_codes(const uint8_t* group, int j) {
  constexpr LayoutInfo info = kInfo<L>;
  if constexpr (info.bits == 8) return load_line(group + j * 64);
  I16 codes = {};
  if constexpr (info.nibbles()) codes = field(load_line(group + j % 4 * 64), j / 4 * 4, 15);
  constexpr int at = info.nibbles() ? 4 : 0;  // the bit where the pairs belong
  if constexpr (info.pairs())
    codes = codes | field(load_line(group + (info.pair_line() + j / 4) * 64), j % 4 * 2 - at, 3 << at);
  if constexpr (info.singles())
    codes =
        codes | field(load_line(group + info.single_line() * 64), j - (info.bits - 1), 1 << (info.bits - 1));
  if constexpr (info.table != nullptr) codes = lookup(codes, info.table);
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
