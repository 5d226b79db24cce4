// Keys and values of sequences, in pages that they may share, and attention over them on all threads.
#pragma once
#include <vector>

#include "attention/contract.h"
#include "base/memory.h"
#include "base/pool.h"
#include "code_attention/contract.h"

namespace multiscale {

// The rows of a pass: sequence s has rows starts[s] … starts[s + 1] - 1, each at the next position, and its
// positions kPage · i … lie in page tables[s · stride + i].
struct CachePass {
  int sequences;
  const int32_t* starts;     // [sequences + 1]
  const int32_t* positions;  // [rows]
  const int32_t* tables;     // [sequences, stride]
  int stride;

  int rows() const { return starts[sequences]; }
};

struct CacheKernels {
  const AttentionKernels* floats;
  const CodeAttentionKernels* codes;
};

struct CacheAttention {
  int heads;
  float scale;
  int passes;     // digits of queries and probabilities, for a cache of codes
  int window;     // positions that a row sees at most
  float softcap;  // 0: none
  bool preload;   // reads the next page while one is computed: false only to show what it is worth
};

class KvCache {
 public:
  // `latent`: 0, or how much of a key is its value too (attention/contract.h). `angles`: cosines, then sines
  // of a page's turn [2 · half], for `shifted` keys.
  KvCache(CacheType type, int layers, int kv_heads, int head_size, int latent, int pages, bool shifted,
          std::vector<float> angles, bool halves);

  bool allocated() const { return memory_.data() != nullptr; }
  size_t bytes() const { return memory_.size(); }
  int layers() const { return layers_; }
  int pages() const { return pages_; }
  int kv_heads() const { return kv_heads_; }
  int head_size() const { return layout_.head_size; }
  int value_size() const { return layout_.value_size(); }
  bool latent() const { return layout_.latent > 0; }

  void copy_page(int from, int to);

  // k and v: [rows][kv_heads · head_size]; of latent rows there is no v. Returns -1, or for a cache of codes
  // the first row with a value that is not finite; what is stored is then worthless.
  int append(Pool& pool, const CacheKernels& kernels, int layer, const CachePass& pass, const float* k,
             const float* v);

  // q: [rows][heads · head_size], out: [rows][heads · value_size]; a row sees its position and those before.
  void attend(Pool& pool, const CacheKernels& kernels, int layer, const CachePass& pass,
              const CacheAttention& options, const float* q, float* out, Memory& scratch) const;

 private:
  struct Tasks;
  size_t thread_bytes(const CachePass& pass) const;
  bool coded() const { return type_ == CacheType::kInt8 || type_ == CacheType::kMxfp4; }
  // Of the keys of a page, layer and kv head in floats; the values follow.
  size_t key_bytes() const {
    return static_cast<size_t>(kPage) * head_size() * (type_ == CacheType::kF32 ? 4 : 2);
  }
  size_t head_bytes() const { return coded() ? layout_.head_bytes() : key_bytes() + key_bytes() * !latent(); }
  size_t page_bytes() const { return head_bytes() * layers_ * kv_heads_; }
  CachedHead head(int layer, int kv_head, const int32_t* table) const {
    return {memory_.data() + head_bytes() * (static_cast<size_t>(layer) * kv_heads_ + kv_head), page_bytes(),
            key_bytes(), table};
  }

  CacheType type_;
  int layers_, kv_heads_, pages_;
  CodeLayout layout_;  // of floats the sizes count alone
  std::vector<float> angles_;
  bool halves_;
  Memory memory_;
};

}  // namespace multiscale
