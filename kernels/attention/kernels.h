// The source of every variant of the family; see contract.h.
#pragma once
#include "attention/contract.h"
#include "base/simd.h"

namespace {

using multiscale::AttentionTask;
using multiscale::CacheType;
using multiscale::kMaxQueryRows;

template <CacheType Type>
MS_INLINE F16 load_elements(const void* base, size_t index) {
  if constexpr (Type == CacheType::kF32) return load16((const float*)base + index);
  else return load_half16((const uint16_t*)base + index);
}

template <CacheType Type>
MS_INLINE float load_element(const void* base, size_t index) {
  if constexpr (Type == CacheType::kF32) return ((const float*)base)[index];
  uint16_t lanes[16] = {((const uint16_t*)base)[index]};
  float x[16];
  store16(x, load_half16(lanes));
  return x[0];
}

template <CacheType Type>
MS_INLINE void store_element(void* base, size_t index, float x) {
  if constexpr (Type == CacheType::kF32) ((float*)base)[index] = x;
  else ((uint16_t*)base)[index] = half_bits(x);
}

// While keys are multiplied, those of the next page and the values of this one come from memory: for one
// token the cache is read once, and waiting for it took most of the time.
template <CacheType Type>
MS_INLINE void read_ahead(const uint8_t* next, const uint8_t* values, size_t index) {
  constexpr size_t kBytes = Type == CacheType::kF32 ? 4 : 2;
  __builtin_prefetch(next + index * kBytes, 0, 2);
  __builtin_prefetch(values + index * kBytes, 0, 2);
}

constexpr int kBlocks = multiscale::kPage / 16;  // of a page

// Scores of R rows against the sixteen keys of one block; `end` is what the last of them sees.
template <CacheType Type, int R>
void score_block(const AttentionTask& task, int row, int block, int end) {
  const int page = block / kBlocks;
  const uint8_t *keys = task.cache.keys(page), *values = task.latent ? keys : task.cache.values(page);
  const uint8_t* next = (page + 1) * multiscale::kPage < end ? task.cache.keys(page + 1) : values;
  const size_t base = (size_t)(block % kBlocks) * task.head_size * 16;
  F16 sum[R];
#pragma GCC unroll 8
  for (int r = 0; r < R; r++) sum[r] = broadcast16(0.0f);
  for (int d = 0; d < task.head_size; d++) {
    const F16 key = load_elements<Type>(keys, base + (size_t)d * 16);
    if (task.preload && row == 0) read_ahead<Type>(next, values, base + (size_t)d * 16);
#pragma GCC unroll 8
    for (int r = 0; r < R; r++) sum[r] = madd16(key, broadcast16(task.q[row + r][d]), sum[r]);
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; r++) {
    F16 score = sum[r] * broadcast16(task.scale);
    if (task.softcap > 0) score = soft_cap16(score, task.softcap);
    store16(task.scores + (row + r) * task.score_stride + (size_t)block * 16, score);
  }
}

// In place; entries of the first and the last sixteen that lie outside first .. visible - 1 become 0.
void softmax(float* scores, int first, int visible) {
  const int begin = first / 16 * 16, padded = (visible + 15) / 16 * 16;
  for (int t = begin; t < first; t++) scores[t] = -__builtin_inff();
  for (int t = visible; t < padded; t++) scores[t] = -__builtin_inff();
  F16 maximum = broadcast16(-__builtin_inff());
  for (int t = begin; t < padded; t += 16) maximum = max16(maximum, load16(scores + t));
  const F16 shift = broadcast16(max_lanes(maximum));
  F16 sum = broadcast16(0.0f);
  for (int t = begin; t < padded; t += 16) {
    const F16 p = exp16(load16(scores + t) - shift);
    sum = sum + p;
    store16(scores + t, p);
  }
  const F16 inverse = broadcast16(1.0f / sum_lanes(sum));
  for (int t = begin; t < padded; t += 16) store16(scores + t, load16(scores + t) * inverse);
}

// Calls body(values, position in the page, position) for positions begin … end - 1.
template <class Body>
MS_INLINE void for_values(const AttentionTask& task, int begin, int end, const Body& body) {
  for (int t = begin; t < end;) {
    const uint8_t* values = task.cache.values(t / multiscale::kPage);
    const int last = (t / multiscale::kPage + 1) * multiscale::kPage < end
                         ? (t / multiscale::kPage + 1) * multiscale::kPage
                         : end;
    for (; t < last; t++) body(values, t % multiscale::kPage, t);
  }
}

// o[r][d .. d + 16] = Σ_t p_t v_t for R rows. Positions that only some rows see come before and after those
// that all see: a probability of 0 would not keep another token's infinity or NaN out of the sum.
template <CacheType Type, int R>
void value_block(const AttentionTask& task, int row, int d) {
  F16 sum[R];
#pragma GCC unroll 8
  for (int r = 0; r < R; r++) sum[r] = broadcast16(0.0f);
  const float* p = task.scores + row * task.score_stride;
  const int end = task.visible[row], last = task.first[row + R - 1], begin = last < end ? last : end;
  const auto add = [&](int r, int from, int to) {
    for_values(task, from, to, [&](const uint8_t* values, int at, int t) {
      sum[r] = madd16(load_elements<Type>(values, (size_t)at * task.head_size + d),
                      broadcast16(p[r * task.score_stride + t]), sum[r]);
    });
  };
#pragma GCC unroll 8
  for (int r = 0; r + 1 < R; r++) add(r, task.first[row + r], begin);
  for_values(task, begin, end, [&](const uint8_t* values, int at, int t) {
    const F16 value = load_elements<Type>(values, (size_t)at * task.head_size + d);
#pragma GCC unroll 8
    for (int r = 0; r < R; r++) sum[r] = madd16(value, broadcast16(p[r * task.score_stride + t]), sum[r]);
  });
#pragma GCC unroll 8
  for (int r = 1; r < R; r++)
    add(r, task.first[row + r] > end ? task.first[row + r] : end, task.visible[row + r]);
#pragma GCC unroll 8
  for (int r = 0; r < R; r++) store16(task.out[row + r] + d, sum[r]);
}

template <CacheType Type>
void value_tail(const AttentionTask& task, int row, int begin) {
  const float* p = task.scores + row * task.score_stride;
  for (int d = begin; d < task.head_size; d++) {
    float sum = 0;
    for_values(task, task.first[row], task.visible[row], [&](const uint8_t* values, int at, int t) {
      sum += p[t] * load_element<Type>(values, (size_t)at * task.head_size + d);
    });
    task.out[row][d] = sum;
  }
}

constexpr int kLatentAtOnce = 4;

// o[d … d + 3] of R rows that see the same positions, where values are the beginning of keys: a lane is a
// token, and lanes are added up in the end. What a row does not see is 0 before it is multiplied.
template <CacheType Type, int R>
void latent_block(const AttentionTask& task, int row, int d) {
  const int first = task.first[row], end = task.visible[row];
  F16 sum[R][kLatentAtOnce] = {};
  for (int t = first / 16 * 16; t < end; t += 16) {
    const uint8_t* keys = task.cache.keys(t / multiscale::kPage);
    const size_t at = (size_t)(t % multiscale::kPage) * task.head_size + (size_t)d * 16;
    F16 p[R];
#pragma GCC unroll 4
    for (int r = 0; r < R; r++) p[r] = load16(task.scores + (row + r) * task.score_stride + t);
#pragma GCC unroll 4
    for (int i = 0; i < kLatentAtOnce; i++) {
      F16 value = load_elements<Type>(keys, at + i * 16);
      if (t + 16 > end) value = first_lanes(value, end - t, broadcast16(0.0f));
      if (t < first) value = first_lanes(broadcast16(0.0f), first - t, value);
#pragma GCC unroll 4
      for (int r = 0; r < R; r++) sum[r][i] = madd16(value, p[r], sum[r][i]);
    }
  }
#pragma GCC unroll 4
  for (int r = 0; r < R; r++)
#pragma GCC unroll 4
    for (int i = 0; i < kLatentAtOnce; i++) task.out[row + r][d + i] = sum_lanes(sum[r][i]);
}

template <CacheType Type>
void latent_values(const AttentionTask& task, int begin, int end) {
  constexpr int kMost = kParts == 1 ? 4 : 2;
  const auto alike = [&](int row, int count) {  // those of one token are
    for (int r = row + 1; r < row + count; r++)
      if (r >= end || task.visible[r] != task.visible[row] || task.first[r] != task.first[row]) return false;
    return true;
  };
  for (int d = 0; d < task.latent; d += kLatentAtOnce)
    for (int row = begin; row < end;) {
      if (alike(row, kMost)) latent_block<Type, kMost>(task, row, d), row += kMost;
      else latent_block<Type, 1>(task, row, d), row += 1;
    }
}

template <CacheType Type, int R>
void attend_rows(const AttentionTask& task, int row) {
  const int begin = task.first[row] / 16, end = task.visible[row + R - 1];
  for (int block = begin; block * 16 < end; block++) score_block<Type, R>(task, row, block, end);
  for (int r = 0; r < R; r++)
    softmax(task.scores + (row + r) * task.score_stride, task.first[row + r], task.visible[row + r]);
  if (task.latent) return latent_values<Type>(task, row, row + R);
  int d = 0;
  for (; d + 16 <= task.head_size; d += 16) value_block<Type, R>(task, row, d);
  if (d < task.head_size)
    for (int r = 0; r < R; r++) value_tail<Type>(task, row + r, d);
}

template <CacheType Type>
void attend(const AttentionTask& task) {
  int row = 0;
  // One register for sixteen lanes: eight rows, for multiply-adds not to wait for each other.
  if constexpr (kParts == 1)
    for (; row + 8 <= task.rows; row += 8) attend_rows<Type, 8>(task, row);
  for (; row + 4 <= task.rows; row += 4) attend_rows<Type, 4>(task, row);
  if (task.rows - row == 3) attend_rows<Type, 3>(task, row);
  if (task.rows - row == 2) attend_rows<Type, 2>(task, row);
  if (task.rows - row == 1) attend_rows<Type, 1>(task, row);
}

template <CacheType Type>
void store_key(const float* k, int head_size, int at, void* keys) {
  const size_t base = (size_t)(at / 16) * head_size * 16 + at % 16;
  for (int d = 0; d < head_size; d++) store_element<Type>(keys, base + (size_t)d * 16, k[d]);
}

template <CacheType Type>
void store_value(const float* v, int head_size, int at, void* values) {
  for (int d = 0; d < head_size; d++) store_element<Type>(values, (size_t)at * head_size + d, v[d]);
}

constexpr multiscale::AttentionKernels kKernels = {
    {attend<CacheType::kF32>, attend<CacheType::kF16>},
    {store_key<CacheType::kF32>, store_key<CacheType::kF16>},
    {store_value<CacheType::kF32>, store_value<CacheType::kF16>},
};

}  // namespace
