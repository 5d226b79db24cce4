#include "attention/cache.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <vector>

namespace multiscale {

KvCache::KvCache(CacheType type, int layers, int kv_heads, int head_size, int pages)
    : type_(type),
      layers_(layers),
      kv_heads_(kv_heads),
      head_size_(head_size),
      pages_(pages),
      memory_(page_bytes() * pages) {}

void KvCache::copy_page(int from, int to) {
  memcpy(memory_.data() + to * page_bytes(), memory_.data() + from * page_bytes(), page_bytes());
}

int KvCache::append(Pool& pool, const CacheKernels& kernels, int layer, const CachePass& pass, const float* k,
                    const float* v) {
  const int type = static_cast<int>(type_), rows = pass.rows();
  const size_t width = static_cast<size_t>(kv_heads_) * head_size_;
  // A decode step is too little work to share out.
  const int tasks = rows > 1 ? kv_heads_ : 1, heads = kv_heads_ / tasks;
  std::atomic<int> bad{rows};
  const auto store = [&](const CachedHead& cache, int row, size_t source) {
    const int page = pass.positions[row] / kPage, at = pass.positions[row] % kPage;
    if (!coded()) {
      kernels.floats->store_key[type](k + source, head_size_, at, cache.keys(page));
      kernels.floats->store_value[type](v + source, head_size_, at, cache.values(page));
    } else if (!kernels.codes->store[static_cast<int>(layout().type)](k + source, v + source, head_size_, at,
                                                                      cache.keys(page))) {
      int first = bad;
      while (row < first && !bad.compare_exchange_weak(first, row)) {
      }
    }
  };
  pool.parallel_for(tasks, [&](int task, int) {
    for (int kv_head = task * heads; kv_head < (task + 1) * heads; kv_head++)
      for (int s = 0; s < pass.sequences; s++) {
        const CachedHead cache = head(layer, kv_head, pass.tables + static_cast<size_t>(s) * pass.stride);
        for (int row = pass.starts[s]; row < pass.starts[s + 1]; row++)
          store(cache, row, row * width + static_cast<size_t>(kv_head) * head_size_);
      }
  });
  return bad < rows ? bad.load() : -1;
}

size_t KvCache::scratch_bytes(const CachePass& pass) const {
  if (coded()) return (code_scratch_bytes(head_size_) + 63) / 64 * 64;
  return static_cast<size_t>(pass.stride) * kPage * kMaxQueryRows * sizeof(float);
}

void KvCache::attend(Pool& pool, const CacheKernels& kernels, int layer, const CachePass& pass,
                     const CacheAttention& options, const float* q, float* out, uint8_t* scratch) const {
  // One task: the query heads that share a kv head, for as many tokens of a sequence as fill a tile of rows,
  // so that they share one pass over its keys and values.
  const int heads = options.heads, group = heads / kv_heads_;
  const int group_rows = std::min(group, kMaxQueryRows), tokens = std::max(1, kMaxQueryRows / group);
  const int group_parts = (group + group_rows - 1) / group_rows, of_tokens = kv_heads_ * group_parts;
  const size_t width = static_cast<size_t>(heads) * head_size_;
  std::vector<int> first_task(pass.sequences + 1);
  for (int s = 0; s < pass.sequences; s++)
    first_task[s + 1] =
        first_task[s] + of_tokens * ((pass.starts[s + 1] - pass.starts[s] + tokens - 1) / tokens);
  pool.parallel_for(first_task.back(), [&](int number, int thread) {
    const auto next = std::upper_bound(first_task.begin(), first_task.end(), number);
    const int s = static_cast<int>(next - first_task.begin()) - 1;
    // The last tokens see the most keys: hand them out first, so that no thread ends on a long task.
    const int task = *next - 1 - number, token_part = task / of_tokens;
    const int part = of_tokens - 1 - task % of_tokens, kv_head = part / group_parts;
    const int first_head = kv_head * group + part % group_parts * group_rows;
    const int last_head = std::min(first_head + group_rows, (kv_head + 1) * group);
    const int begin = pass.starts[s] + token_part * tokens;
    const int end = std::min(pass.starts[s + 1], begin + tokens);
    const auto fill = [&](auto& job) {
      job.cache = head(layer, kv_head, pass.tables + static_cast<size_t>(s) * pass.stride);
      job.head_size = head_size_;
      job.scale = options.scale;
      job.softcap = options.softcap;
      job.preload = options.preload;
      job.rows = 0;
      for (int row = begin; row < end; row++)
        for (int head = first_head; head < last_head; head++) {
          const size_t at = row * width + static_cast<size_t>(head) * head_size_;
          job.q[job.rows] = q + at;
          job.out[job.rows] = out + at;
          job.visible[job.rows] = pass.positions[row] + 1;
          job.first[job.rows] = std::max(0, pass.positions[row] + 1 - options.window);
          job.rows++;
        }
    };
    uint8_t* const own = scratch + thread * scratch_bytes(pass);
    if (coded()) {
      CodeTask job{};
      fill(job);
      job.scratch = own;
      kernels.codes->attend[static_cast<int>(layout().type)][options.passes - 1](job);
    } else {
      AttentionTask job;
      fill(job);
      job.scores = reinterpret_cast<float*>(own);
      job.score_stride = static_cast<size_t>(pass.stride) * kPage;
      kernels.floats->attend[static_cast<int>(type_)](job);
    }
  });
}

}  // namespace multiscale
