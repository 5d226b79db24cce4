// The bfloat16 baseline: vdpbf16ps. Zen starts as many of them as of other multiplications, Sapphire Rapids
// fewer; the bfloat16 tiles (AMX) that the latter has are not used.
#include "baselines/tile.h"

namespace {

using multiscale::kGroup;
constexpr int kPanelBlocks = 2;

// A 64-byte line of codes is a lane of eight nibbles for each of 16 rows; the nibbles at bits 4s of a lane's
// two words, of columns two apart, are a pair.
constexpr int kPairs = 4, kLines = 4, kSteps = kLines * kPairs;
static_assert(kSteps * 2 == kGroup);

// The place of a pair's columns in their group, and so the order of activations.
constexpr int column_of(int step, int word) {
  const int j = step / kPairs, s = step % kPairs;
  return s % 2 * 16 + j * 4 + s / 2 + word * 2;
}

struct Table {
  alignas(64) uint16_t words[32];
};

// code − 8 in bfloat16, the upper half of the float; twice, because vpermw looks at five bits of an index
// and so needs no mask.
constexpr Table kCodes = [] {
  Table table{};
  for (int i = 0; i < 32; i++)
    table.words[i] = (uint16_t)(__builtin_bit_cast(uint32_t, (float)(i % 16 - kQ4.offset)) >> 16);
  return table;
}();

constexpr Table kOrder = [] {
  Table table{};
  for (int i = 0; i < 32; i++) table.words[i] = (uint16_t)column_of(i / 2, i % 2);
  return table;
}();

// 32 activations as steps.
MS_INLINE __m512i steps_of(const float* x) {
  const __m512bh rounded = _mm512_cvtne2ps_pbh(_mm512_loadu_ps(x + 16), _mm512_loadu_ps(x));
  return _mm512_permutexvar_epi16(_mm512_load_si512(kOrder.words), (__m512i)rounded);
}

void prepare_tile(const float* x, int cols, int tokens, float* out) {
  for (int k = 0; k < cols; k += kGroup)
    for (int t = 0; t < tokens; t++, out += kSteps)
      _mm512_storeu_si512(out, steps_of(x + (size_t)t * cols + k));
}

void prepare_panel(const float* x, int cols, int tokens, float* out) {
  const __m512i places = _mm512_mullo_epi32(
      _mm512_set1_epi32(tokens), _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
  for (int k = 0; k < cols; k += kGroup, out += kSteps * tokens)
    for (int t = 0; t < tokens; t++)
      _mm512_i32scatter_epi32(out + t, places, steps_of(x + (size_t)t * cols + k), 4);
}

// Assembly for the reason of gemm/x86_avx512vnni.cc.
MS_INLINE F16 dot(F16 sum, __m512i weights, const float* x) {
  __asm__("vdpbf16ps %2%{1to16%}, %1, %0" : "+v"(sum.part[0]) : "v"(weights), "m"(*x));
  return sum;
}

template <int T>
void tile(const uint8_t* block, int records, const float* x, float* y, size_t stride) {
  constexpr int kChains = T < 8 ? 8 / T : 1;
  const __m512i table = _mm512_load_si512(kCodes.words);
  tile_of<T, kSteps>(
      block, records, x, y,
      stride, [table](const uint8_t* codes, const float* x, F16* sums) __attribute__((always_inline)) {
        F16 chain[kChains][T];
        for (int c = 0; c < kChains; c++)
          for (int t = 0; t < T; t++) chain[c][t] = broadcast16(0.0f);
#pragma GCC unroll 16
        for (int step = 0; step < kSteps; step++) {
          const __m512i line = _mm512_load_si512(codes + step / kPairs * 64);
          const __m512i index = _mm512_srli_epi16(line, step % kPairs * 4);
          const __m512i weights = _mm512_permutexvar_epi16(index, table);
#pragma GCC unroll 8
          for (int t = 0; t < T; t++) {
            F16& sum = chain[step % kChains][t];
            sum = dot(sum, weights, x + t * kSteps + step);
          }
        }
#pragma GCC unroll 8
        for (int t = 0; t < T; t++) {
          sums[t] = chain[0][t];
          for (int c = 1; c < kChains; c++) sums[t] = sums[t] + chain[c][t];
        }
      });
}

// Eight rows at a time: a row's two columns lie side by side, and rounding leaves them so.
void unpack(const uint8_t* block, int begin, int end, int index, float* panel) {
  float codes[16];
  for (int i = 0; i < 16; i++) codes[i] = (float)(i - kQ4.offset);
  const __m512 table = _mm512_loadu_ps(codes);  // vpermps looks at four bits of an index
  const __m512i twice = _mm512_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);
  panel += index * 16;
  for (int group = begin; group < end; group++) {
    const uint8_t* record = block + (size_t)(group / kQ4.groups()) * kQ4.record_bytes();
    const int g = group % kQ4.groups();
    const __m512 scale = (__m512)scale_of(record, g).part[0];
    const __m512 scales[2] = {
        _mm512_permutexvar_ps(twice, scale),
        _mm512_permutexvar_ps(_mm512_add_epi32(twice, _mm512_set1_epi32(8)), scale),
    };
#pragma GCC unroll 4
    for (int j = 0; j < kLines; j++) {
      const __m256i* line = (const __m256i*)(codes_of(record, g) + j * 64);
      const __m512i words[2] = {_mm512_cvtepu16_epi32(line[0]), _mm512_cvtepu16_epi32(line[1])};
#pragma GCC unroll 4
      for (int s = 0; s < kPairs; s++, panel += kPanelBlocks * 16) {
        __m512 weights[2];
        for (int half = 0; half < 2; half++)
          weights[half] = _mm512_mul_ps(_mm512_permutexvar_ps(_mm512_srli_epi32(words[half], 4 * s), table),
                                        scales[half]);
        _mm512_store_si512(panel, (__m512i)_mm512_cvtne2ps_pbh(weights[1], weights[0]));
      }
    }
  }
}

}  // namespace

#include "panel_avx512bf16.h"

const multiscale::Baseline multiscale::kBFloat16Avx512 = {
    2, prepare_tile, kSteps, 8, {tile<1>, tile<2>, tile<4>, tile<8>}, prepare_panel, unpack, &kPanelKernels,
};
