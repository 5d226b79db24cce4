// Attention over a cache of float keys and values.
//
//   score[i][t] = scale · q_i · k_t for t < visible[i],   p = softmax(score),   o_i = Σ_t p_t v_t
//
// Keys of one kv head lie as [t/16][d][16] so that a lane is a token and no sum crosses lanes; values as
// [t][d]. Sums run over d and over t in ascending order, whatever the number of query rows: a token's
// result does not depend on the batch it came in. Softmax reduces over 16 lanes and a fixed tree.
#pragma once
#include <stddef.h>
#include <stdint.h>

namespace multiscale {

enum class CacheType : int { kF32 = 0, kF16 = 1 };
constexpr int kMaxQueryRows = 16;

struct AttentionTask {
  const void* keys;  // of one kv head
  const void* values;
  int head_size;
  float scale;
  int rows;  // query rows, at most kMaxQueryRows
  const float* q[kMaxQueryRows];
  float* out[kMaxQueryRows];
  int visible[kMaxQueryRows];  // keys that the row sees: positions 0 .. visible - 1, ascending over rows
  float* scores;               // scratch, rows · score_stride floats
  size_t score_stride;         // at least visible rounded up to 16
};

struct AttentionKernels {
  void (*attend[2])(const AttentionTask& task);  // [CacheType]
  void (*store_key[2])(const float* k, int head_size, int position, void* keys);
  void (*store_value[2])(const float* v, int head_size, int position, void* values);
};

extern const AttentionKernels kAttentionGeneric;
extern const AttentionKernels kAttentionAvx2;
extern const AttentionKernels kAttentionAvx512;
const AttentionKernels* attention_kernels(int level);

}  // namespace multiscale
