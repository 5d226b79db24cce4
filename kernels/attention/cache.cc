#include "attention/cache.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <vector>

namespace multiscale {

KvCache::KvCache(CacheType type, int layers, int kv_heads, int head_size, int latent, int pages, bool shifted,
                 std::vector<float> angles, bool halves)
    : type_(type),
      layers_(layers),
      kv_heads_(kv_heads),
      pages_(pages),
      layout_(type == CacheType::kMxfp4 ? CodeType::kMxfp4 : CodeType::kInt8, head_size, latent, shifted),
      angles_(std::move(angles)),
      halves_(halves),
      memory_(page_bytes() * pages) {}

void KvCache::copy_page(int from, int to) {
  memcpy(memory_.data() + to * page_bytes(), memory_.data() + from * page_bytes(), page_bytes());
}

int KvCache::append(Pool& pool, const CacheKernels& kernels, int layer, const CachePass& pass, const float* k,
                    const float* v) {
  const int type = static_cast<int>(type_), rows = pass.rows();
  const size_t width = static_cast<size_t>(kv_heads_) * head_size();
  // A decode step is too little work to share out.
  const int tasks = rows > 1 ? kv_heads_ : 1, heads = kv_heads_ / tasks;
  std::atomic<int> bad{rows};
  const auto store = [&](const CachedHead& cache, int row, size_t source) {
    const int page = pass.positions[row] / kPage, at = pass.positions[row] % kPage;
    const float* const value = latent() ? nullptr : v + source;
    if (!coded()) {
      kernels.floats->store_key[type](k + source, head_size(), at, cache.keys(page));
      if (value) kernels.floats->store_value[type](value, head_size(), at, cache.values(page));
      return;
    }
    const int which = static_cast<int>(layout_.type);
    if (at == 0 && layout_.shifted) {
      const int half = static_cast<int>(angles_.size() / 2);
      const PageTurn turn{angles_.data(), angles_.data() + half, half, halves_};
      const uint8_t* before = page > 0 ? cache.keys(page - 1) : nullptr;
      kernels.codes->start_page[which](layout_, cache.keys(page), before, turn);
    }
    if (!kernels.codes->store[which](layout_, k + source, value, at, cache.keys(page))) {
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
          store(cache, row, row * width + static_cast<size_t>(kv_head) * head_size());
      }
  });
  return bad < rows ? bad.load() : -1;
}

// One task: the query heads that share a kv head, for as many tokens of a sequence as fill a tile of rows,
// so that they share one pass over its keys and values.
struct KvCache::Tasks {
  int group, group_rows, group_parts, tokens, of_tokens;
  std::vector<int> first;  // of each sequence, and their number
  int chunks;              // that threads share; 0: they share tasks

  Tasks(const KvCache& cache, const Pool& pool, const CachePass& pass, int heads)
      : group(heads / cache.kv_heads_),
        group_rows(std::min(group, kMaxQueryRows)),
        group_parts((group + group_rows - 1) / group_rows),
        tokens(std::max(1, kMaxQueryRows / group)),
        of_tokens(cache.kv_heads_ * group_parts),
        first(pass.sequences + 1),
        chunks(0) {
    for (int s = 0; s < pass.sequences; s++)
      first[s + 1] = first[s] + of_tokens * ((pass.starts[s + 1] - pass.starts[s] + tokens - 1) / tokens);
    const int end = *std::max_element(pass.positions, pass.positions + pass.rows()) + 1;
    chunks = (end + kChunk - 1) / kChunk;
    const bool few = first.back() < 4 * pool.used() && partial_bytes(cache) < size_t{64} << 20;
    if (!cache.coded() || pool.used() == 1 || chunks < 2 || !few) chunks = 0;
  }

  size_t partial_stride(const KvCache& cache) const {  // floats of a chunk of a task
    return kMaxQueryRows * partial_floats(cache.value_size());
  }
  size_t partial_bytes(const KvCache& cache) const {
    return static_cast<size_t>(first.back()) * chunks * partial_stride(cache) * sizeof(float);
  }
};

size_t KvCache::thread_bytes(const CachePass& pass) const {
  if (coded()) return code_scratch_bytes(layout_);
  return static_cast<size_t>(pass.stride) * kPage * kMaxQueryRows * sizeof(float);
}

void KvCache::attend(Pool& pool, const CacheKernels& kernels, int layer, const CachePass& pass,
                     const CacheAttention& options, const float* q, float* out, Memory& memory) const {
  const Tasks tasks(*this, pool, pass, options.heads);
  const size_t thread_bytes = this->thread_bytes(pass), threads_bytes = pool.threads() * thread_bytes;
  uint8_t* const scratch = memory.at_least(threads_bytes + tasks.partial_bytes(*this));
  const int count = tasks.first.back();
  const auto fill = [&](int number, auto& job) {
    const auto next = std::upper_bound(tasks.first.begin(), tasks.first.end(), number);
    const int s = static_cast<int>(next - tasks.first.begin()) - 1;
    // The last tokens see the most keys: hand them out first, so that no thread ends on a long task.
    const int task = *next - 1 - number, token_part = task / tasks.of_tokens;
    const int part = tasks.of_tokens - 1 - task % tasks.of_tokens, kv_head = part / tasks.group_parts;
    const int first_head = kv_head * tasks.group + part % tasks.group_parts * tasks.group_rows;
    const int last_head = std::min(first_head + tasks.group_rows, (kv_head + 1) * tasks.group);
    const int begin = pass.starts[s] + token_part * tasks.tokens;
    const int end = std::min(pass.starts[s + 1], begin + tasks.tokens);
    job.cache = head(layer, kv_head, pass.tables + static_cast<size_t>(s) * pass.stride);
    job.scale = options.scale;
    job.softcap = options.softcap;
    job.preload = options.preload;
    job.rows = 0;
    for (int row = begin; row < end; row++)
      for (int head = first_head; head < last_head; head++) {
        const size_t at = static_cast<size_t>(row) * options.heads + head;
        job.q[job.rows] = q + at * head_size();
        job.out[job.rows] = out + at * value_size();
        job.visible[job.rows] = pass.positions[row] + 1;
        job.first[job.rows] = std::max(0, pass.positions[row] + 1 - options.window);
        job.rows++;
      }
  };
  if (!coded()) {
    pool.parallel_for(count, [&](int number, int thread) {
      AttentionTask job;
      fill(number, job);
      job.head_size = head_size();
      job.latent = layout_.latent;
      job.scores = reinterpret_cast<float*>(scratch + thread * thread_bytes);
      job.score_stride = static_cast<size_t>(pass.stride) * kPage;
      kernels.floats->attend[static_cast<int>(type_)](job);
    });
    return;
  }
  const auto attend = kernels.codes->attend[static_cast<int>(layout_.type)][options.passes - 1];
  const auto run = [&](int number, int thread, int chunk, float* partials) {
    CodeTask job(layout_);
    fill(number, job);
    job.scratch = scratch + thread * thread_bytes;
    job.partials = partials;
    job.chunk = chunk;
    attend(job);
  };
  if (tasks.chunks == 0) {
    pool.parallel_for(count, [&](int number, int thread) { run(number, thread, 0, nullptr); });
    return;
  }
  float* const partials = reinterpret_cast<float*>(scratch + threads_bytes);
  const size_t stride = tasks.partial_stride(*this), row_floats = partial_floats(value_size());
  pool.parallel_for(count * tasks.chunks, [&](int number, int thread) {
    run(number / tasks.chunks, thread, number % tasks.chunks, partials + number * stride);
  });
  pool.parallel_for(count, [&](int number, int) {
    CodeTask job(layout_);
    fill(number, job);
    for (int r = 0; r < job.rows; r++)
      kernels.codes->merge(partials + number * tasks.chunks * stride + r * row_floats, stride, tasks.chunks,
                           value_size(), job.out[r]);
  });
}

}  // namespace multiscale
