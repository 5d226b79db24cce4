// The source of every variant of the family; see contract.h.
#pragma once
#include "base/simd.h"
#include "elementwise/contract.h"

namespace {

using multiscale::DigitForm;
using multiscale::GroupInfo;
using multiscale::kGroup;

typedef int16_t Words16 __attribute__((vector_size(32)));

// The lowest byte of each lane.
MS_INLINE void store_bytes(uint8_t* p, I16 v) {
  for (int i = 0; i < kParts; i++) {
    const VecS bytes = __builtin_convertvector(v.part[i], VecS);
    memcpy(p + i * kLanes, &bytes, sizeof bytes);
  }
}

// The lowest 16 bits of each lane.
MS_INLINE void store_words(uint8_t* p, I16 v) {
  for (int i = 0; i < kParts; i++) {
    const VecW words = __builtin_convertvector(v.part[i], VecW);
    memcpy(p + i * 2 * kLanes, &words, sizeof words);
  }
}

// In the order 0, 2, 1, 3 within each four (contract.h of gemm).
MS_INLINE void store_shuffled_words(uint8_t* p, I16 v) {
  Words16 words;
  store_words((uint8_t*)&words, v);
  words = __builtin_shufflevector(words, words, 0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15);
  memcpy(p, &words, sizeof words);
}

// The digits of sixteen activations q: what the first two hold together, and the third.
struct Split {
  I16 upper, third;
};

MS_INLINE Split split(I16 q, int passes) {
  if (passes < 3) return {q, broadcast16(0)};
  const I16 upper = shift_right16(q + broadcast16(128), 8);
  return {upper, q - shift_left16(upper, 8)};
}

// Where the digits of one group go, as tiles or as panels have them (contract.h of gemm).
struct TileDigits {
  uint8_t* digits;
  GroupInfo* info;

  MS_INLINE_MEMBER void put(Split s, int half, int passes, DigitForm form) const {
    if (form == DigitForm::kWords) {
      store_shuffled_words(digits + half * 32, s.upper);
      if (passes == 3) store_shuffled_words(digits + 64 + half * 32, s.third);
      return;
    }
    if (passes == 1) return store_bytes(digits + half * 16, s.upper);
    store_bytes(digits + half * 16, shift_right16(s.upper + broadcast16(128), 8));
    store_bytes(digits + 32 + half * 16, s.upper);
    if (passes == 3) store_bytes(digits + 64 + half * 16, s.third);
  }

  MS_INLINE_MEMBER void put_sums(float scale, const int32_t (&codes)[2][2], int passes) const {
    const int32_t upper = codes[0][0] + codes[0][1], third = codes[1][0] + codes[1][1];
    info->scale = scale;
    info->sum = scale * (float)(passes == 3 ? upper * 256 + third : upper);
    memcpy(info->codes, codes, sizeof codes);
  }
};

struct PanelDigits {
  uint8_t* digits;  // of this token
  float* floats;    // of this token
  int tokens;

  // Four bytes at a time, as far apart as there are tokens.
  MS_INLINE_MEMBER void scatter(const uint8_t* bytes, int count, int at) const {
    uint8_t* p = digits + (size_t)at * tokens;
    for (int i = 0; i < count; i += 4, p += 4 * tokens) memcpy(p, bytes + i, 4);
  }
  MS_INLINE_MEMBER void put_bytes(I16 v, int at) const {
    uint8_t bytes[16];
    store_bytes(bytes, v);
    scatter(bytes, 16, at);
  }
  MS_INLINE_MEMBER void put_words(I16 v, int at) const {
    uint8_t bytes[32];
    store_words(bytes, v);
    scatter(bytes, 32, at);
  }

  MS_INLINE_MEMBER void put(Split s, int half, int passes, DigitForm form) const {
    if (form == DigitForm::kWords) {
      put_words(s.upper, half * 32);
      if (passes == 3) put_words(s.third, 64 + half * 32);
      return;
    }
    const I16 bias = broadcast16(128);
    if (passes == 1) return put_bytes(s.upper + bias, half * 16);
    put_bytes(shift_right16(s.upper, 8) + bias, half * 16);
    put_bytes(s.upper, 32 + half * 16);
    if (passes == 3) put_bytes(s.third + bias, 64 + half * 16);
  }

  MS_INLINE_MEMBER void put_sums(float scale, const int32_t (&codes)[2][2], int passes) const {
    int32_t sum[2];
    for (int half = 0; half < 2; half++)
      sum[half] = passes == 3 ? codes[0][half] * 256 + codes[1][half] : codes[0][half];
    floats[0] = scale;
    floats[tokens] = scale * (float)(sum[0] + sum[1]);
    floats[2 * tokens] = scale * (float)sum[0];
    floats[3 * tokens] = scale * (float)sum[1];
  }
};

MS_INLINE F16 load_columns(const float* x, int begin, int cols) {
  if (begin + 16 <= cols) return load16(x + begin);
  return begin < cols ? load_partial16(x + begin, cols - begin) : broadcast16(0.0f);
}

int first_not_finite(const float* x, int cols) {
  for (int i = 0; i < cols; i++)
    if (!(x[i] - x[i] == 0)) return i;
  return -1;
}

// `target(group)` is where a group goes.
template <class Target>
MS_INLINE int decompose(const float* x, int cols, int groups, int passes, bool per_row, DigitForm form,
                        float* row_factor, const Target& target) {
  constexpr int32_t kInfinity = 0x7f800000;
  const float top = passes == 1 ? 127.0f : passes == 2 ? 32512.0f : 8323072.0f;
  I16 row_bits = broadcast16(0);
  if (per_row)
    for (int k = 0; k < cols; k += 16) row_bits = max16(row_bits, magnitude_bits16(load_columns(x, k, cols)));
  const int32_t row_max = max_lanes(row_bits);
  *row_factor = 1;
  for (int g = 0; g < groups; g++) {
    const F16 a = load_columns(x, g * kGroup, cols), b = load_columns(x, g * kGroup + 16, cols);
    const int32_t max_bits = per_row ? row_max : max_lanes(max16(magnitude_bits16(a), magnitude_bits16(b)));
    if (max_bits >= kInfinity) return first_not_finite(x, cols);
    float maximum;
    memcpy(&maximum, &max_bits, 4);
    float inverse = top / maximum;  // infinite for 0 and for what is too small to scale
    if (inverse - inverse != 0) inverse = 0;
    const float scale = inverse == 0 ? 0 : maximum / top;
    if (per_row) *row_factor = scale;
    const F16 limit = broadcast16(top), factor = broadcast16(inverse);
    const auto out = target(g);
    int32_t codes[2][2];
#pragma GCC unroll 2
    for (int half = 0; half < 2; half++) {
      const I16 q = round16(max16(broadcast16(-top), min16((half ? b : a) * factor, limit)));
      const Split s = split(q, passes);
      codes[0][half] = sum_lanes(s.upper);
      codes[1][half] = passes == 3 ? sum_lanes(s.third) : 0;
      out.put(s, half, passes, form);
    }
    out.put_sums(per_row ? 1 : scale, codes, passes);
  }
  return -1;
}

int decompose_tile_row(const float* x, int cols, int groups, int passes, bool per_row, DigitForm form,
                       int tokens, uint8_t* digits, GroupInfo* info, float* factor) {
  const size_t stride = (size_t)multiscale::digit_bytes(form, passes) * tokens;
  return decompose(x, cols, groups, passes, per_row, form, factor, [&](int g) {
    return TileDigits{digits + g * stride, info + (size_t)g * tokens};
  });
}

int decompose_panel_row(const float* x, int cols, int groups, int passes, bool per_row, DigitForm form,
                        int tokens, uint8_t* digits, float* floats, float* factor) {
  const size_t stride = (size_t)multiscale::digit_bytes(form, passes) * tokens;
  return decompose(x, cols, groups, passes, per_row, form, factor, [&](int g) {
    return PanelDigits{digits + g * stride, floats + (size_t)g * multiscale::kTokenFloats * tokens, tokens};
  });
}

// Σ (factor · x)²
MS_INLINE float sum_of_squares(const float* x, int cols, float factor) {
  F16 squares = broadcast16(0.0f);
  for (int k = 0; k < cols; k += 16) {
    const F16 v = load_columns(x, k, cols) * broadcast16(factor);
    squares = squares + v * v;
  }
  return sum_lanes(squares);
}

void rms_norm_row(const float* x, const float* gain, int cols, float epsilon, float* y) {
  float shrink = 1.0f, squares = sum_of_squares(x, cols, shrink);
  if (squares - squares != 0) {  // overflow: quiet zeros would come out
    shrink = 0x1p-64f;
    squares = sum_of_squares(x, cols, shrink);
  }
  const float factor = shrink / __builtin_sqrtf(squares / (float)cols + epsilon * shrink * shrink);
  for (int k = 0; k < cols; k++) y[k] = x[k] * factor * gain[k];
}

MS_INLINE F16 swiglu16(F16 gate, F16 up) {
  const F16 one = broadcast16(1.0f);
  return gate / (one + exp16(broadcast16(0.0f) - gate)) * up;
}

void swiglu(const float* gate, const float* up, size_t count, float* out) {
  size_t i = 0;
  for (; i + 16 <= count; i += 16) store16(out + i, swiglu16(load16(gate + i), load16(up + i)));
  const int rest = (int)(count - i);
  if (rest > 0)
    store_partial16(out + i, swiglu16(load_partial16(gate + i, rest), load_partial16(up + i, rest)), rest);
}

void add(float* x, const float* y, size_t count) {
  for (size_t i = 0; i < count; i++) x[i] += y[i];
}

constexpr multiscale::ElementwiseKernels kKernels = {decompose_tile_row, decompose_panel_row, rms_norm_row,
                                                     swiglu, add};

}  // namespace
