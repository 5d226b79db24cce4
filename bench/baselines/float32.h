// The float32 baseline; the same source for AVX2 and AVX-512.
#pragma once
#include "baselines/tile.h"

namespace {

using multiscale::kGroup;

// A 64-byte line of codes is a lane of eight nibbles for each of 16 rows. Nibble i is multiplied where it is,
// as code · 16^i, by the activation / 16^i: both exact, and it saves a shift for every number. Only the
// highest one, which would be a sign, is shifted down.
constexpr int kNibbles = 8, kLines = kGroup / kNibbles;

constexpr float weight_of_nibble(int i) { return i == 7 ? 1.0f : (float)(1 << 4 * i); }
constexpr int column_of(int line, int i) { return i % 2 * 16 + line * 4 + i / 2; }

MS_INLINE F16 nibble(I16 line, int i) {
  for (int p = 0; p < kParts; p++) {
    typedef uint32_t Unsigned __attribute__((vector_size(MS_WIDTH)));
    line.part[p] = i == 7 ? (VecI)((Unsigned)line.part[p] >> 28) : line.part[p] & (15 << 4 * i);
  }
  return to_float16(line);
}

// Of a token's group: its activations in the order of the nibbles, then −8 Σ x, for the codes' offset.
constexpr int kTileFloats = kGroup + 1;

void prepare_tile(const float* x, int cols, int tokens, float* out) {
  for (int k = 0; k < cols; k += kGroup)
    for (int t = 0; t < tokens; t++, out += kTileFloats) {
      const float* group = x + (size_t)t * cols + k;
      float sum = 0;
      for (int step = 0; step < kGroup; step++) {
        const int i = step % kNibbles;
        out[step] = group[column_of(step / kNibbles, i)] * (1 / weight_of_nibble(i));
        sum += group[step];
      }
      out[kGroup] = -(float)kQ4.offset * sum;
    }
}

template <int T>
void tile(const uint8_t* block, int records, const float* x, float* y, size_t stride) {
  // Two multiply-adds start in each cycle and take four: eight sums must be under way.
  constexpr int kSums = T * kParts, kChains = kSums < 8 ? 8 / kSums : 1;
  tile_of<T, kTileFloats>(
      block, records, x, y, stride,
      [](const uint8_t* codes, const float* x, F16* sums) __attribute__((always_inline)) {
        F16 chain[kChains][T];
#pragma GCC unroll 8
        for (int t = 0; t < T; t++) {
          chain[0][t] = broadcast16(x[t * kTileFloats + kGroup]);
          for (int c = 1; c < kChains; c++) chain[c][t] = broadcast16(0.0f);
        }
#pragma GCC unroll 4
        for (int j = 0; j < kLines; j++) {
          const I16 line = load16((const int32_t*)(codes + j * 64));
#pragma GCC unroll 8
          for (int i = 0; i < kNibbles; i++) {
            const F16 w = nibble(line, i);
#pragma GCC unroll 8
            for (int t = 0; t < T; t++) {
              F16& sum = chain[i % kChains][t];
              sum = fma16(w, broadcast16(x[t * kTileFloats + j * kNibbles + i]), sum);
            }
          }
        }
#pragma GCC unroll 8
        for (int t = 0; t < T; t++) {
          sums[t] = chain[0][t];
          for (int c = 1; c < kChains; c++) sums[t] = sums[t] + chain[c][t];
        }
      });
}

void prepare_panel(const float* x, int cols, int tokens, float* out) {
  for (int k = 0; k < cols; k++)
    for (int t = 0; t < tokens; t++) *out++ = x[(size_t)t * cols + k];
}

// scale · code − 8 · scale, fused, is exact: a weight has 15 bits at most.
void unpack(const uint8_t* block, int begin, int end, int index, float* panel) {
  panel += index * 16;
  for (int group = begin; group < end; group++, panel += kGroup * kPanelBlocks * 16) {
    const uint8_t* record = block + (size_t)(group / kQ4.groups()) * kQ4.record_bytes();
    const int g = group % kQ4.groups();
    const F16 scale = scale_of(record, g), less = scale * broadcast16(-(float)kQ4.offset);
#pragma GCC unroll 8
    for (int i = 0; i < kNibbles; i++) {
      const F16 factor = scale * broadcast16(1 / weight_of_nibble(i));
#pragma GCC unroll 4
      for (int j = 0; j < kLines; j++) {
        const I16 line = load16((const int32_t*)(codes_of(record, g) + j * 64));
        store16(panel + column_of(j, i) * kPanelBlocks * 16, fma16(nibble(line, i), factor, less));
      }
    }
  }
}

}  // namespace
