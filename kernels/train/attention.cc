#include "train/attention.h"

#include <algorithm>
#include <cstring>

namespace multiscale {

namespace {

// Query rows that share a product. Of the keys beyond a row's own position, half as many are multiplied in
// vain.
constexpr int kQueryBlock = 48;

int padded(int n) { return (n + 15) / 16 * 16; }

size_t thread_scratch(const TrainKernels& t, int longest, int head_size) {
  const size_t products = std::max({product_scratch(t, {kQueryBlock, padded(longest), head_size}),
                                    product_scratch(t, {kQueryBlock, head_size, padded(longest)}),
                                    product_scratch(t, {longest, head_size, kQueryBlock})});
  return products + 2 * size_t{kQueryBlock} * padded(longest);
}

// Calls body(document's first row, its length, kv head, scratch) for all of them.
template <class Body>
void for_heads(Pool& pool, const TrainKernels& t, const TrainAttention& job, Memory& scratch,
               const Body& body) {
  int longest = 0;
  for (int d = 0; d < job.documents; d++) longest = std::max(longest, job.starts[d + 1] - job.starts[d]);
  const size_t floats = thread_scratch(t, longest, job.head_size);
  float* const parts = reinterpret_cast<float*>(scratch.at_least(floats * pool.threads() * sizeof(float)));
  pool.parallel_for(job.documents * job.kv_heads, [&](int task, int thread) {
    const int document = task / job.kv_heads, start = job.starts[document];
    body(start, job.starts[document + 1] - start, task % job.kv_heads, parts + floats * thread);
  });
}

// One kv head of one document, and what a block of its queries needs.
struct Head {
  const TrainKernels& t;
  const TrainAttention& job;
  int start, length, kv_head;
  float* products;       // scratch of products
  float* probabilities;  // [kQueryBlock, keys]
  float* gradients;      // the same

  Head(const TrainKernels& kernels, const TrainAttention& j, int s, int l, int h, float* scratch)
      : t(kernels), job(j), start(s), length(l), kv_head(h), products(scratch) {
    gradients = scratch + thread_scratch(kernels, l, j.head_size) - size_t{kQueryBlock} * padded(l);
    probabilities = gradients - size_t{kQueryBlock} * padded(l);
  }

  size_t query_stride() const { return static_cast<size_t>(job.heads) * job.head_size; }
  size_t key_stride() const { return static_cast<size_t>(job.kv_heads) * job.head_size; }
  size_t query_at(int row, int head) const {
    return (start + row) * query_stride() + static_cast<size_t>(head) * job.head_size;
  }
  size_t key_at() const { return start * key_stride() + static_cast<size_t>(kv_head) * job.head_size; }
  MatrixView queries(const float* x, int row, int head) const {
    return {x + query_at(row, head), query_stride(), 1};
  }
  MatrixView keys(const float* x) const { return {x + key_at(), key_stride(), 1}; }

  // Calls body(head, first query row, rows, keys they see at most) for every block of the group's queries.
  template <class Body>
  void for_blocks(const Body& body) const {
    const int group = job.heads / job.kv_heads;
    for (int head = kv_head * group; head < (kv_head + 1) * group; head++)
      for (int row = 0; row < length; row += kQueryBlock) {
        const int rows = std::min(kQueryBlock, length - row);
        body(head, row, rows, row + rows);
      }
  }

  // probabilities [rows, keys] of a block.
  void weigh(int head, int row, int rows, int seen) const {
    product(t, queries(job.q, row, head), keys(job.k).transposed(), {rows, seen, job.head_size},
            probabilities, seen, false, products);
    for (int i = 0; i < rows; i++)
      t.softmax(probabilities + static_cast<size_t>(i) * seen, row + i + 1, seen, job.scale);
  }
};

}  // namespace

void attend(Pool& pool, const TrainKernels& t, const TrainAttention& job, float* out, Memory& scratch) {
  for_heads(pool, t, job, scratch, [&](int start, int length, int kv_head, float* part) {
    const Head h(t, job, start, length, kv_head, part);
    h.for_blocks([&](int head, int row, int rows, int seen) {
      h.weigh(head, row, rows, seen);
      const MatrixView p{h.probabilities, static_cast<size_t>(seen), 1};
      product(t, p, h.keys(job.v), {rows, job.head_size, seen}, out + h.query_at(row, head), h.query_stride(),
              false, h.products);
    });
  });
}

void attend_backward(Pool& pool, const TrainKernels& t, const TrainAttention& job, const float* dout,
                     float* dq, float* dk, float* dv, Memory& scratch) {
  for_heads(pool, t, job, scratch, [&](int start, int length, int kv_head, float* part) {
    const Head h(t, job, start, length, kv_head, part);
    float *to_k = dk + h.key_at(), *to_v = dv + h.key_at();
    for (int row = 0; row < length; row++) {
      memset(to_k + row * h.key_stride(), 0, job.head_size * sizeof(float));
      memset(to_v + row * h.key_stride(), 0, job.head_size * sizeof(float));
    }
    h.for_blocks([&](int head, int row, int rows, int seen) {
      h.weigh(head, row, rows, seen);
      const MatrixView p{h.probabilities, static_cast<size_t>(seen), 1};
      const MatrixView ds{h.gradients, static_cast<size_t>(seen), 1};
      const MatrixView from = h.queries(dout, row, head);
      product(t, p.transposed(), from, {seen, job.head_size, rows}, to_v, h.key_stride(), true, h.products);
      product(t, from, h.keys(job.v).transposed(), {rows, seen, job.head_size}, h.gradients, seen, false,
              h.products);
      for (int i = 0; i < rows; i++) {
        const size_t at = static_cast<size_t>(i) * seen;
        t.softmax_backward(h.probabilities + at, h.gradients + at, row + i + 1, seen, job.scale);
      }
      product(t, ds, h.keys(job.k), {rows, job.head_size, seen}, dq + h.query_at(row, head), h.query_stride(),
              false, h.products);
      product(t, ds.transposed(), h.queries(job.q, row, head), {seen, job.head_size, rows}, to_k,
              h.key_stride(), true, h.products);
    });
  });
}

}  // namespace multiscale
