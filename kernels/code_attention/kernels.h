// The source of every variant of the family; see contract.h. A variant includes its gemm/dot_….h before.
#pragma once
#include "base/narrow.h"
#include "code_attention/contract.h"
#include "gemm/codes.h"

namespace {

using multiscale::CodeLayout;
using multiscale::CodeTask;
using multiscale::CodeType;
using multiscale::DigitForm;
using multiscale::kChunk;
using multiscale::kPage;

constexpr float kInfinity = __builtin_inff();
constexpr float kLog2E = 1.44269504f;
constexpr int kVectors = kPage / 16;  // of sixteen positions
constexpr int kChunkPages = kChunk / kPage;
constexpr int kQuads = kPage / 4;  // of four positions
constexpr bool kInBytes = multiscale::in_bytes(kForm);

// Planes of digits: one each in bytes; as words two digits are one number.
template <int Passes>
constexpr int kPlanes = kInBytes ? Passes : 1;
// What meets four codes: four high digits, then four low ones; or four words.
template <int Passes>
constexpr int kQuadBytes = kInBytes ? 4 * Passes : 8;
template <int Passes>
constexpr float kTop = Passes == 1 ? 127.0f : 32512.0f;
constexpr int32_t kNotFinite = 0x7f800000;  // least magnitude_bits16 of what is not

// Codes lie as those of weights do, 16 rows and groups of 32 at a time (gemm/layout.h).
template <CodeType Type>
constexpr Layout kCodes = Type == CodeType::kInt8 ? Layout::Q8_0 : Layout::MXFP4;
template <CodeType Type>
constexpr int kVectorBytes = kInfo<kCodes<Type>>.bits * 2;  // sixteen codes

// Stores sixteen numbers as digits, from element i of a row on.
template <int Passes>
MS_INLINE void put_digits(uint8_t* row, int i, I16 q) {
  uint8_t* const at = row + i / 4 * kQuadBytes<Passes>;
  if constexpr (!kInBytes) store_shuffled_words(at, q);
  else if constexpr (Passes == 2) store_byte_pairs(at, q);
  else store_bytes(at, q);
}

// Sums of products that fit the registers, at four vectors for a row at most.
template <int Passes, int R>
constexpr int kVectorsAtOnce = [] {
  constexpr int registers = MS_WIDTH == 32 ? 8 : 16, vectors = registers / (kPlanes<Passes> * R * kParts);
  return vectors > 4 ? 4 : vectors < 1 ? 1 : vectors;
}();

// Adds to `product` that of R rows of digits with V runs of codes, `run` bytes apart: `count` codes of each
// of 16 lanes. `ahead`, if not null, is read as `codes` will be.
template <CodeType Type, int Passes, int R, int V>
MS_INLINE void multiply(const uint8_t* const (&digits)[R], const uint8_t* codes, int run, int count,
                        const uint8_t* ahead, I16 (&product)[R][V]) {
  constexpr int kHalves = kInfo<kCodes<Type>>.nibbles() ? 2 : 1;
  I16 high[R][V] = {};
  for (int line = 0; line < count / 4 / kHalves; line++) {
    if (ahead)
#pragma GCC unroll 4
      for (int v = 0; v < V; v++) __builtin_prefetch(ahead + v * run + line * 64, 0, 2);
#pragma GCC unroll 2
    for (int half = 0; half < kHalves; half++) {
      const int group = kHalves == 2 ? line / 4 : 0, quad = kHalves == 2 ? line % 4 + 4 * half : line;
      I16 quads[V];
#pragma GCC unroll 4
      for (int v = 0; v < V; v++) quads[v] = load_codes<kCodes<Type>>(codes + v * run + group * 256, quad);
#pragma GCC unroll 4
      for (int r = 0; r < R; r++) {
        const uint8_t* const at = digits[r] + (group * 8 + quad) * kQuadBytes<Passes>;
#pragma GCC unroll 4
        for (int v = 0; v < V; v++) {
          if constexpr (kPlanes<Passes> == 2) high[r][v] = dot(high[r][v], quads[v], at);
          product[r][v] = dot(product[r][v], quads[v], at + 4 * (kPlanes<Passes> - 1));
        }
      }
    }
  }
  if constexpr (kPlanes<Passes> == 2)
#pragma GCC unroll 4
    for (int r = 0; r < R; r++)
#pragma GCC unroll 4
      for (int v = 0; v < V; v++) product[r][v] = product[r][v] + shift_left16(high[r][v], 8);
}

// 2^r for |r| ≤ 1/2: of the polynomials of degree 5 the one of least relative error, 9.1e-8.
MS_INLINE F16 exp2_polynomial(F16 r) {
  F16 p = broadcast16(1.32647297e-3f);
  p = madd16(p, r, broadcast16(9.67151299e-3f));
  p = madd16(p, r, broadcast16(5.55073359e-2f));
  p = madd16(p, r, broadcast16(2.40222424e-1f));
  p = madd16(p, r, broadcast16(6.93147004e-1f));
  return madd16(p, r, broadcast16(1.0f));
}

// 2^x for x ≤ 0; 0 below 2^-126. The same bits on every instruction set that fuses multiply and add.
MS_INLINE F16 exp2_16(F16 x) {
  F16 result;
#if defined(__AVX512DQ__)
  const __m512 r = _mm512_reduce_ps((__m512)x.part[0], _MM_FROUND_TO_NEAREST_INT);
  const __m512 p = (__m512)exp2_polynomial({{(VecF)r}}).part[0];
  const __mmask16 normal = _mm512_cmp_ps_mask((__m512)x.part[0], _mm512_set1_ps(-126.0f), _CMP_GE_OQ);
  result.part[0] = (VecF)_mm512_maskz_scalef_ps(normal, p, (__m512)x.part[0] - r);
#else
  const F16 low = broadcast16(-126.0f), clamped = max16(x, low);
  const I16 n = round16(clamped);
  const F16 p = exp2_polynomial(clamped - to_float16(n));
  for (int i = 0; i < kParts; i++) {
    const VecI bits = (VecI)p.part[i] + (n.part[i] << 23);
    result.part[i] = (VecF)(bits & (x.part[i] >= low.part[i]));
  }
#endif
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

// What a row has of some pages.
struct Sums {
  float reference = -kInfinity;  // n, whole
  F16 total = {};                // l, in sixteen parts
  float* sums;                   // O [width]
};

// And where what it needs for more lies.
struct RowState : Sums {
  const float* q;
  uint8_t* query;          // its digits
  const float* scales;     // of the query's groups, the scores' factor included
  const int32_t* offsets;  // what the codes' offset makes of a group's digits, negative
  float factor;            // of the scores
  bool finite;             // the query, whose digits would hide it
  // Of the page whose values are still to be added: n_b, digits of probabilities [group][kPage], and for each
  // group of values what sums are to be multiplied by and what the offset makes of them.
  float page_reference;
  uint8_t* digits;
  float* factors;
  int32_t* value_offsets;
};

// Brings sums to a reference that is not lower.
MS_INLINE void lower(Sums& row, float reference, int width) {
  if (row.reference > -kInfinity && reference > row.reference) {
    const float fall = reference - row.reference;
    row.total = row.total * broadcast16(power_of_two(-fall));
    for (int d = 0; d < width; d += 16)
      store16(row.sums + d, lower_exponents(load16(row.sums + d), fall < 255 ? (int)fall : 255));
  }
  row.reference = reference;
}

// Of one chunk to those of the chunks before it. Changes both. What a row does not see leaves no trace.
MS_INLINE void merge(Sums& into, Sums& more, int width) {
  if (!(more.reference > -kInfinity)) return;
  if (!(into.reference > -kInfinity)) {
    into.reference = more.reference;
    into.total = more.total;
    memcpy(into.sums, more.sums, 4 * (size_t)width);
    return;
  }
  const float reference = into.reference > more.reference ? into.reference : more.reference;
  lower(into, reference, width);
  lower(more, reference, width);
  into.total = into.total + more.total;
  for (int d = 0; d < width; d += 16) store16(into.sums + d, load16(into.sums + d) + load16(more.sums + d));
}

MS_INLINE void finish(const Sums& row, int size, float* out) {
  const F16 inverse = broadcast16(1.0f / sum_lanes(row.total));
  for (int d = 0; d < size; d += 16) store_up_to(out, d, size, load16(row.sums + d) * inverse);
}

// Bits of the largest magnitude: kNotFinite or more if one is not finite.
MS_INLINE int32_t largest_bits(const float* x, int begin, int end) {
  I16 most = broadcast16(0);
  for (int d = begin; d < end; d += 16) most = max16(most, magnitude_bits16(load_up_to(x, d, end)));
  return max_lanes(most);
}

MS_INLINE float float_of(int32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

// Splits a query into digits, with a scale for each group. False if it is not finite.
template <CodeType Type, int Passes>
bool split_query(const CodeLayout& layout, const float* q, float factor, uint8_t* digits, float* scales,
                 int32_t* offsets) {
  const int group = layout.group(), width = layout.width, head_size = layout.head_size;
  bool finite = true;
  for (int begin = 0, g = 0; begin < width; begin += group, g++) {
    const int end = begin + group < head_size ? begin + group : head_size;
    const int32_t bits = largest_bits(q, begin, end);
    const float maximum = float_of(bits), inverse = kTop<Passes> / maximum;
    const bool none = bits == 0 || bits >= kNotFinite || inverse == kInfinity;
    if (bits >= kNotFinite) finite = false;
    scales[g] = none ? 0.0f : maximum / kTop<Passes> * factor;
    I16 sum = broadcast16(0);
    for (int d = begin; d < begin + group && d < width; d += 16) {
      const I16 v = none ? broadcast16(0) : round16(load_up_to(q, d, end) * broadcast16(inverse));
      sum = sum + v;
      put_digits<Passes>(digits, d, v);
    }
    offsets[g] = -kOffset<kCodes<Type>> * sum_lanes(sum);
  }
  return finite;
}

// Scales of a group of sixteen keys or values.
template <CodeType Type>
MS_INLINE F16 scales_of(const uint8_t* scales, int group, int vector) {
  if constexpr (Type == CodeType::kInt8) return load16((const float*)scales + group * kPage + vector * 16);
  else return load_half_e8m0x16(scales + group * kPage + vector * 16);
}

// What combine makes of the lanes of each of R.
template <int R, class Vector, class Lane, class Combine>
MS_INLINE void fold_rows(const Vector (&x)[R], Lane (&out)[R], const Combine& combine) {
  if constexpr (R == 4) {
    const auto a = fold_to_four(x[0].part, combine), b = fold_to_four(x[1].part, combine);
    const auto c = fold_to_four(x[2].part, combine), d = fold_to_four(x[3].part, combine);
    const auto ab =
        combine(__builtin_shufflevector(a, b, 0, 1, 4, 5), __builtin_shufflevector(a, b, 2, 3, 6, 7));
    const auto cd =
        combine(__builtin_shufflevector(c, d, 0, 1, 4, 5), __builtin_shufflevector(c, d, 2, 3, 6, 7));
    const auto all =
        combine(__builtin_shufflevector(ab, cd, 0, 2, 4, 6), __builtin_shufflevector(ab, cd, 1, 3, 5, 7));
    memcpy(out, &all, sizeof out);
  } else {
    for (int r = 0; r < R; r++) out[r] = fold(x[r].part, combine);
  }
}

constexpr auto kLarger = [](auto a, auto b) { return a > b ? a : b; };
constexpr auto kSum = [](auto a, auto b) { return a + b; };

// q · shift · factor of R rows: what their scores have in common.
template <int R>
MS_INLINE void common_scores(const RowState* rows, const float* shift, int count, float (&common)[R]) {
  F16 sum[R];
#pragma GCC unroll 4
  for (int r = 0; r < R; r++) sum[r] = broadcast16(0.0f);
  for (int d = 0; d < count; d += 16) {
    const F16 taken = load_up_to(shift, d, count);
#pragma GCC unroll 4
    for (int r = 0; r < R; r++) sum[r] = madd16(load_up_to(rows[r].q, d, count), taken, sum[r]);
  }
  fold_rows(sum, common, kSum);
#pragma GCC unroll 4
  for (int r = 0; r < R; r++) common[r] *= rows[r].factor;
}

template <int R>
using Scores = float[R][kPage];

// t of R rows against V vectors of sixteen keys, from vector `first` of a page on, and the largest.
template <CodeType Type, int Passes, int R, int V>
MS_INLINE void score_vectors(const CodeLayout& layout, const RowState* rows, const float (&common)[R],
                             const uint8_t* keys, int first, const uint8_t* ahead, Scores<R>& scores,
                             F16 (&most)[R]) {
  const uint8_t* scales = keys + layout.key_scales_at();
  const int width = layout.width, group = layout.group(), run = kVectorBytes<Type> * width;
  F16 total[R][V];
#pragma GCC unroll 4
  for (int r = 0; r < R; r++)
#pragma GCC unroll 4
    for (int v = 0; v < V; v++) total[r][v] = broadcast16(common[r]);
  for (int g = 0; g * group < width; g++) {
    const uint8_t* digits[R];
    I16 product[R][V];
#pragma GCC unroll 4
    for (int r = 0; r < R; r++) {
      digits[r] = rows[r].query + g * group / 4 * kQuadBytes<Passes>;
#pragma GCC unroll 4
      for (int v = 0; v < V; v++) product[r][v] = broadcast16(rows[r].offsets[g]);
    }
    const int at = first * run + g * group * kVectorBytes<Type>;
    const int count = group < width - g * group ? group : width - g * group;
    multiply<Type, Passes>(digits, keys + at, run, count, ahead ? ahead + at : nullptr, product);
#pragma GCC unroll 4
    for (int v = 0; v < V; v++) {
      const F16 scale = scales_of<Type>(scales, g, first + v);
#pragma GCC unroll 4
      for (int r = 0; r < R; r++)
        total[r][v] = madd16(to_float16(product[r][v]) * scale, broadcast16(rows[r].scales[g]), total[r][v]);
    }
  }
#pragma GCC unroll 4
  for (int r = 0; r < R; r++)
#pragma GCC unroll 4
    for (int v = 0; v < V; v++) {
      store16(scores[r] + (first + v) * 16, total[r][v]);
      most[r] = max16(most[r], total[r][v]);
    }
}

// Lanes of positions begin … end - 1 of a page, and the others of the rest.
MS_INLINE F16 visible_lanes(F16 x, int vector, int begin, int end, F16 rest) {
  x = first_lanes(x, end - vector * 16, rest);
  return first_lanes(rest, begin - vector * 16, x);
}

// Caps scores and takes away those of positions outside begin … end - 1. The largest that are left, by lanes.
__attribute__((noinline)) F16 limit(float* scores, int begin, int end, float cap) {
  const F16 none = broadcast16(-kInfinity);
  F16 most = none;
  for (int v = 0; v < kVectors; v++) {
    F16 t = load16(scores + v * 16);
    if (cap > 0) t = soft_cap16(t, cap) * broadcast16(kLog2E);
    t = visible_lanes(t, v, begin, end, none);
    store16(scores + v * 16, t);
    most = max16(most, t);
  }
  return most;
}

// Probabilities times the scales of a group of values, and the largest. If `first`, `scores` become
// probabilities before; their sums are added to `total`.
template <CodeType Type, int R, bool First>
MS_INLINE void weigh(Scores<R>& scores, const float (&shift)[R], const uint8_t* scales, int group,
                     const int (&begin)[R], const int (&end)[R], Scores<R>& weights, float (&largest)[R],
                     F16 (&total)[R]) {
  F16 most[R];
#pragma GCC unroll 4
  for (int r = 0; r < R; r++) most[r] = total[r] = broadcast16(0.0f);
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; v++) {
    const F16 scale = scales_of<Type>(scales, group, v);
#pragma GCC unroll 4
    for (int r = 0; r < R; r++) {
      F16 p = load16(scores[r] + v * 16);
      if constexpr (First) {
        p = exp2_16(p - broadcast16(shift[r]));
        total[r] = total[r] + p;
        if (Type != CodeType::kInt8) store16(scores[r] + v * 16, p);
      }
      F16 w = p * scale;
      // The scales of what lies beyond were perhaps never written.
      if (begin[r] > 0 || end[r] < kPage) w = visible_lanes(w, v, begin[r], end[r], broadcast16(0.0f));
      store16(weights[r] + v * 16, w);
      most[r] = max16(most[r], w);
    }
  }
  fold_rows(most, largest, kLarger);
}

// The digits of what weigh made, for a group of values.
template <CodeType Type, int Passes, int R>
MS_INLINE void split_weights(RowState* rows, const Scores<R>& weights, const float (&largest)[R], int group) {
  I16 sum[R];
#pragma GCC unroll 4
  for (int r = 0; r < R; r++) {
    const float inverse = largest[r] > 0 ? kTop<Passes> / largest[r] : 0.0f;
    // So small that its inverse overflows: 2^-110 of a value is nothing.
    const F16 factor = broadcast16(inverse < kInfinity ? inverse : 0.0f);
    rows[r].factors[group] = largest[r] / kTop<Passes>;
    sum[r] = broadcast16(0);
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; v++) {
      const I16 u = round16(load16(weights[r] + v * 16) * factor);
      sum[r] = sum[r] + u;
      put_digits<Passes>(rows[r].digits + group * kPage / 4 * kQuadBytes<Passes>, v * 16, u);
    }
  }
  if constexpr (kOffset<kCodes<Type>> != 0) {
    int32_t sums[R];
    fold_rows(sum, sums, kSum);
#pragma GCC unroll 4
    for (int r = 0; r < R; r++) rows[r].value_offsets[group] = -kOffset<kCodes<Type>> * sums[r];
  }
}

// Rows that have digits for the values of a page, which are still to be added.
struct Pending {
  RowState* rows = nullptr;
  const uint8_t *values, *ahead;
};

// Adds the values of V vectors of sixteen elements to R rows, times the factors.
template <CodeType Type, int Passes, int R, int V>
MS_INLINE void add_vectors(const Pending& page, const float (&own)[R], int first) {
  constexpr int run = kVectorBytes<Type> * kPage;
  const RowState* rows = page.rows;
  const int group = Type == CodeType::kInt8 ? 0 : first / 2;
  const uint8_t* digits[R];
  I16 product[R][V];
#pragma GCC unroll 4
  for (int r = 0; r < R; r++) {
    digits[r] = rows[r].digits + group * kPage / 4 * kQuadBytes<Passes>;
    const I16 offset = broadcast16(kOffset<kCodes<Type>> ? rows[r].value_offsets[group] : 0);
#pragma GCC unroll 4
    for (int v = 0; v < V; v++) product[r][v] = offset;
  }
  multiply<Type, Passes>(digits, page.values + first * run, run, kPage,
                         page.ahead ? page.ahead + first * run : nullptr, product);
#pragma GCC unroll 4
  for (int r = 0; r < R; r++) {
    const F16 factor = broadcast16(own[r] * rows[r].factors[group]);
#pragma GCC unroll 4
    for (int v = 0; v < V; v++) {
      float* at = rows[r].sums + (first + v) * 16;
      store16(at, madd16(to_float16(product[r][v]), factor, load16(at)));
    }
  }
}

// Adds vectors first … end - 1 of the values.
template <CodeType Type, int Passes, int R>
MS_INLINE void add_values(const Pending& page, int first, int end) {
  constexpr int kMost = kVectorsAtOnce<Passes, R>, V = Type == CodeType::kInt8 || kMost < 2 ? kMost : 2;
  if (!page.rows) return;
  float own[R];  // 2^(n_b - n)
  for (int r = 0; r < R; r++) own[r] = power_of_two(page.rows[r].page_reference - page.rows[r].reference);
  for (; first + V <= end; first += V) add_vectors<Type, Passes, R, V>(page, own, first);
  for (; first < end; first++) add_vectors<Type, Passes, R, 1>(page, own, first);
}

// Codes of a page's latent rows as values lie: every 4 × 4 of them is turned over.
MS_INLINE void turn_latent(const CodeLayout& layout, const uint8_t* keys, uint8_t* values) {
  typedef uint8_t V16 __attribute__((vector_size(16)));
  for (int vector = 0; vector < kVectors; vector++)
    for (int d = 0; d < layout.latent; d += 4) {
      const uint8_t* from = keys + vector * 16 * layout.width + d / 4 * 64;
      uint8_t* to = values + (d / 16 * kQuads + vector * 4) * 64 + d % 16 * 4;
#pragma GCC unroll 4
      for (int quad = 0; quad < 4; quad++) {
        V16 x;
        memcpy(&x, from + quad * 16, 16);
        x = __builtin_shufflevector(x, x, 0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
        memcpy(to + quad * 64, &x, 16);
      }
    }
}

// Scores and digits of probabilities of one page for R rows; its values' codes are `values`. What was pending
// is done meanwhile, each half of it where the sequence of scores, maximum, probabilities, maximum and digits
// has to wait for itself. If `preload`, the page behind is read.
template <CodeType Type, int Passes, int R>
void attend_page(const CodeTask& task, int page, const uint8_t* values, RowState* rows, const int* first,
                 const int* visible, bool preload, Pending& pending) {
  constexpr int V = kVectorsAtOnce<Passes, R>;
  const CodeLayout& layout = task.layout;
  const uint8_t* keys = task.cache.keys(page);
  const uint8_t* next = preload ? task.cache.keys(page + 1) : nullptr;
  if (next)  // what lies behind the codes: needed first, and no stream
    for (size_t at = layout.key_scales_at(); at < layout.head_bytes(); at += 64)
      __builtin_prefetch(next + at, 0, 2);
  alignas(64) Scores<R> scores, weights;
  float common[R] = {}, shift[R], largest[R];
  if (layout.shifted)
    common_scores<R>(rows, (const float*)(keys + layout.shift_at()), layout.head_size, common);
  F16 most[R], total[R];
#pragma GCC unroll 4
  for (int r = 0; r < R; r++) most[r] = broadcast16(-kInfinity);
  for (int v = 0; v < kVectors; v += V)
    score_vectors<Type, Passes, R, V>(layout, rows, common, keys, v, next, scores, most);
  int begin[R], end[R];
#pragma GCC unroll 4
  for (int r = 0; r < R; r++) {
    begin[r] = first[r] - page * kPage > 0 ? first[r] - page * kPage : 0;
    end[r] = visible[r] - page * kPage < kPage ? visible[r] - page * kPage : kPage;
    if (end[r] < 0) end[r] = 0;
    if (task.softcap > 0 || begin[r] > 0 || end[r] < kPage)
      most[r] = limit(scores[r], begin[r], end[r], task.softcap);
  }
  fold_rows(most, largest, kLarger);

  const int vectors = layout.value_width() / 16, half = vectors / 4 * 2;
  add_values<Type, Passes, R>(pending, 0, half);

  const uint8_t* scales = keys + layout.value_scales_at();
  float reference[R];
#pragma GCC unroll 4
  for (int r = 0; r < R; r++) {
    reference[r] = __builtin_ceilf(largest[r]);
    shift[r] = reference[r] > -kInfinity ? reference[r] : 0;  // it sees none of them
  }
  weigh<Type, R, true>(scores, shift, scales, 0, begin, end, weights, largest, total);

  add_values<Type, Passes, R>(pending, half, vectors);

#pragma GCC unroll 4
  for (int r = 0; r < R; r++) {
    RowState& row = rows[r];
    row.page_reference = reference[r];
    if (!(reference[r] > -kInfinity)) continue;
    if (reference[r] > row.reference) lower(row, reference[r], layout.value_width());
    row.total = madd16(total[r], broadcast16(power_of_two(reference[r] - row.reference)), row.total);
  }
  split_weights<Type, Passes, R>(rows, weights, largest, 0);
  for (int g = 1; g < layout.value_groups(); g++) {
    weigh<Type, R, false>(scores, shift, scales, g, begin, end, weights, largest, total);
    split_weights<Type, Passes, R>(rows, weights, largest, g);
  }
  pending = {rows, values, next && !layout.latent ? next + layout.key_bytes() : nullptr};
}

// Rows of a group, over some pages.
template <CodeType Type, int Passes, int R>
MS_INLINE void attend_pages(const CodeTask& task, int begin, int end, int to, const uint8_t* turned,
                            RowState* rows, int row, bool preload) {
  Pending pending;
  for (int page = begin; page < end; page++) {
    const uint8_t* values = turned ? turned : task.cache.keys(page) + task.layout.key_bytes();
    attend_page<Type, Passes, R>(task, page, values, rows + row, task.first + row, task.visible + row,
                                 preload && (page + 1) * kPage < to, pending);
  }
  add_values<Type, Passes, R>(pending, 0, task.layout.value_width() / 16);
}

// Pages of a chunk, and no more of them than some row sees.
template <CodeType Type, int Passes>
void attend_chunk(const CodeTask& task, int chunk, int from, int to, RowState* rows, uint8_t* turned) {
  constexpr int R = kParts == 1 ? 4 : 2;
  const int width = task.layout.value_width();
  for (int r = 0; r < task.rows; r++) {
    rows[r].reference = -kInfinity;
    rows[r].total = broadcast16(rows[r].finite ? 0.0f : __builtin_nanf(""));
    for (int d = 0; d < width; d += 16) store16(rows[r].sums + d, broadcast16(0.0f));
  }
  // Groups of rows take all pages one after the other; codes that have to be turned over are so once for all.
  const auto pages = [&](int begin, int end, const uint8_t* values) {
    for (int r = 0; r < task.rows;) {
      const int left = task.rows - r;
      const bool preload = task.preload && r == 0;
      if (R == 4 && left >= 4)
        attend_pages<Type, Passes, R>(task, begin, end, to, values, rows, r, preload), r += 4;
      else if (left >= 2)
        attend_pages<Type, Passes, 2>(task, begin, end, to, values, rows, r, preload), r += 2;
      else attend_pages<Type, Passes, 1>(task, begin, end, to, values, rows, r, preload), r += 1;
    }
  };
  const int first_page = chunk * kChunkPages > from / kPage ? chunk * kChunkPages : from / kPage;
  const int last_page = (to + kPage - 1) / kPage, behind = (chunk + 1) * kChunkPages;
  const int end = last_page < behind ? last_page : behind;
  if (!task.layout.latent) return pages(first_page, end, nullptr);
  for (int page = first_page; page < end; page++) {
    turn_latent(task.layout, task.cache.keys(page), turned);
    pages(page, page + 1, turned);
  }
}

template <CodeType Type, int Passes>
void attend(const CodeTask& task) {
  constexpr int kMost = multiscale::kMaxQueryRows;
  const CodeLayout& layout = task.layout;
  const int value_width = layout.value_width();
  uint8_t* at = task.scratch;
  const auto take = [&](size_t bytes) {  // whole cache lines
    uint8_t* const begin = at;
    at += (bytes + 63) / 64 * 64;
    return begin;
  };
  RowState rows[kMost];
  Sums all[kMost];
  int from = task.first[0], to = 0;
  for (int r = 0; r < task.rows; r++) {
    RowState& row = rows[r];
    row.sums = (float*)take(4 * value_width);
    all[r].sums = (float*)take(4 * value_width);
    row.q = task.q[r];
    row.query = take(2 * layout.width);
    row.digits = take(2 * kPage * layout.value_groups());
    row.factors = (float*)take(8 * layout.value_groups());
    row.value_offsets = (int32_t*)row.factors + layout.value_groups();
    float* scales = (float*)take(8 * layout.groups());
    int32_t* offsets = (int32_t*)scales + layout.groups();
    row.scales = scales;
    row.offsets = offsets;
    row.factor = task.scale * (task.softcap > 0 ? 1.0f : kLog2E);
    row.finite = split_query<Type, Passes>(layout, task.q[r], row.factor, row.query, scales, offsets);
    if (task.first[r] < from) from = task.first[r];
    if (task.visible[r] > to) to = task.visible[r];
  }
  uint8_t* const turned = at;
  if (task.partials) {
    attend_chunk<Type, Passes>(task, task.chunk, from, to, rows, turned);
    for (int r = 0; r < task.rows; r++) {
      float* partial = task.partials + r * multiscale::partial_floats(layout.value_size());
      partial[0] = rows[r].reference;
      store16(partial + 16, rows[r].total);
      memcpy(partial + 32, rows[r].sums, 4 * value_width);
    }
    return;
  }
  const int first_chunk = from / kChunk;
  for (int chunk = first_chunk; chunk * kChunk < to; chunk++) {
    attend_chunk<Type, Passes>(task, chunk, from, to, rows, turned);
    for (int r = 0; r < task.rows; r++)
      if (chunk > first_chunk) {
        merge(all[r], rows[r], value_width);
      } else {
        float* const free = all[r].sums;
        all[r] = rows[r];
        rows[r].sums = free;
      }
  }
  for (int r = 0; r < task.rows; r++) finish(all[r], layout.value_size(), task.out[r]);
}

void merge_chunks(float* partials, size_t stride, int chunks, int value_size, float* out) {
  Sums all;
  for (int chunk = 0; chunk < chunks; chunk++, partials += stride) {
    Sums one;
    one.reference = partials[0];
    one.total = load16(partials + 16);
    one.sums = partials + 32;
    if (chunk == 0) all = one;
    else merge(all, one, (value_size + 15) / 16 * 16);
  }
  finish(all, value_size, out);
}

// What times 127 / maximum is a code.
MS_INLINE float int8_scale(float maximum, float* inverse) {
  *inverse = 127.0f / maximum;
  if (maximum > 0 && *inverse < kInfinity) return maximum / 127.0f;
  *inverse = 0;
  return 0;
}

// The E8M0 byte of the smallest power of two that E2M1 codes need to hold a group.
MS_INLINE uint8_t e8m0_scale(int32_t bits, float* inverse) {
  int exponent = (bits >> 23) - 127 - 2;
  if ((bits & 0x7fffff) > 0x400000) exponent++;  // more than 6 = 1.5 · 4
  if (exponent < -127) exponent = -127;
  *inverse = float_of((127 - exponent) << 23);
  return (uint8_t)(exponent + 127);
}

MS_INLINE I16 e2m1_codes(F16 x) {
  I16 codes;
  for (int i = 0; i < kParts; i++) {
    const VecF y = (VecF)((VecI)x.part[i] & 0x7fffffff);
    const VecI code = -((y > 0.25f) + (y >= 0.75f) + (y > 1.25f) + (y >= 1.75f) + (y > 2.5f) + (y >= 3.5f) +
                        (y > 5.0f));  // ties to even
    codes.part[i] = code | (((x.part[i] < 0) & (code > 0)) & 8);
  }
  return codes;
}

// Sixteen codes of elements d … of a key, or nibbles of d … and d + 16 …
MS_INLINE void put_key(uint8_t* quads, int lane, I16 codes) {
  uint8_t bytes[16];
  store_bytes(bytes, codes);
  for (int i = 0; i < 4; i++) memcpy(quads + i * 64 + lane * 4, bytes + 4 * i, 4);
}

// Sixteen codes of a value: bytes, or the nibbles of them that `kept` does not keep.
MS_INLINE void put_value(uint8_t* quad, int part, int kept, I16 codes) {
  uint8_t bytes[16];
  store_bytes(bytes, codes);
  for (int i = 0; i < 16; i++) quad[i * 4 + part] = (uint8_t)((quad[i * 4 + part] & kept) | bytes[i]);
}

// A key's code, in units of its scale.
template <CodeType Type>
MS_INLINE int key_code(const uint8_t* keys, int width, int at, int d) {
  const uint8_t* vector = keys + at / 16 * kVectorBytes<Type> * width;
  if constexpr (Type == CodeType::kInt8) return vector[d / 4 * 64 + at % 16 * 4 + d % 4] - 128;
  const uint8_t both = vector[d / 32 * 256 + d % 16 / 4 * 64 + at % 16 * 4 + d % 4];
  const uint8_t* table = kInfo<kCodes<Type>>.table;
  return table[d % 32 < 16 ? both & 15 : both >> 4] - kInfo<kCodes<Type>>.offset;
}

template <CodeType Type>
void start_page(const CodeLayout& layout, uint8_t* page, const uint8_t* before,
                const multiscale::PageTurn& turn) {
  float* shift = (float*)(page + layout.shift_at());
  for (int d = 0; d < layout.width; d++) shift[d] = 0;
  if (!before) return;
  const uint8_t* scales = before + layout.key_scales_at();
  const float* taken = (const float*)(before + layout.shift_at());
  for (int d = 0; d < layout.head_size; d++) {
    float sum = 0;
    for (int vector = 0; vector < kVectors; vector++) {
      float scale[16];
      store16(scale, scales_of<Type>(scales, d / layout.group(), vector));
      for (int i = 0; i < 16; i++)
        sum += scale[i] * (float)key_code<Type>(before, layout.width, vector * 16 + i, d);
    }
    shift[d] = sum * (1.0f / kPage) + taken[d];
  }
  for (int i = 0; i < turn.half; i++) {
    float &a = shift[turn.halves ? i : 2 * i], &b = shift[turn.halves ? i + turn.half : 2 * i + 1];
    const float x = a, y = b;
    a = x * turn.cosines[i] - y * turn.sines[i];
    b = x * turn.sines[i] + y * turn.cosines[i];
  }
}

template <CodeType Type>
bool store(const CodeLayout& layout, const float* k, const float* v, int at, uint8_t* page) {
  const int group = layout.group(), head_size = layout.head_size;
  const int lane = at % 16, quad = at / 4, part = at % 4;
  uint8_t *keys = page + at / 16 * kVectorBytes<Type> * layout.width, *values = page + layout.key_bytes();
  uint8_t *key_scales = page + layout.key_scales_at(), *value_scales = page + layout.value_scales_at();
  float rest[multiscale::kMostCodes];
  if (layout.shifted) {
    const float* shift = (const float*)(page + layout.shift_at());
    for (int d = 0; d < layout.width; d += 16)
      store16(rest + d, load_up_to(k, d, head_size) - load16(shift + d));
    k = rest;
  }
  for (int begin = 0, g = 0; begin < layout.width; begin += group, g++) {
    const int end = begin + group < head_size ? begin + group : head_size;
    const int stop = begin + group < layout.width ? begin + group : layout.width;
    const int32_t key_bits = largest_bits(k, begin, end), value_bits = v ? largest_bits(v, begin, end) : 0;
    if (key_bits >= kNotFinite || value_bits >= kNotFinite) return false;
    float to_key, to_value;  // factors
    if constexpr (Type == CodeType::kInt8) {
      const I16 offset = broadcast16(128);
      ((float*)key_scales)[g * kPage + at] = int8_scale(float_of(key_bits), &to_key);
      for (int d = begin; d < stop; d += 16)
        put_key(keys + d / 4 * 64, lane, round16(load_up_to(k, d, end) * broadcast16(to_key)) + offset);
      if (!v) continue;
      ((float*)value_scales)[g * kPage + at] = int8_scale(float_of(value_bits), &to_value);
      for (int d = begin; d < stop; d += 16)
        put_value(values + (d / 16 * kQuads + quad) * 64, part, 0,
                  round16(load_up_to(v, d, end) * broadcast16(to_value)) + offset);
    } else {
      key_scales[g * kPage + at] = e8m0_scale(key_bits, &to_key);
      value_scales[g * kPage + at] = e8m0_scale(value_bits, &to_value);
      const F16 key_factor = broadcast16(to_key), value_factor = broadcast16(to_value);
      const I16 low = e2m1_codes(load_up_to(k, begin, end) * key_factor);
      const I16 high = e2m1_codes(load_up_to(k, begin + 16, end) * key_factor);
      put_key(keys + g * 256, lane, low | shift_left16(high, 4));
      const int shift = quad / 4 % 2 * 4;
      for (int d = begin; d < stop; d += 16)
        put_value(values + ((d / 16 * 2 + quad / 8) * 4 + quad % 4) * 64, part, 0xf0 >> shift,
                  shift_left16(e2m1_codes(load_up_to(v, d, end) * value_factor), shift));
    }
  }
  return true;
}

constexpr multiscale::CodeAttentionKernels kKernels = {
    {{attend<CodeType::kInt8, 1>, attend<CodeType::kInt8, 2>},
     {attend<CodeType::kMxfp4, 1>, attend<CodeType::kMxfp4, 2>}},
    merge_chunks,
    {start_page<CodeType::kInt8>, start_page<CodeType::kMxfp4>},
    {store<CodeType::kInt8>, store<CodeType::kMxfp4>},
};

}  // namespace
