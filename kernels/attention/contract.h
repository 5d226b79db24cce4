// Attention over a cache of float keys and values.
//
//   score[i][t] = cap(scale · q_i · k_t) for first[i] <= t < visible[i],   p = softmax(score),
//   o_i = Σ_t p_t v_t
//
// The cache is made of pages of kPage positions. In each, keys of one kv head lie as [t/16][d][16] so that a
// lane is a token and no sum crosses lanes; values as [t][d]. Sums run over d and over t in ascending order,
// whatever the number of query rows: a token's result does not depend on the batch it came in. Softmax
// reduces over 16 lanes and a fixed tree.
#pragma once
#include <stddef.h>
#include <stdint.h>

namespace multiscale {

// Those of codes: code_attention/contract.h.
enum class CacheType : int { kF32 = 0, kF16 = 1, kInt8 = 2, kMxfp4 = 3 };
constexpr int kMaxQueryRows = 16;
constexpr int kPage = 64;

// Keys and values of one layer and kv head of a sequence: positions kPage · i … lie in page table[i].
struct CachedHead {
  uint8_t* base;       // of page 0
  size_t page_bytes;   // from one page to the next
  size_t value_bytes;  // from a page's keys to its values
  const int32_t* table;

  uint8_t* keys(int page) const { return base + table[page] * page_bytes; }
  uint8_t* values(int page) const { return keys(page) + value_bytes; }
};

struct AttentionTask {
  CachedHead cache;
  int head_size;
  int latent;            // MLA: the first so many elements of a key are its value, none are kept; 0: they are
  float scale, softcap;  // scores become softcap · tanh(score / softcap); 0: they stay
  int rows;              // query rows, at most kMaxQueryRows
  const float* q[kMaxQueryRows];
  float* out[kMaxQueryRows];
  // The row sees positions first .. visible - 1, both ascending over rows.
  int first[kMaxQueryRows], visible[kMaxQueryRows];
  bool preload;         // the page after the one that is computed
  float* scores;        // scratch, rows · score_stride floats
  size_t score_stride;  // at least visible rounded up to 16
};

struct AttentionKernels {
  void (*attend[2])(const AttentionTask& task);  // [CacheType]
  // Position `at` of a page.
  void (*store_key[2])(const float* k, int head_size, int at, void* keys);
  void (*store_value[2])(const float* v, int head_size, int at, void* values);
};

extern const AttentionKernels kAttentionGeneric;
extern const AttentionKernels kAttentionAvx2;
extern const AttentionKernels kAttentionAvx512;
const AttentionKernels* attention_kernels(int level);

}  // namespace multiscale
