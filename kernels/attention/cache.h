// Keys and values of sequences, in pages that they may share, and attention over them on all threads.
#pragma once
#include "attention/contract.h"
#include "base/memory.h"
#include "base/pool.h"

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

class KvCache {
 public:
  KvCache(CacheType type, int layers, int kv_heads, int head_size, int pages);

  bool allocated() const { return memory_.data() != nullptr; }
  size_t bytes() const { return memory_.size(); }
  int layers() const { return layers_; }
  int pages() const { return pages_; }
  int kv_heads() const { return kv_heads_; }
  int head_size() const { return head_size_; }

  void copy_page(int from, int to);

  // k and v: [rows][kv_heads · head_size]
  void append(Pool& pool, const AttentionKernels& kernels, int layer, const CachePass& pass, const float* k,
              const float* v);

  // q and out: [rows][heads · head_size]; a row sees its position and those before. `scratch` holds
  // scratch_floats(pass) per thread.
  void attend(Pool& pool, const AttentionKernels& kernels, int layer, const CachePass& pass, int heads,
              float scale, const float* q, float* out, float* scratch) const;
  size_t scratch_floats(const CachePass& pass) const {
    return static_cast<size_t>(pass.stride) * kPage * kMaxQueryRows;
  }

 private:
  // Of the keys, or the values, of a page, layer and kv head.
  size_t block_bytes() const {
    return static_cast<size_t>(kPage) * head_size_ * (type_ == CacheType::kF32 ? 4 : 2);
  }
  size_t page_bytes() const { return 2 * block_bytes() * layers_ * kv_heads_; }
  CachedHead head(int layer, int kv_head, const int32_t* table) const {
    return {memory_.data() + 2 * block_bytes() * (static_cast<size_t>(layer) * kv_heads_ + kv_head),
            page_bytes(), block_bytes(), table};
  }

  CacheType type_;
  int layers_, kv_heads_, head_size_, pages_;
  Memory memory_;
};

}  // namespace multiscale
