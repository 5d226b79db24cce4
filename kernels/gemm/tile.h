// One block of 16 weight rows times a tile of T tokens: the formula of contract.h, the same source for
// every instruction set. A variant includes this after it has defined
//
//   struct Codes                                     64 unsigned codes: [row 16][k 4]
//   Codes load_codes(const uint8_t*)
//   Codes low_nibbles(Codes), high_nibbles(Codes)
//   I16 dot(I16 sum, Codes, const uint8_t* digits)   sum[row] += Σ_4 code · digit
//   constexpr multiscale::DigitForm kForm
#pragma once

namespace {

using multiscale::GroupInfo;
using multiscale::Layout;
using multiscale::LayoutTraits;

// s_x · Σ_k q over half a group, for minimums per half. The sum is an exact integer: |Σ| ≤ 16·2^23.
template <int Passes>
MS_INLINE float half_sum(const GroupInfo& info, int half) {
  const int32_t sum = Passes == 3 ? info.codes[0][half] * 256 + info.codes[1][half] : info.codes[0][half];
  return info.scale * (float)sum;
}

// Reading ahead pays for decode, where the block streams from memory: 8 to 9 KB, measured (kernels.md).
constexpr int kPrefetchBytes = 9216;

template <Layout L>
MS_INLINE F16 load_scales(const uint8_t* p) {
  if constexpr (LayoutTraits<L>::kHalfFloat) return load_half16((const uint16_t*)p);
  else return load16((const float*)p);
}

template <Layout L, int Passes, int T>
void tile(const uint8_t* block, int records, const uint8_t* digits, const GroupInfo* info, int offset,
          float* y, size_t stride) {
  using Traits = LayoutTraits<L>;
  constexpr bool kBytes = kForm == multiscale::DigitForm::kBytes;
  constexpr int kTokenBytes = (int)(kBytes ? 32 * Passes : 64 * (Passes == 3 ? 2 : 1));
  constexpr int kPlanes = kBytes ? Passes : (Passes == 3 ? 2 : 1);  // integer accumulators of a token
  constexpr int kPlaneBytes = kBytes ? 32 : 64;
  constexpr int kQuadBytes = kBytes ? 4 : 8;
  constexpr int kHalves = Traits::kHalves ? 2 : 1;
  // With a scale per half, all low nibbles belong to the first one and all high nibbles to the second.
  constexpr bool kOneNibble = Traits::kNibbles && Traits::kHalves;
  // 64-byte loads of codes for one scale.
  constexpr int kLoads = Traits::kCodeBytes / 64 / (kOneNibble ? 1 : kHalves);

  F16 result[T];
  for (int t = 0; t < T; t++) result[t] = broadcast16(0.0f);

  for (int record = 0; record < records; record++, block += Traits::kRecordBytes) {
    if constexpr (T <= 2)
      for (int line = 0; line < Traits::kRecordBytes; line += 64)
        __builtin_prefetch(block + kPrefetchBytes + line);
#pragma GCC unroll 2
    for (int g = 0; g < Traits::kGroups; g++) {
      const uint8_t* header = block + g * Traits::kHeaderBytes;
      const uint8_t* codes = block + Traits::kGroups * Traits::kHeaderBytes + g * Traits::kCodeBytes;
#pragma GCC unroll 2
      for (int half = 0; half < kHalves; half++) {
        I16 sum[T][kPlanes];
#pragma GCC unroll 8
        for (int t = 0; t < T; t++) {
          for (int plane = 0; plane < kPlanes; plane++) sum[t][plane] = broadcast16(0);
          // Codes carry an offset; taking it out of the sum needs only the sum of the digits.
          const int32_t* c0 = info[t].codes[0];
          const int32_t* c1 = info[t].codes[1];
          const int last01 = kBytes && Passes > 1 ? 1 : 0;
          sum[t][last01] = broadcast16(-offset * (Traits::kHalves ? c0[half] : c0[0] + c0[1]));
          if constexpr (Passes == 3)
            sum[t][kPlanes - 1] = broadcast16(-offset * (Traits::kHalves ? c1[half] : c1[0] + c1[1]));
        }
#pragma GCC unroll 8
        for (int load = 0; load < kLoads; load++) {
          const Codes line = load_codes(codes + (kOneNibble ? load : half * kLoads + load) * 64);
          const uint8_t* quad = digits + (half * kLoads + load) * kQuadBytes;
          if constexpr (Traits::kNibbles && !kOneNibble) {
            const Codes low = low_nibbles(line), high = high_nibbles(line);
#pragma GCC unroll 8
            for (int t = 0; t < T; t++)
#pragma GCC unroll 3
              for (int plane = 0; plane < kPlanes; plane++) {
                const uint8_t* x = quad + t * kTokenBytes + plane * kPlaneBytes;
                sum[t][plane] = dot(sum[t][plane], low, x);
                sum[t][plane] = dot(sum[t][plane], high, x + 4 * kQuadBytes);
              }
          } else {
            Codes quads = line;
            if constexpr (kOneNibble) quads = half ? high_nibbles(line) : low_nibbles(line);
#pragma GCC unroll 8
            for (int t = 0; t < T; t++)
#pragma GCC unroll 3
              for (int plane = 0; plane < kPlanes; plane++)
                sum[t][plane] = dot(sum[t][plane], quads, quad + t * kTokenBytes + plane * kPlaneBytes);
          }
        }
        const F16 scale = load_scales<L>(header + half * Traits::kScaleBytes);
#pragma GCC unroll 8
        for (int t = 0; t < T; t++) {
          const I16 high = kBytes && Passes > 1 ? shift_left16(sum[t][0], 8) + sum[t][1] : sum[t][0];
          F16 total = to_float16(high);
          if constexpr (Passes == 3)
            total = fma16(total, broadcast16(256.0f), to_float16(sum[t][kPlanes - 1]));
          result[t] = fma16(total, scale * broadcast16(info[t].scale), result[t]);
        }
      }
      if constexpr (Traits::kMinimum) {
#pragma GCC unroll 2
        for (int half = 0; half < kHalves; half++) {
          const F16 minimum = load_scales<L>(header + (kHalves + half) * Traits::kScaleBytes);
#pragma GCC unroll 8
          for (int t = 0; t < T; t++) {
            const float units = Traits::kHalves ? half_sum<Passes>(info[t], half) : info[t].sum;
            result[t] = fma16(minimum, broadcast16(-units), result[t]);
          }
        }
      }
      digits += T * kTokenBytes;
      info += T;
    }
  }
  for (int t = 0; t < T; t++) store16(y + t * stride, result[t]);
}

template <Layout L, int Passes, int T, int MaxTile>
constexpr multiscale::TileKernel pick() {
  if constexpr (T <= MaxTile) return tile<L, Passes, T>;
  else return nullptr;
}

template <Layout L, int Passes, int MaxTile>
constexpr void fill_sizes(multiscale::GemmKernels& table) {
  multiscale::TileKernel* row = table.tile[(int)L][Passes - 1];
  row[0] = pick<L, Passes, 1, MaxTile>();
  row[1] = pick<L, Passes, 2, MaxTile>();
  row[2] = pick<L, Passes, 4, MaxTile>();
  row[3] = pick<L, Passes, 8, MaxTile>();
}

// The variant's row of the family table. M1, M2, M3: the largest tile for 1, 2 and 3 passes, set by how
// many accumulators the registers hold.
template <int M1, int M2, int M3>
constexpr multiscale::GemmKernels gemm_table() {
  multiscale::GemmKernels table{};
  table.form = kForm;
  table.max_tile[0] = M1;
  table.max_tile[1] = M2;
  table.max_tile[2] = M3;
#define MS_LAYOUT(L)                   \
  fill_sizes<Layout::L, 1, M1>(table); \
  fill_sizes<Layout::L, 2, M2>(table); \
  fill_sizes<Layout::L, 3, M3>(table);
  MS_LAYOUT(kC4S16)
  MS_LAYOUT(kC4S16M)
  MS_LAYOUT(kC4S32M)
  MS_LAYOUT(kC8S16)
  MS_LAYOUT(kC8S16M)
  MS_LAYOUT(kC8S32M)
  MS_LAYOUT(kC8S32H)
  MS_LAYOUT(kC8S32)
  MS_LAYOUT(kC4S32H)
  MS_LAYOUT(kC4S32HM)
#undef MS_LAYOUT
  fill_float_tiles(table);
  return table;
}

}  // namespace
