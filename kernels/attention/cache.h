// Keys and values of one sequence, and attention over them on all threads.
#pragma once
#include "attention/contract.h"
#include "base/memory.h"
#include "base/pool.h"

namespace multiscale {

class KvCache {
 public:
  KvCache(CacheType type, int layers, int kv_heads, int head_size, int capacity);

  bool allocated() const { return memory_.data() != nullptr; }
  size_t bytes() const { return memory_.size(); }
  int layers() const { return layers_; }
  int capacity() const { return capacity_; }
  int kv_heads() const { return kv_heads_; }
  int head_size() const { return head_size_; }

  // k and v: [rows][kv_heads · head_size], for positions position .. position + rows - 1.
  void append(Pool& pool, const AttentionKernels& kernels, int layer, int position, int rows, const float* k,
              const float* v);

  // q and out: [rows][heads · head_size]; row i sees positions 0 .. position + i. `scratch` holds
  // scratch_floats() per thread.
  void attend(Pool& pool, const AttentionKernels& kernels, int layer, int position, int rows, int heads,
              float scale, const float* q, float* out, float* scratch) const;
  size_t scratch_floats() const { return static_cast<size_t>(padded_) * kMaxQueryRows; }

 private:
  size_t element_bytes() const { return type_ == CacheType::kF32 ? 4 : 2; }
  size_t head_bytes() const { return static_cast<size_t>(padded_) * head_size_ * element_bytes(); }
  uint8_t* keys(int layer, int kv_head) const {
    return memory_.data() + (static_cast<size_t>(layer) * 2 * kv_heads_ + kv_head) * head_bytes();
  }
  uint8_t* values(int layer, int kv_head) const { return keys(layer, kv_head) + kv_heads_ * head_bytes(); }

  CacheType type_;
  int layers_, kv_heads_, head_size_, capacity_, padded_;
  Memory memory_;
};

}  // namespace multiscale
