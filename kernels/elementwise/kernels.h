// The source of every variant of the family; see contract.h.
#pragma once
#include "base/narrow.h"
#include "elementwise/contract.h"

namespace {

using multiscale::DigitForm;
using multiscale::GroupInfo;
using multiscale::kGroup;

// The digits of sixteen activations q: what the first two hold together, and the third.
struct Split {
  I16 upper, third;
};

template <int Passes>
MS_INLINE Split split(I16 q) {
  if constexpr (Passes < 3) return {q, broadcast16(0)};
  const I16 upper = shift_right16(q + broadcast16(128), 8);
  return {upper, q - shift_left16(upper, 8)};
}

// Where the digits of one token's group go, as tiles or as panels have them (contract.h of gemm).
template <int Passes, DigitForm Form>
struct TileDigits {
  uint8_t* digits;
  GroupInfo* info;

  MS_INLINE_MEMBER TileDigits(uint8_t* tile, void* notes, int tokens, int group, int token) {
    const size_t at = (size_t)group * tokens + token;
    digits = tile + at * multiscale::tile_digit_bytes(Form, Passes);
    info = (GroupInfo*)notes + at;
  }

  MS_INLINE_MEMBER void put(Split s, int half) const {
    if constexpr (Form == DigitForm::kWords) {
      store_shuffled_words(digits + half * 32, s.upper);
      if constexpr (Passes == 3) store_shuffled_words(digits + 64 + half * 32, s.third);
    }
    uint8_t* bytes = digits + (Form == DigitForm::kWords ? multiscale::digit_bytes(Form, Passes) : 0);
    if constexpr (Passes == 1) return store_bytes(bytes + half * 16, s.upper);
    store_bytes(bytes + half * 16, shift_right16(s.upper + broadcast16(128), 8));
    store_bytes(bytes + 32 + half * 16, s.upper);
    if constexpr (Passes == 3) store_bytes(bytes + 64 + half * 16, s.third);
  }

  MS_INLINE_MEMBER void put_sums(float scale, const int32_t (&codes)[2][2]) const {
    const int32_t upper = codes[0][0] + codes[0][1], third = codes[1][0] + codes[1][1];
    info->scale = scale;
    info->sum = scale * (float)(Passes == 3 ? upper * 256 + third : upper);
    memcpy(info->codes, codes, sizeof codes);
  }
};

template <int Passes, DigitForm Form>
struct PanelDigits {
  uint8_t* digits;
  float* floats;
  int tokens;

  MS_INLINE_MEMBER PanelDigits(uint8_t* tile, void* notes, int tokens, int group, int token)
      : tokens(tokens) {
    digits = tile + (size_t)group * tokens * multiscale::digit_bytes(Form, Passes) + token * 4;
    floats = (float*)notes + (size_t)group * tokens * multiscale::kTokenFloats + token;
  }

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

  MS_INLINE_MEMBER void put(Split s, int half) const {
    if constexpr (Form == DigitForm::kWords) {
      put_words(s.upper, half * 32);
      if constexpr (Passes == 3) put_words(s.third, 64 + half * 32);
    } else {
      // A second digit from −128 to 127 leaves the first one rounded, one from 0 to 255 leaves it cut.
      constexpr bool kSigned = Form == DigitForm::kSignedBytes;
      const I16 bias = broadcast16(kSigned ? 0 : 128), rounding = broadcast16(kSigned ? 128 : 0);
      if constexpr (Passes == 1) return put_bytes(s.upper + bias, half * 16);
      put_bytes(shift_right16(s.upper + rounding, 8) + bias, half * 16);
      put_bytes(s.upper, 32 + half * 16);
      if constexpr (Passes == 3) put_bytes(s.third + bias, 64 + half * 16);
    }
  }

  MS_INLINE_MEMBER void put_sums(float scale, const int32_t (&codes)[2][2]) const {
    int32_t sum[2];
    for (int half = 0; half < 2; half++)
      sum[half] = Passes == 3 ? codes[0][half] * 256 + codes[1][half] : codes[0][half];
    floats[0] = scale;
    floats[tokens] = scale * (float)(sum[0] + sum[1]);
    floats[2 * tokens] = scale * (float)sum[0];
    floats[3 * tokens] = scale * (float)sum[1];
  }
};

int first_not_finite(const float* x, int count) {
  for (int i = 0; i < count; i++)
    if (!(x[i] - x[i] == 0)) return i;
  return -1;
}

struct Range {
  float factor, scale;  // activation · factor = q, q · scale = activation
};

// `bits`: the pattern of the largest magnitude.
template <int Passes>
MS_INLINE Range range_of(int32_t bits) {
  constexpr float kTop = Passes == 1 ? 127.0f : Passes == 2 ? 32512.0f : 8323072.0f;
  float maximum;
  memcpy(&maximum, &bits, 4);
  const float inverse = kTop / maximum;  // infinite for 0 and for what is too small to scale
  return inverse - inverse == 0 ? Range{inverse, maximum / kTop} : Range{0, 0};
}

// Group after group, the tokens of each together: what is written stays in the first-level cache.
template <int Passes, bool PerRow, class Target>
int decompose(const float* x, int cols, int groups, int tokens, uint8_t* digits, void* notes,
              float* factors) {
  constexpr int32_t kInfinity = 0x7f800000;
  constexpr float kTop = Passes == 1 ? 127.0f : Passes == 2 ? 32512.0f : 8323072.0f;
  Range rows[8];
  for (int t = 0; t < tokens; t++) {
    factors[t] = 1;
    if constexpr (PerRow) {
      I16 most = broadcast16(0);
      for (int k = 0; k < cols; k += 16)
        most = max16(most, magnitude_bits16(load_up_to(x + (size_t)t * cols, k, cols)));
      const int32_t bits = max_lanes(most);
      if (bits >= kInfinity) return first_not_finite(x, tokens * cols);
      rows[t] = range_of<Passes>(bits);
      factors[t] = rows[t].scale;
    }
  }
  for (int g = 0; g < groups; g++)
    for (int t = 0; t < tokens; t++) {
      const float* row = x + (size_t)t * cols;
      const F16 a = load_up_to(row, g * kGroup, cols), b = load_up_to(row, g * kGroup + 16, cols);
      Range range;
      if constexpr (PerRow) {
        range = rows[t];
      } else {
        const int32_t bits = max_lanes(max16(magnitude_bits16(a), magnitude_bits16(b)));
        if (bits >= kInfinity) return first_not_finite(x, tokens * cols);
        range = range_of<Passes>(bits);
      }
      const F16 limit = broadcast16(kTop), factor = broadcast16(range.factor);
      const Target out(digits, notes, tokens, g, t);
      int32_t codes[2][2];
      for (int half = 0; half < 2; half++) {
        const Split s =
            split<Passes>(round16(max16(broadcast16(-kTop), min16((half ? b : a) * factor, limit))));
        codes[0][half] = sum_lanes(s.upper);
        codes[1][half] = Passes == 3 ? sum_lanes(s.third) : 0;
        out.put(s, half);
      }
      out.put_sums(PerRow ? 1 : range.scale, codes);
    }
  return -1;
}

template <template <int, DigitForm> class Target, DigitForm Form, int Passes>
MS_INLINE int decompose_passes(const float* x, int cols, int groups, bool per_row, int tokens,
                               uint8_t* digits, void* notes, float* factors) {
  return per_row
             ? decompose<Passes, true, Target<Passes, Form>>(x, cols, groups, tokens, digits, notes, factors)
             : decompose<Passes, false, Target<Passes, Form>>(x, cols, groups, tokens, digits, notes,
                                                              factors);
}

template <template <int, DigitForm> class Target, DigitForm Form>
int decompose_form(const float* x, int cols, int groups, int passes, bool per_row, int tokens,
                   uint8_t* digits, void* notes, float* factors) {
  switch (passes) {
    case 1:
      return decompose_passes<Target, Form, 1>(x, cols, groups, per_row, tokens, digits, notes, factors);
    case 2:
      return decompose_passes<Target, Form, 2>(x, cols, groups, per_row, tokens, digits, notes, factors);
    default:
      return decompose_passes<Target, Form, 3>(x, cols, groups, per_row, tokens, digits, notes, factors);
  }
}

// Σ (factor · x)²
MS_INLINE float sum_of_squares(const float* x, int cols, float factor) {
  F16 squares = broadcast16(0.0f);
  for (int k = 0; k < cols; k += 16) {
    const F16 v = load_up_to(x, k, cols) * broadcast16(factor);
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

// The table row, with the forms of digits that the levels it serves take.
template <DigitForm... Forms>
constexpr multiscale::ElementwiseKernels kernels() {
  multiscale::ElementwiseKernels table{};
  ((table.decompose_tile[(int)Forms] = decompose_form<TileDigits, Forms>), ...);
  ((table.decompose_panel[(int)Forms] = decompose_form<PanelDigits, Forms>), ...);
  table.rms_norm_row = rms_norm_row;
  table.swiglu = swiglu;
  table.add = add;
  return table;
}

}  // namespace
