// The source of every variant of the family; see contract.h. A variant includes its gemm/dot_….h before.
#pragma once
#include "base/narrow.h"
#include "code_attention/contract.h"

namespace {

using multiscale::CodeLayout;
using multiscale::CodeTask;
using multiscale::CodeType;
using multiscale::DigitForm;
using multiscale::kPage;

constexpr float kInfinity = __builtin_inff();
constexpr float kLog2E = 1.44269504f;
constexpr int kVectors = kPage / 16;  // of sixteen positions
constexpr int kQuads = kPage / 4;     // of four positions
constexpr bool kInBytes = multiscale::in_bytes(kForm);
constexpr int kQuadBytes = kInBytes ? 4 : 8;  // digits that meet four codes

// Planes of digits: one each in bytes; as words two digits are one number.
template <int Passes>
constexpr int kPlanes = kInBytes ? Passes : 1;
template <int Passes>
constexpr float kTop = Passes == 1 ? 127.0f : 32512.0f;

// What is to be taken from the codes.
template <CodeType Type>
constexpr int kCodeOffset = Type == CodeType::kMxfp4 ? (kForm == DigitForm::kSignedBytes ? 0 : 12)
                                                     : (kForm == DigitForm::kSignedBytes ? 0 : 128);

// E2M1 codes in half units, with the offset.
struct HalfUnits {
  uint8_t entries[16];
};
template <int Offset>
constexpr HalfUnits kHalfUnits = [] {
  constexpr int magnitudes[8] = {0, 1, 2, 3, 4, 6, 8, 12};
  HalfUnits table{};
  for (int code = 0; code < 16; code++)
    table.entries[code] = (uint8_t)(Offset + (code < 8 ? magnitudes[code] : -magnitudes[code - 8]));
  return table;
}();

MS_INLINE I16 load_bytes64(const uint8_t* p) { return load16((const int32_t*)p); }

// Quad number `quad` of a run of them: four codes in each lane.
template <CodeType Type>
MS_INLINE I16 load_quad(const uint8_t* run, int quad, int lines) {
  if constexpr (Type == CodeType::kInt8) {
    I16 codes = load_bytes64(run + quad * 64);
    if constexpr (kForm == DigitForm::kSignedBytes)
      for (int i = 0; i < kParts; i++) codes.part[i] ^= (int32_t)0x80808080;
    return codes;
  }
  I16 codes = load_bytes64(run + quad % lines * 64);
  for (int i = 0; i < kParts; i++) codes.part[i] = (codes.part[i] >> (quad / lines * 4)) & 0x0f0f0f0f;
  return lookup(codes, kHalfUnits<kCodeOffset<CodeType::kMxfp4>>.entries);
}

// Where the digits of elements i … of a row begin, by plane.
template <int Passes>
MS_INLINE uint8_t* digits_at(uint8_t* row, int width, int plane, int i) {
  return kInBytes ? row + plane * width + i : row + 2 * i;
}

template <int Passes>
MS_INLINE void put_digits(uint8_t* row, int width, int i, I16 q) {
  if constexpr (!kInBytes) return store_shuffled_words(digits_at<Passes>(row, width, 0, i), q);
  if constexpr (Passes == 2)
    store_bytes(digits_at<Passes>(row, width, 0, i), shift_right16(q + broadcast16(128), 8));
  store_bytes(digits_at<Passes>(row, width, Passes - 1, i), q);
}

// 2^x for x ≤ 0; 0 below 2^-126. The Taylor polynomial of degree 6 on |r| ≤ 1/2: truncation below 1.3e-7.
MS_INLINE F16 exp2_16(F16 x) {
  const F16 low = broadcast16(-126.0f), clamped = max16(x, low);
  const I16 n = round16(clamped);
  const F16 r = clamped - to_float16(n);
  F16 p = broadcast16(1.54035304e-4f);
  p = madd16(p, r, broadcast16(1.33335581e-3f));
  p = madd16(p, r, broadcast16(9.61812911e-3f));
  p = madd16(p, r, broadcast16(5.55041087e-2f));
  p = madd16(p, r, broadcast16(2.40226507e-1f));
  p = madd16(p, r, broadcast16(6.93147181e-1f));
  p = madd16(p, r, broadcast16(1.0f));
  F16 result;
  for (int i = 0; i < kParts; i++) {
    const VecF value = p.part[i] * (VecF)((n.part[i] + 127) << 23);
    result.part[i] = x.part[i] < low.part[i] ? (VecF){} : value;
  }
  return result;
}

// 2^e for whole e ≤ 0; 0 below 2^-126.
MS_INLINE float power_of_two(float e) {
  if (!(e >= -126.0f)) return 0;
  const int32_t bits = ((int32_t)e + 127) << 23;
  float power;
  memcpy(&power, &bits, sizeof power);
  return power;
}

// x · 2^-fall by taking `fall` from the exponent field (AMLA): zero where the result would be subnormal.
MS_INLINE F16 lower_exponents(F16 x, int fall) {
  const int32_t units = (fall < 255 ? fall : 255) << 23;
  for (int i = 0; i < kParts; i++) {
    const VecI bits = (VecI)x.part[i], exponent = bits & 0x7f800000;
    x.part[i] = (VecF)(exponent > units ? bits - units : bits & (int32_t)0x80000000);
  }
  return x;
}

// A row's sums so far, and where what it needs lies.
struct RowState {
  float reference = -kInfinity;  // n, whole
  float total = 0;               // l
  float* sums;                   // O [width]
  float* scores;                 // [kPage], then the probabilities
  uint8_t* query;                // digits
  uint8_t* digits;               // of probabilities [kPage]
  const float* scales;           // of the query's groups, the scores' factor included
  const int32_t* offsets;        // what the codes' offset makes of a group's digits
};

// Splits a query into digits, a scale for each group.
template <CodeType Type, int Passes>
void split_query(const float* q, int head_size, int width, float factor, uint8_t* digits, float* scales,
                 int32_t* offsets) {
  const int group = Type == CodeType::kInt8 ? width : multiscale::kGroup;
  for (int begin = 0, g = 0; begin < width; begin += group, g++) {
    const int end = begin + group < head_size ? begin + group : head_size;
    F16 most = broadcast16(0.0f);
    for (int d = begin; d < end; d += 16) {
      const F16 x = d + 16 <= end ? load16(q + d) : load_partial16(q + d, end - d);
      I16 bits = magnitude_bits16(x);
      F16 magnitude;
      for (int i = 0; i < kParts; i++) magnitude.part[i] = (VecF)bits.part[i];
      most = max16(most, magnitude);
    }
    const float maximum = max_lanes(most), inverse = kTop<Passes> / maximum;
    const bool none = !(maximum > 0) || inverse == kInfinity;
    scales[g] = none ? 0.0f : maximum / kTop<Passes> * factor;
    I16 sum = broadcast16(0);
    for (int d = begin; d < begin + group; d += 16) {
      const F16 x = d >= end        ? broadcast16(0.0f)
                    : d + 16 <= end ? load16(q + d)
                                    : load_partial16(q + d, end - d);
      const I16 v = none ? broadcast16(0) : round16(x * broadcast16(inverse));
      sum = sum + v;
      put_digits<Passes>(digits, width, d, v);
    }
    offsets[g] = kCodeOffset<Type> * sum_lanes(sum);
  }
}

// t of R rows against V vectors of sixteen keys, from vector `first` of a page on.
template <CodeType Type, int Passes, int R, int V>
MS_INLINE void score_vectors(const RowState* rows, const uint8_t* keys, const uint8_t* scales, int first,
                             int width, const uint8_t* ahead) {
  constexpr int group = multiscale::kGroup;
  const int quads = (Type == CodeType::kInt8 ? width : group) / 4;
  const int groups = Type == CodeType::kInt8 ? 1 : width / group;
  const int vector_bytes = 16 * width / (Type == CodeType::kInt8 ? 1 : 2);
  const int group_bytes = Type == CodeType::kInt8 ? 0 : 16 * group / 2;
  F16 total[R][V];
  for (int g = 0; g < groups; g++) {
    I16 sum[R][V];
#pragma GCC unroll 4
    for (int r = 0; r < R; r++)
#pragma GCC unroll 4
      for (int v = 0; v < V; v++) sum[r][v] = broadcast16(0);
    for (int plane = 0; plane < kPlanes<Passes>; plane++) {
      if (plane)
#pragma GCC unroll 4
        for (int r = 0; r < R; r++)
#pragma GCC unroll 4
          for (int v = 0; v < V; v++) sum[r][v] = shift_left16(sum[r][v], 8);
      const uint8_t* four[R];
#pragma GCC unroll 4
      for (int r = 0; r < R; r++) four[r] = digits_at<Passes>(rows[r].query, width, plane, g * group);
      for (int j = 0; j < quads; j++) {
        I16 codes[V];
#pragma GCC unroll 4
        for (int v = 0; v < V; v++) {
          const uint8_t* run = keys + (first + v) * vector_bytes + g * group_bytes;
          codes[v] = load_quad<Type>(run, j, 4);
          if (plane == 0 && ahead)
            __builtin_prefetch(ahead + (run - keys) + (Type == CodeType::kInt8 ? j : j % 4) * 64, 0, 2);
        }
#pragma GCC unroll 4
        for (int r = 0; r < R; r++)
#pragma GCC unroll 4
          for (int v = 0; v < V; v++) sum[r][v] = dot(sum[r][v], codes[v], four[r] + j * kQuadBytes);
      }
    }
#pragma GCC unroll 4
    for (int v = 0; v < V; v++) {
      F16 scale;
      if constexpr (Type == CodeType::kInt8) scale = load16((const float*)scales + (first + v) * 16);
      else scale = load_half_e8m0x16(scales + g * kPage + (first + v) * 16);
#pragma GCC unroll 4
      for (int r = 0; r < R; r++) {
        const F16 exact = to_float16(sum[r][v] - broadcast16(rows[r].offsets[g]));
        const F16 part = exact * (scale * broadcast16(rows[r].scales[g]));
        total[r][v] = g ? total[r][v] + part : part;
      }
    }
  }
#pragma GCC unroll 4
  for (int r = 0; r < R; r++)
#pragma GCC unroll 4
    for (int v = 0; v < V; v++) store16(rows[r].scores + (first + v) * 16, total[r][v]);
}

// cap · tanh(s / cap), in base 2.
MS_INLINE F16 cap_scores(F16 s, float cap) {
  const F16 one = broadcast16(1.0f);
  const F16 e = exp16(s * broadcast16(2.0f / cap));
  return broadcast16(cap * kLog2E) * (one - broadcast16(2.0f) / (e + one));
}

// Scores to probabilities, which replace them, less those of positions outside begin … end - 1 of the page.
// Returns n_b, -infinity if none is left; *total is their sum.
MS_INLINE float weigh(float* scores, int begin, int end, float cap, float* total) {
  F16 most = broadcast16(-kInfinity);
  F16 t[kVectors];
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; v++) {
    t[v] = load16(scores + v * 16);
    if (cap > 0) t[v] = cap_scores(t[v], cap);
    const F16 none = broadcast16(-kInfinity);
    if (end < kPage) t[v] = first_lanes(t[v], end - v * 16, none);
    if (begin > 0) t[v] = first_lanes(none, begin - v * 16, t[v]);
    most = max16(most, t[v]);
  }
  const float reference = __builtin_ceilf(max_lanes(most));
  const F16 shift = broadcast16(reference);
  F16 sum = broadcast16(0.0f);
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; v++) {
    const F16 p = exp2_16(t[v] - shift);
    store16(scores + v * 16, p);
    sum = sum + p;
  }
  *total = sum_lanes(sum);
  return reference;
}

// The scales of a group of values.
template <CodeType Type>
MS_INLINE F16 value_scales(const uint8_t* scales, int group, int vector) {
  if constexpr (Type == CodeType::kInt8) return load16((const float*)scales + vector * 16);
  else return load_half_e8m0x16(scales + group * kPage + vector * 16);
}

// The digits of a row's probabilities, times the scales of a group of values; what their codes' sums are
// to be multiplied by, without the row's own power of two, and what the codes' offset makes of the digits.
template <CodeType Type, int Passes>
MS_INLINE float split_probabilities(const RowState& row, const uint8_t* scales, int group, int begin, int end,
                                    int32_t* offset) {
  F16 weights[kVectors], most = broadcast16(0.0f);
  const F16 zero = broadcast16(0.0f);
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; v++) {
    weights[v] = load16(row.scores + v * 16) * value_scales<Type>(scales, group, v);
    // The scales of what lies beyond were perhaps never written.
    if (end < kPage) weights[v] = first_lanes(weights[v], end - v * 16, zero);
    if (begin > 0) weights[v] = first_lanes(zero, begin - v * 16, weights[v]);
    most = max16(most, weights[v]);
  }
  const float largest = max_lanes(most), inverse = largest > 0 ? kTop<Passes> / largest : 0.0f;
  // So small that its inverse overflows: 2^-110 of a value is nothing.
  const F16 factor = broadcast16(inverse < kInfinity ? inverse : 0.0f);
  I16 sum = broadcast16(0);
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; v++) {
    const I16 u = round16(weights[v] * factor);
    sum = sum + u;
    put_digits<Passes>(row.digits, kPage, v * 16, u);
  }
  *offset = kCodeOffset<Type> * sum_lanes(sum);
  return largest / kTop<Passes>;
}

// Adds the values of vectors first … first + V - 1 of sixteen elements to R rows, times the factors.
template <CodeType Type, int Passes, int R, int V>
MS_INLINE void add_values(const RowState* rows, const uint8_t* values, int first, const float* factors,
                          const int32_t* offsets, const uint8_t* ahead) {
  constexpr int vector_bytes = 16 * kPage / (Type == CodeType::kInt8 ? 1 : 2);
  I16 sum[R][V];
#pragma GCC unroll 4
  for (int r = 0; r < R; r++)
#pragma GCC unroll 4
    for (int v = 0; v < V; v++) sum[r][v] = broadcast16(0);
  for (int plane = 0; plane < kPlanes<Passes>; plane++) {
    if (plane)
#pragma GCC unroll 4
      for (int r = 0; r < R; r++)
#pragma GCC unroll 4
        for (int v = 0; v < V; v++) sum[r][v] = shift_left16(sum[r][v], 8);
    for (int j = 0; j < kQuads; j++) {
      I16 codes[V];
#pragma GCC unroll 4
      for (int v = 0; v < V; v++) {
        const uint8_t* run = values + (first + v) * vector_bytes;
        codes[v] = load_quad<Type>(run, j, 8);
        if (plane == 0 && ahead)
          __builtin_prefetch(ahead + (run - values) + (Type == CodeType::kInt8 ? j : j % 8) * 64, 0, 2);
      }
#pragma GCC unroll 4
      for (int r = 0; r < R; r++)
#pragma GCC unroll 4
        for (int v = 0; v < V; v++)
          sum[r][v] =
              dot(sum[r][v], codes[v], digits_at<Passes>(rows[r].digits, kPage, plane, 0) + j * kQuadBytes);
    }
  }
#pragma GCC unroll 4
  for (int r = 0; r < R; r++)
#pragma GCC unroll 4
    for (int v = 0; v < V; v++) {
      float* at = rows[r].sums + (first + v) * 16;
      const F16 exact = to_float16(sum[r][v] - broadcast16(offsets[r]));
      store16(at, madd16(exact, broadcast16(factors[r]), load16(at)));
    }
}

// One page for R rows. `next` is the page after it, or null.
template <CodeType Type, int Passes, int R>
void attend_page(const CodeTask& task, int page, RowState* rows, const int* first, const int* visible,
                 bool preload) {
  constexpr int V = kParts == 1 ? 4 : kParts == 2 ? 2 : 1;
  const CodeLayout layout(Type, task.head_size);
  const uint8_t* keys = task.cache.keys(page);
  const uint8_t* values = keys + layout.code_bytes();
  const uint8_t* key_scales = values + layout.code_bytes();
  const uint8_t* all_value_scales = key_scales + layout.scale_bytes();
  const uint8_t* next = preload ? task.cache.keys(page + 1) : nullptr;
  for (int v = 0; v < kVectors; v += V)
    score_vectors<Type, Passes, R, V>(rows, keys, key_scales, v, layout.width, next);

  float own[R];  // 2^(n_b - n)
  int begin[R], end[R];
  for (int r = 0; r < R; r++) {
    begin[r] = first[r] - page * kPage > 0 ? first[r] - page * kPage : 0;
    end[r] = visible[r] - page * kPage < kPage ? visible[r] - page * kPage : kPage;
    if (end[r] < 0) end[r] = 0;
    float total;
    const float reference = weigh(rows[r].scores, begin[r], end[r], task.softcap, &total);
    RowState& row = rows[r];
    if (!(reference > -kInfinity)) {  // it sees none of them
      own[r] = 0;
      continue;
    }
    if (reference > row.reference) {
      const float fall = reference - row.reference;
      if (row.total > 0) {
        row.total *= power_of_two(-fall);
        for (int d = 0; d < layout.width; d += 16)
          store16(row.sums + d, lower_exponents(load16(row.sums + d), fall < 255 ? (int)fall : 255));
      }
      row.reference = reference;
    }
    own[r] = power_of_two(reference - row.reference);
    row.total += own[r] * total;
  }

  const int vectors = Type == CodeType::kInt8 ? layout.width / 16 : 2;  // of a group
  for (int g = 0; g < layout.groups(); g++) {
    float factors[R];
    int32_t offsets[R];
    for (int r = 0; r < R; r++)
      factors[r] = own[r] * split_probabilities<Type, Passes>(rows[r], all_value_scales, g, begin[r], end[r],
                                                              &offsets[r]);
    const uint8_t* ahead = next ? next + layout.code_bytes() : nullptr;
    int v = 0;
    for (; v + V <= vectors; v += V)
      add_values<Type, Passes, R, V>(rows, values, g * vectors + v, factors, offsets, ahead);
    for (; v < vectors; v++)
      add_values<Type, Passes, R, 1>(rows, values, g * vectors + v, factors, offsets, ahead);
  }
}

MS_INLINE float largest_magnitude(const float* x, int count) {
  int32_t most = 0;
  for (int i = 0; i < count; i++) {
    int32_t bits;
    memcpy(&bits, x + i, sizeof bits);
    bits &= 0x7fffffff;
    if (bits > most) most = bits;
  }
  float magnitude;
  memcpy(&magnitude, &most, sizeof most);
  return magnitude;
}

template <CodeType Type, int Passes>
void attend(const CodeTask& task) {
  constexpr int kMost = multiscale::kMaxQueryRows;
  constexpr int R = kParts == 1 ? 4 : 2;
  const CodeLayout layout(Type, task.head_size);
  const int width = layout.width, groups = layout.groups();
  uint8_t* at = task.scratch;
  RowState rows[kMost];
  int from = task.first[0], to = 0;
  for (int r = 0; r < task.rows; r++) {
    RowState& row = rows[r];
    row.sums = (float*)at;
    at += 4 * width;
    row.scores = (float*)at;
    at += 4 * kPage;
    row.query = at;
    at += 2 * width;
    row.digits = at;
    at += 2 * kPage;
    float* scales = (float*)at;
    at += 4 * groups;
    int32_t* offsets = (int32_t*)at;
    at += 4 * groups;
    row.scales = scales;
    row.offsets = offsets;
    const float factor = task.scale * (task.softcap > 0 ? 1.0f : kLog2E);
    split_query<Type, Passes>(task.q[r], task.head_size, width, factor, row.query, scales, offsets);
    for (int d = 0; d < width; d += 16) store16(row.sums + d, broadcast16(0.0f));
    // Digits would hide it.
    if (!(largest_magnitude(task.q[r], task.head_size) < kInfinity)) row.total = __builtin_nanf("");
    if (task.first[r] < from) from = task.first[r];
    if (task.visible[r] > to) to = task.visible[r];
  }
  for (int page = from / kPage; page * kPage < to; page++) {
    bool preload = (page + 1) * kPage < to;
    for (int r = 0; r < task.rows; preload = false) {
      const int* first = task.first + r;
      const int* visible = task.visible + r;
      RowState* part = rows + r;
      const int left = task.rows - r;
      if (R == 4 && left >= 4)
        attend_page<Type, Passes, R>(task, page, part, first, visible, preload), r += 4;
      else if (left >= 2) attend_page<Type, Passes, 2>(task, page, part, first, visible, preload), r += 2;
      else attend_page<Type, Passes, 1>(task, page, part, first, visible, preload), r += 1;
    }
  }
  for (int r = 0; r < task.rows; r++) {
    const F16 inverse = broadcast16(1.0f / rows[r].total);
    int d = 0;
    for (; d + 16 <= task.head_size; d += 16) store16(task.out[r] + d, load16(rows[r].sums + d) * inverse);
    if (d < task.head_size)
      store_partial16(task.out[r] + d, load16(rows[r].sums + d) * inverse, task.head_size - d);
  }
}

MS_INLINE float round_even(float x) {  // |x| < 2^22
  const float shift = 12582912.0f;
  float sum = x + shift;
  __asm__("" : "+m"(sum));
  return sum - shift;
}

// Codes of a row as int8, with the offset of 128. Returns the scale.
MS_INLINE float int8_codes(const float* x, int count, float maximum, uint8_t* codes) {
  const float inverse = 127.0f / maximum;
  if (!(maximum > 0) || inverse == kInfinity) {
    for (int i = 0; i < count; i++) codes[i] = 128;
    return 0;
  }
  for (int i = 0; i < count; i++) codes[i] = (uint8_t)(128 + (int)round_even(x[i] * inverse));
  return maximum / 127.0f;
}

// E2M1 codes of at most 32 elements: the smallest power of two that holds them. Returns its E8M0 byte.
MS_INLINE uint8_t e2m1_codes(const float* x, int count, float maximum, uint8_t* codes) {
  int exponent = -127;
  if (maximum >= 0x1p-126f) {
    int32_t bits;
    memcpy(&bits, &maximum, sizeof bits);
    exponent = (bits >> 23) - 127 - 2;
    if (exponent < -127) exponent = -127;
    if (6.0 * __builtin_ldexp(1.0, exponent) < maximum) exponent++;
  }
  const double inverse = __builtin_ldexp(1.0, -exponent);
  for (int i = 0; i < count; i++) {
    const double y = __builtin_fabs((double)x[i]) * inverse;
    const int code = (y > 0.25) + (y >= 0.75) + (y > 1.25) + (y >= 1.75) + (y > 2.5) + (y >= 3.5) + (y > 5);
    codes[i] = (uint8_t)(code | (x[i] < 0 && code ? 8 : 0));
  }
  return (uint8_t)(exponent + 127);
}

template <CodeType Type>
bool store(const float* k, const float* v, int head_size, int at, uint8_t* page) {
  constexpr int group = multiscale::kGroup;
  const CodeLayout layout(Type, head_size);
  uint8_t *keys = page, *values = keys + layout.code_bytes();
  uint8_t *key_scales = values + layout.code_bytes(), *all_value_scales = key_scales + layout.scale_bytes();
  const int lane = at % 16, vector = at / 16, quad = at / 4, part = at % 4;
  const int step = Type == CodeType::kInt8 ? head_size : group;
  const float limit = 3.402823466e38f;
  if (!(largest_magnitude(k, head_size) <= limit) || !(largest_magnitude(v, head_size) <= limit))
    return false;
  for (int begin = 0, g = 0; begin < head_size; begin += step, g++) {
    const int count = head_size - begin < step ? head_size - begin : step;
    for (int which = 0; which < 2; which++) {
      const float* x = (which ? v : k) + begin;
      uint8_t* scales = which ? all_value_scales : key_scales;
      const float maximum = largest_magnitude(x, count);
      if constexpr (Type == CodeType::kInt8) {
        uint8_t codes[16];
        float scale = 0;
        for (int d = 0; d < count; d += 16) {
          const int some = count - d < 16 ? count - d : 16;
          scale = int8_codes(x + d, some, maximum, codes);
          for (int i = 0; i < some; i++)
            if (which) values[(d / 16 * kQuads + quad) * 64 + i * 4 + part] = codes[i];
            else keys[vector * 16 * layout.width + (d + i) / 4 * 64 + lane * 4 + i % 4] = codes[i];
        }
        ((float*)scales)[at] = scale;
      } else {
        uint8_t codes[group] = {};
        scales[g * kPage + at] = e2m1_codes(x, count, maximum, codes);
        if (which) {
          const int shift = quad / 8 * 4;
          for (int i = 0; i < count; i++) {
            uint8_t& byte = values[((begin + i) / 16 * 8 + quad % 8) * 64 + i % 16 * 4 + part];
            byte = (uint8_t)((byte & (0xf0 >> shift)) | codes[i] << shift);
          }
        } else {
          uint8_t* run = keys + vector * 8 * layout.width + g * 256;
          for (int i = 0; i < 16; i++)
            run[i / 4 * 64 + lane * 4 + i % 4] = (uint8_t)(codes[i] | codes[i + 16] << 4);
        }
      }
    }
  }
  return true;
}

constexpr multiscale::CodeAttentionKernels kKernels = {
    {{attend<CodeType::kInt8, 1>, attend<CodeType::kInt8, 2>},
     {attend<CodeType::kMxfp4, 1>, attend<CodeType::kMxfp4, 2>}},
    {store<CodeType::kInt8>, store<CodeType::kMxfp4>},
};

}  // namespace
