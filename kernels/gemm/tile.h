// One block of 16 weight rows times a tile of T tokens: the formula of contract.h, the same source for
// every instruction set. A variant includes this after codes.h and what that needs, and
//
//   I16 dot(I16 sum, I16 codes, const uint8_t* digits)   sum[row] += Σ_4 code · digit
//
// and, if its dot products take words but bytes are faster where their products fit 16 bits, MS_NARROW_SUMS
// and
//
//   I16 dot_narrow(I16 sum, I16 codes, const uint8_t* digits)   two sums of 16 bits in each row's lane
//   I16 add_narrow(I16 sum, I16 narrow)                         sum[row] += both
#pragma once
#include "gemm/codes.h"

namespace {

// How many quads of codes can be summed in 16 bits, each half of a lane taking two products of a quad; 0 if
// that is not how the variant multiplies.
#if defined(MS_NARROW_SUMS)
template <Layout L>
constexpr int kNarrowQuads = 32767 / (2 * 128 * kInfo<L>.largest_code());
#else
template <Layout L>
constexpr int kNarrowQuads = 0;
// Never called; only named.
MS_INLINE I16 dot_narrow(I16 sum, I16, const uint8_t*) { return sum; }
MS_INLINE I16 add_narrow(I16 sum, I16) { return sum; }
#endif

// s_x · Σ_k q over half a group, for minimums per half. The sum is an exact integer: |Σ| ≤ 16·2^23.
template <int Passes>
MS_INLINE float half_sum(const GroupInfo& info, int half) {
  const int32_t sum = Passes == 3 ? info.codes[0][half] * 256 + info.codes[1][half] : info.codes[0][half];
  return info.scale * (float)sum;
}

// Reading ahead pays for decode, where the block streams from memory. Measured, as shares of the read
// bandwidth beside it: on Sapphire Rapids into the second-level cache 12 KB ahead 0.97, into the first 9 KB
// ahead 0.90; on Zen 5 the first-level cache 8 to 9 KB ahead is better (kernels.md).
MS_INLINE void prefetch(const uint8_t* p, bool near) {
  if (near) __builtin_prefetch(p + 9216, 0, 3);
  else __builtin_prefetch(p + 12288, 0, 2);
}

template <Layout L, int Passes, int T>
void tile(const uint8_t* block, int records, const uint8_t* digits, const GroupInfo* info,
          const float* factors, float* y, size_t stride) {
  constexpr LayoutInfo kLayout = kInfo<L>;
  constexpr bool kNarrow = kNarrowQuads < L >> 0;
  constexpr bool kBytes = multiscale::in_bytes(kForm) || kNarrow;
  constexpr int kTokenBytes = multiscale::tile_digit_bytes(kForm, Passes);
  constexpr int kPlanes = kBytes ? Passes : (Passes == 3 ? 2 : 1);  // integer accumulators of a token
  constexpr int kPlaneBytes = kBytes ? 32 : 64;
  constexpr int kQuadBytes = kBytes ? 4 : 8;
  constexpr int kDigitsAt = kNarrow ? multiscale::digit_bytes(kForm, Passes) : 0;
  constexpr int kParts_ = kLayout.parts(), kQuads = 8 / kParts_;
  // Dot products into one sum wait for each other. With fewer than four sums at work each is made of two,
  // over even and odd quads (measured in cache: 1.35 times as fast with AVX-512, slower with four sums
  // already).
  constexpr int kChains = !kNarrow && T * kParts * kPlanes < 4 ? 2 : 1;

  // A nibble's line holds columns 16 apart: both are used while it is in a register.
  constexpr bool kTwice = kLayout.nibbles() && !kLayout.halves;

  // Lines to read ahead for each group, the header's share included.
  constexpr int kLines = (kLayout.record_bytes() / 64 + kLayout.groups() - 1) / kLayout.groups();
  const bool near = multiscale::prefetch_near;

  F16 result[T];
  for (int t = 0; t < T; t++) result[t] = broadcast16(0.0f);

  for (int record = 0; record < records; record++, block += kLayout.record_bytes()) {
    const Scales<L> scales(block);
    for (int g = 0; g < kLayout.groups(); g++) {
      if constexpr (T <= 4)
        for (int line = 0; line < kLines; line++) prefetch(block + (g * kLines + line) * 64, near);
      const uint8_t* codes = block + kLayout.header_bytes() + g * kLayout.group_bytes();
      for (int part = 0; part < kParts_; part++) {
        I16 chain[kChains][T][kPlanes];
        [[maybe_unused]] I16 narrow[T][kPlanes] = {};
        auto& sum = chain[0];
#pragma GCC unroll 8
        for (int t = 0; t < T; t++) {
          for (int c = 0; c < kChains; c++)
            for (int plane = 0; plane < kPlanes; plane++) chain[c][t][plane] = broadcast16(0);
          // Codes carry an offset; taking it out of the sum needs only the sum of the digits.
          if constexpr (kOffset<L> != 0) {
            const int32_t* c0 = info[t].codes[0];
            const int32_t* c1 = info[t].codes[1];
            const int last01 = kBytes && Passes > 1 ? 1 : 0;
            sum[t][last01] = broadcast16(-kOffset<L> * (kLayout.halves ? c0[part] : c0[0] + c0[1]));
            if constexpr (Passes == 3)
              sum[t][kPlanes - 1] = broadcast16(-kOffset<L> * (kLayout.halves ? c1[part] : c1[0] + c1[1]));
          }
        }
#pragma GCC unroll 8
        for (int i = 0; i < kQuads; i++) {
          const int j = kTwice ? i / 2 + i % 2 * 4 : part * kQuads + i;
          const I16 quad = load_codes<L>(codes, j);
          const uint8_t* x = digits + kDigitsAt + j * kQuadBytes;
#pragma GCC unroll 8
          for (int t = 0; t < T; t++)
#pragma GCC unroll 3
            for (int plane = 0; plane < kPlanes; plane++) {
              const uint8_t* four = x + t * kTokenBytes + plane * kPlaneBytes;
              I16& s = chain[i % kChains][t][plane];
              if constexpr (kNarrow) {
                I16& n = narrow[t][plane];
                n = dot_narrow(n, quad, four);
                if ((i + 1) % kNarrowQuads<L> != 0 && i + 1 != kQuads) continue;
                s = add_narrow(s, n);
                n = broadcast16(0);
              } else {
                s = dot(s, quad, four);
              }
            }
          if constexpr (kLoadsWander)
            if (!kTwice || i % 2) load_after(chain[i % kChains][T - 1][kPlanes - 1], codes, digits);
        }
        if constexpr (kChains == 2)
          for (int t = 0; t < T; t++)
            for (int plane = 0; plane < kPlanes; plane++) sum[t][plane] = sum[t][plane] + chain[1][t][plane];
        const F16 scale = scales.of(g, part);
#pragma GCC unroll 8
        for (int t = 0; t < T; t++) {
          const I16 high = kBytes && Passes > 1 ? shift_left16(sum[t][0], 8) + sum[t][1] : sum[t][0];
          F16 total = to_float16(high);
          if constexpr (Passes == 3)
            total = fma16(total, broadcast16(256.0f), to_float16(sum[t][kPlanes - 1]));
          result[t] = fma16(total, scale * broadcast16(info[t].scale), result[t]);
        }
      }
      if constexpr (kLayout.minimum()) {
        for (int part = 0; part < kParts_; part++) {
          const F16 minimum = scales.minimum_of(g, part);
#pragma GCC unroll 8
          for (int t = 0; t < T; t++) {
            const float units = kLayout.halves ? half_sum<Passes>(info[t], part) : info[t].sum;
            result[t] = fma16(minimum, broadcast16(-units), result[t]);
          }
        }
      }
      digits += T * kTokenBytes;
      info += T;
    }
  }
  for (int t = 0; t < T; t++) store16(y + t * stride, result[t] * broadcast16(factors[t]));
}

template <Layout L, int Passes, int MaxTile, int Log2>
constexpr void fill_tiles(multiscale::GemmKernels& table) {
  if constexpr ((1 << Log2) <= MaxTile) {
    table.tile[(int)L][Passes - 1][Log2] = tile<L, Passes, 1 << Log2>;
    if constexpr (Log2 + 1 < multiscale::kTileSizes) fill_tiles<L, Passes, MaxTile, Log2 + 1>(table);
  }
}

// Fills the tile part of a variant's row of the family table. M1, M2, M3: the largest tile for 1, 2 and 3
// passes, set by how many accumulators the registers hold.
template <int M1, int M2, int M3>
constexpr void fill_tile_table(multiscale::GemmKernels& table) {
  table.form = kForm;
  table.max_tile[0] = M1;
  table.max_tile[1] = M2;
  table.max_tile[2] = M3;
#define MS_FILL(type)                        \
  fill_tiles<Layout::type, 1, M1, 0>(table); \
  fill_tiles<Layout::type, 2, M2, 0>(table); \
  fill_tiles<Layout::type, 3, M3, 0>(table);
  MS_EACH_LAYOUT(MS_FILL)
#undef MS_FILL
}

}  // namespace
