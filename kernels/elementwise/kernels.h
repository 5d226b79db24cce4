// The source of every variant of the family; see contract.h.
#pragma once
#include "base/simd.h"
#include "elementwise/contract.h"

namespace {

using multiscale::DigitForm;
using multiscale::GroupInfo;
using multiscale::kGroup;

typedef int8_t Bytes16 __attribute__((vector_size(16)));
typedef int16_t Words16 __attribute__((vector_size(32)));
typedef int32_t Ints16 __attribute__((vector_size(64)));

MS_INLINE void store_bytes(uint8_t* p, Ints16 v) {
  const Bytes16 bytes = __builtin_convertvector(v, Bytes16);
  memcpy(p, &bytes, sizeof bytes);
}

// In the order 0, 2, 1, 3 within each four (contract.h of gemm).
MS_INLINE void store_words(uint8_t* p, Ints16 v) {
  const Words16 words = __builtin_convertvector(v, Words16);
  const Words16 order =
      __builtin_shufflevector(words, words, 0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15);
  memcpy(p, &order, sizeof order);
}

MS_INLINE int32_t sum_lanes(Ints16 v) {
  int32_t x[16], sum = 0;
  memcpy(x, &v, sizeof x);
  for (int i = 0; i < 16; i++) sum += x[i];
  return sum;
}

// Sixteen quantised activations q to their digits; `half` is 0 or 1 within the group.
MS_INLINE void store_digits(Ints16 q, int half, int passes, DigitForm form, uint8_t* digits,
                            GroupInfo* info) {
  Ints16 upper = q, third = {};  // upper: what the first two digits hold
  if (passes == 3) {
    upper = (q + 128) >> 8;
    third = q - upper * 256;
  }
  info->codes[0][half] = sum_lanes(upper);
  info->codes[1][half] = passes == 3 ? sum_lanes(third) : 0;
  if (form == DigitForm::kWords) {
    store_words(digits + half * 32, upper);
    if (passes == 3) store_words(digits + 64 + half * 32, third);
    return;
  }
  if (passes == 1) return store_bytes(digits + half * 16, upper);
  const Ints16 high = (upper + 128) >> 8;
  store_bytes(digits + half * 16, high);
  store_bytes(digits + 32 + half * 16, upper - high * 256);
  if (passes == 3) store_bytes(digits + 64 + half * 16, third);
}

MS_INLINE F16 load_columns(const float* x, int begin, int cols) {
  if (begin + 16 <= cols) return load16(x + begin);
  return begin < cols ? load_partial16(x + begin, cols - begin) : broadcast16(0.0f);
}

int first_not_finite(const float* x, int cols) {
  for (int i = 0; i < cols; i++)
    if (!(x[i] - x[i] == 0)) return i;
  return -1;
}

int decompose_row(const float* x, int cols, int groups, int passes, bool per_row, DigitForm form,
                  uint8_t* digits, size_t digit_stride, GroupInfo* info, size_t info_stride) {
  constexpr int32_t kInfinity = 0x7f800000;
  const float top = passes == 1 ? 127.0f : passes == 2 ? 32512.0f : 8323072.0f;
  I16 row_bits = broadcast16(0);
  if (per_row)
    for (int k = 0; k < cols; k += 16) row_bits = max16(row_bits, magnitude_bits16(load_columns(x, k, cols)));
  const int32_t row_max = max_lanes(row_bits);
  for (int g = 0; g < groups; g++, digits += digit_stride, info += info_stride) {
    const F16 a = load_columns(x, g * kGroup, cols), b = load_columns(x, g * kGroup + 16, cols);
    const int32_t max_bits = per_row ? row_max : max_lanes(max16(magnitude_bits16(a), magnitude_bits16(b)));
    if (max_bits >= kInfinity) return first_not_finite(x, cols);
    float maximum;
    memcpy(&maximum, &max_bits, 4);
    float inverse = top / maximum;  // infinite for 0 and for what is too small to scale
    if (inverse - inverse != 0) inverse = 0;
    const F16 limit = broadcast16(top), factor = broadcast16(inverse);
    const I16 qa = round16(max16(broadcast16(-top), min16(a * factor, limit)));
    const I16 qb = round16(max16(broadcast16(-top), min16(b * factor, limit)));
    Ints16 q[2];
    memcpy(&q[0], &qa, sizeof qa);
    memcpy(&q[1], &qb, sizeof qb);
    store_digits(q[0], 0, passes, form, digits, info);
    store_digits(q[1], 1, passes, form, digits, info);
    const int32_t upper = info->codes[0][0] + info->codes[0][1],
                  third = info->codes[1][0] + info->codes[1][1];
    info->scale = inverse == 0 ? 0 : maximum / top;
    info->sum = info->scale * (float)(passes == 3 ? upper * 256 + third : upper);
  }
  return -1;
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

constexpr multiscale::ElementwiseKernels kKernels = {decompose_row, rms_norm_row, swiglu, add};

}  // namespace
