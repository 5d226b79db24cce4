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
constexpr int kQuadBytes = kInBytes ? 4 : 8;  // digits that meet four codes

// Planes of digits: one each in bytes; as words two digits are one number.
template <int Passes>
constexpr int kPlanes = kInBytes ? Passes : 1;
template <int Passes>
constexpr float kTop = Passes == 1 ? 127.0f : 32512.0f;
constexpr int32_t kNotFinite = 0x7f800000;  // least magnitude_bits16 of what is not

// Codes lie as those of weights do, 16 rows and groups of 32 at a time (gemm/layout.h).
template <CodeType Type>
constexpr Layout kCodes = Type == CodeType::kInt8 ? Layout::Q8_0 : Layout::MXFP4;
template <CodeType Type>
constexpr int kVectorBytes = kInfo<kCodes<Type>>.bits * 2;  // sixteen codes

// Where the digits of elements i … of a row begin, by plane.
MS_INLINE uint8_t* digits_at(uint8_t* row, int width, int plane, int i) {
  return kInBytes ? row + plane * width + i : row + 2 * i;
}

template <int Passes>
MS_INLINE void put_digits(uint8_t* row, int width, int i, I16 q) {
  if constexpr (!kInBytes) return store_shuffled_words(digits_at(row, width, 0, i), q);
  if constexpr (Passes == 2) store_bytes(digits_at(row, width, 0, i), shift_right16(q + broadcast16(128), 8));
  store_bytes(digits_at(row, width, Passes - 1, i), q);
}

// Sums of products that fit the registers, at four vectors for a row at most.
template <int Passes, int R>
constexpr int kVectorsAtOnce = [] {
  constexpr int registers = MS_WIDTH == 32 ? 8 : 16, vectors = registers / (kPlanes<Passes> * R * kParts);
  return vectors > 4 ? 4 : vectors < 1 ? 1 : vectors;
}();

// Products of R rows of digits with V runs of codes, `run` bytes apart: `count` codes of each of 16 lanes,
// `plane` bytes from a row's first digits to its second. `ahead`, if not null, is read as `codes` will be.
template <CodeType Type, int Passes, int R, int V>
MS_INLINE void multiply(const uint8_t* const (&digits)[R], int plane, const uint8_t* codes, int run,
                        int count, const uint8_t* ahead, I16 (&product)[R][V]) {
  constexpr int kHalves = kInfo<kCodes<Type>>.nibbles() ? 2 : 1;
  I16 sum[kPlanes<Passes>][R][V] = {};
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
#pragma GCC unroll 2
      for (int p = 0; p < kPlanes<Passes>; p++)
#pragma GCC unroll 4
        for (int r = 0; r < R; r++)
#pragma GCC unroll 4
          for (int v = 0; v < V; v++)
            sum[p][r][v] =
                dot(sum[p][r][v], quads[v], digits[r] + p * plane + (group * 8 + quad) * kQuadBytes);
    }
  }
#pragma GCC unroll 4
  for (int r = 0; r < R; r++)
#pragma GCC unroll 4
    for (int v = 0; v < V; v++)
      product[r][v] = kPlanes<Passes> == 2 ? shift_left16(sum[0][r][v], 8) + sum[1 % kPlanes<Passes>][r][v]
                                           : sum[0][r][v];
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
    const VecI bits = (VecI)p.part[i] + (n.part[i] << 23);
    result.part[i] = (VecF)(bits & (x.part[i] >= low.part[i]));
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

// What a row has of some pages.
struct Sums {
  float reference = -kInfinity;  // n, whole
  F16 total = {};                // l, in sixteen parts
  float* sums;                   // O [width]
};

// And where what it needs for more lies.
struct RowState : Sums {
  float* scores;  // [kPage], then the probabilities
  const float* q;
  uint8_t* query;          // its digits
  uint8_t* digits;         // of probabilities [kPage]
  const float* scales;     // of the query's groups, the scores' factor included
  const int32_t* offsets;  // what the codes' offset makes of a group's digits
  float factor;            // of the scores
  bool finite;             // the query, whose digits would hide it
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
      put_digits<Passes>(digits, width, d, v);
    }
    offsets[g] = kOffset<kCodes<Type>> * sum_lanes(sum);
  }
  return finite;
}

// Scales of a group of sixteen keys or values.
template <CodeType Type>
MS_INLINE F16 scales_of(const uint8_t* scales, int group, int vector) {
  if constexpr (Type == CodeType::kInt8) return load16((const float*)scales + group * kPage + vector * 16);
  else return load_half_e8m0x16(scales + group * kPage + vector * 16);
}

// t of R rows against V vectors of sixteen keys, from vector `first` of a page on.
template <CodeType Type, int Passes, int R, int V>
MS_INLINE void score_vectors(const CodeLayout& layout, const RowState* rows, const uint8_t* keys, int first,
                             const uint8_t* ahead) {
  const uint8_t* scales = keys + layout.key_scales_at();
  const int width = layout.width, group = layout.group(), run = kVectorBytes<Type> * width;
  F16 total[R][V];
  for (int g = 0; g * group < width; g++) {
    const uint8_t* digits[R];
#pragma GCC unroll 4
    for (int r = 0; r < R; r++) digits[r] = digits_at(rows[r].query, width, 0, g * group);
    const int at = first * run + g * group * kVectorBytes<Type>;
    I16 product[R][V];
    const int count = group < width - g * group ? group : width - g * group;
    multiply<Type, Passes>(digits, width, keys + at, run, count, ahead ? ahead + at : nullptr, product);
#pragma GCC unroll 4
    for (int v = 0; v < V; v++) {
      const F16 scale = scales_of<Type>(scales, g, first + v);
#pragma GCC unroll 4
      for (int r = 0; r < R; r++) {
        const F16 exact = to_float16(product[r][v] - broadcast16(rows[r].offsets[g]));
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

MS_INLINE float dot_floats(const float* a, const float* b, int count) {
  F16 sum = broadcast16(0.0f);
  for (int d = 0; d < count; d += 16) sum = madd16(load_up_to(a, d, count), load_up_to(b, d, count), sum);
  return sum_lanes(sum);
}

// Scores, and what they have in common, to probabilities, which replace them, less those of positions outside
// begin … end - 1 of the page. Returns n_b, -infinity if none is left; *total is their sum.
MS_INLINE float weigh(float* scores, int begin, int end, float cap, float common, F16* total) {
  F16 most = broadcast16(-kInfinity);
  F16 t[kVectors];
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; v++) {
    t[v] = load16(scores + v * 16) + broadcast16(common);
    if (cap > 0) t[v] = soft_cap16(t[v], cap) * broadcast16(kLog2E);
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
  *total = sum;
  return reference;
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
    weights[v] = load16(row.scores + v * 16) * scales_of<Type>(scales, group, v);
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
  *offset = kOffset<kCodes<Type>> * sum_lanes(sum);
  return largest / kTop<Passes>;
}

// Adds the values of vectors first … first + V - 1 of sixteen elements to R rows, times the factors.
template <CodeType Type, int Passes, int R, int V>
MS_INLINE void add_values(const RowState* rows, const uint8_t* values, int first, const float* factors,
                          const int32_t* offsets, const uint8_t* ahead) {
  constexpr int run = kVectorBytes<Type> * kPage;
  const uint8_t* digits[R];
#pragma GCC unroll 4
  for (int r = 0; r < R; r++) digits[r] = rows[r].digits;
  I16 product[R][V];
  multiply<Type, Passes>(digits, kPage, values + first * run, run, kPage,
                         ahead ? ahead + first * run : nullptr, product);
#pragma GCC unroll 4
  for (int r = 0; r < R; r++)
#pragma GCC unroll 4
    for (int v = 0; v < V; v++) {
      float* at = rows[r].sums + (first + v) * 16;
      const F16 exact = to_float16(product[r][v] - broadcast16(offsets[r]));
      store16(at, madd16(exact, broadcast16(factors[r]), load16(at)));
    }
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

// One page for R rows, whose values' codes are `values`. If `preload`, the page after it is read.
template <CodeType Type, int Passes, int R>
void attend_page(const CodeTask& task, int page, const uint8_t* values, RowState* rows, const int* first,
                 const int* visible, bool preload) {
  constexpr int V = kVectorsAtOnce<Passes, R>;
  const CodeLayout& layout = task.layout;
  const uint8_t* keys = task.cache.keys(page);
  const uint8_t* next = preload ? task.cache.keys(page + 1) : nullptr;
  const float* shift = (const float*)(keys + layout.shift_at());
  for (int v = 0; v < kVectors; v += V) score_vectors<Type, Passes, R, V>(layout, rows, keys, v, next);

  float own[R];  // 2^(n_b - n)
  int begin[R], end[R];
  for (int r = 0; r < R; r++) {
    begin[r] = first[r] - page * kPage > 0 ? first[r] - page * kPage : 0;
    end[r] = visible[r] - page * kPage < kPage ? visible[r] - page * kPage : kPage;
    if (end[r] < 0) end[r] = 0;
    F16 total;
    const float common = layout.shifted ? dot_floats(rows[r].q, shift, layout.head_size) * rows[r].factor : 0;
    const float reference = weigh(rows[r].scores, begin[r], end[r], task.softcap, common, &total);
    RowState& row = rows[r];
    if (!(reference > -kInfinity)) {  // it sees none of them
      own[r] = 0;
      continue;
    }
    if (reference > row.reference) lower(row, reference, layout.value_width());
    own[r] = power_of_two(reference - row.reference);
    row.total = madd16(total, broadcast16(own[r]), row.total);
  }

  const uint8_t* scales = keys + layout.value_scales_at();
  const uint8_t* ahead = next && !layout.latent ? next + layout.key_bytes() : nullptr;
  const int vectors = Type == CodeType::kInt8 ? layout.value_width() / 16 : 2;  // of a group
  for (int g = 0; g < layout.value_groups(); g++) {
    float factors[R];
    int32_t offsets[R];
    for (int r = 0; r < R; r++)
      factors[r] =
          own[r] * split_probabilities<Type, Passes>(rows[r], scales, g, begin[r], end[r], &offsets[r]);
    int v = 0;
    for (; v + V <= vectors; v += V)
      add_values<Type, Passes, R, V>(rows, values, g * vectors + v, factors, offsets, ahead);
    for (; v < vectors; v++)
      add_values<Type, Passes, R, 1>(rows, values, g * vectors + v, factors, offsets, ahead);
  }
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
  const int first_page = chunk * kChunkPages > from / kPage ? chunk * kChunkPages : from / kPage;
  for (int page = first_page; page < (chunk + 1) * kChunkPages && page * kPage < to; page++) {
    bool preload = task.preload && (page + 1) * kPage < to;
    const uint8_t* values = task.cache.keys(page) + task.layout.key_bytes();
    if (task.layout.latent) {
      turn_latent(task.layout, task.cache.keys(page), turned);
      values = turned;
    }
    for (int r = 0; r < task.rows; preload = false) {
      const int* first = task.first + r;
      const int* visible = task.visible + r;
      RowState* part = rows + r;
      const int left = task.rows - r;
      if (R == 4 && left >= 4)
        attend_page<Type, Passes, R>(task, page, values, part, first, visible, preload), r += 4;
      else if (left >= 2)
        attend_page<Type, Passes, 2>(task, page, values, part, first, visible, preload), r += 2;
      else attend_page<Type, Passes, 1>(task, page, values, part, first, visible, preload), r += 1;
    }
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
    row.scores = (float*)take(4 * kPage);
    row.q = task.q[r];
    row.query = take(2 * layout.width);
    row.digits = take(2 * kPage);
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
