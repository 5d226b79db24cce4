#include "attention/cache.h"

#include <algorithm>

namespace multiscale {

KvCache::KvCache(CacheType type, int layers, int kv_heads, int head_size, int capacity)
    : type_(type),
      layers_(layers),
      kv_heads_(kv_heads),
      head_size_(head_size),
      capacity_(capacity),
      padded_((capacity + 15) / 16 * 16),
      memory_(head_bytes() * 2 * layers * kv_heads) {}

void KvCache::append(Pool& pool, const AttentionKernels& kernels, int layer, int position, int rows,
                     const float* k, const float* v) {
  const int type = static_cast<int>(type_);
  const size_t width = static_cast<size_t>(kv_heads_) * head_size_;
  // A decode step is too little work to share out.
  const int tasks = rows > 1 ? kv_heads_ : 1, heads = kv_heads_ / tasks;
  pool.parallel_for(tasks, [&](int task, int) {
    for (int head = task * heads; head < (task + 1) * heads; head++)
      for (int row = 0; row < rows; row++) {
        const size_t source = row * width + static_cast<size_t>(head) * head_size_;
        kernels.store_key[type](k + source, head_size_, position + row, keys(layer, head));
        kernels.store_value[type](v + source, head_size_, position + row, values(layer, head));
      }
  });
}

void KvCache::attend(Pool& pool, const AttentionKernels& kernels, int layer, int position, int rows,
                     int heads, float scale, const float* q, float* out, float* scratch) const {
  // One task: the query heads that share a kv head, for as many tokens as fill a tile of rows, so that
  // they share one pass over its keys and values.
  const int group = heads / kv_heads_;
  const int group_rows = std::min(group, kMaxQueryRows), tokens = std::max(1, kMaxQueryRows / group);
  const int group_parts = (group + group_rows - 1) / group_rows, token_parts = (rows + tokens - 1) / tokens;
  const size_t width = static_cast<size_t>(heads) * head_size_;
  pool.parallel_for(kv_heads_ * group_parts * token_parts, [&](int task, int thread) {
    // The last tokens see the most keys: hand them out first, so that no thread ends on a long task.
    const int token_part = token_parts - 1 - task / (kv_heads_ * group_parts);
    const int part = task % (kv_heads_ * group_parts), kv_head = part / group_parts;
    const int first_head = kv_head * group + part % group_parts * group_rows;
    const int last_head = std::min(first_head + group_rows, (kv_head + 1) * group);
    AttentionTask job;
    job.keys = keys(layer, kv_head);
    job.values = values(layer, kv_head);
    job.head_size = head_size_;
    job.scale = scale;
    job.rows = 0;
    job.scores = scratch + thread * scratch_floats();
    job.score_stride = padded_;
    for (int token = token_part * tokens; token < std::min(rows, (token_part + 1) * tokens); token++)
      for (int head = first_head; head < last_head; head++) {
        const size_t at = token * width + static_cast<size_t>(head) * head_size_;
        job.q[job.rows] = q + at;
        job.out[job.rows] = out + at;
        job.visible[job.rows] = position + token + 1;
        job.rows++;
      }
    kernels.attend[static_cast<int>(type_)](job);
  });
}

}  // namespace multiscale
