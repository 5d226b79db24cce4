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
  // `angles`: cosines, then sines of a page's turn [2 · half], for `shifted` keys.
  KvCache(CacheType type, int layers, int kv_heads, int head_size, int pages, bool shifted,
          std::vector<float> angles, bool halves);

  bool allocated() const { return memory_.data() != nullptr; }
  size_t bytes() const { return memory_.size(); }
  int layers() const { return layers_; }
  int pages() const { return pages_; }
  int kv_heads() const { return kv_heads_; }
  int head_size() const { return head_size_; }

  void copy_page(int from, int to);

  // k and v: [rows][kv_heads · head_size]. Returns -1, or for a cache of codes the first row with a value
  // that is not finite; what is stored is then worthless.
  int append(Pool& pool, const CacheKernels& kernels, int layer, const CachePass& pass, const float* k,
             const float* v);

  // q and out: [rows][heads · head_size]; a row sees its position and those before. `scratch` holds
  // scratch_bytes.
  void attend(Pool& pool, const CacheKernels& kernels, int layer, const CachePass& pass,
              const CacheAttention& options, const float* q, float* out, uint8_t* scratch) const;
  size_t scratch_bytes(const Pool& pool, const CachePass& pass, int heads) const;

 private:
  struct Tasks;
  size_t thread_bytes(const CachePass& pass) const;
  bool coded() const { return type_ == CacheType::kInt8 || type_ == CacheType::kMxfp4; }
  CodeLayout layout() const {
    return {type_ == CacheType::kInt8 ? CodeType::kInt8 : CodeType::kMxfp4, head_size_};
  }
  // Of the keys, or the codes of keys, of a page, layer and kv head; the values follow.
  size_t block_bytes() const {
    if (coded()) return layout().code_bytes();
    return static_cast<size_t>(kPage) * head_size_ * (type_ == CacheType::kF32 ? 4 : 2);
  }
  size_t head_bytes() const { return coded() ? layout().head_bytes() : 2 * block_bytes(); }
  size_t page_bytes() const { return head_bytes() * layers_ * kv_heads_; }
  CachedHead head(int layer, int kv_head, const int32_t* table) const {
    return {memory_.data() + head_bytes() * (static_cast<size_t>(layer) * kv_heads_ + kv_head), page_bytes(),
            block_bytes(), table};
  }

  CacheType type_;
  int layers_, kv_heads_, head_size_, pages_;
  bool shifted_;
  std::vector<float> angles_;
  bool halves_;
  Memory memory_;
};

}  // namespace multiscale
