#include "train/attention.h"

#include <algorithm>
#include <cstring>

namespace multiscale {

namespace {

// Query rows that share a product. Of the keys beyond a row's own position, half as many are multiplied in
// vain.
constexpr int kQueryBlock = 48;

int padded(int n) { return (n + 15) / 16 * 16; }

// What one thread needs for a document of `length` rows: where each part lies behind the one before.
struct Scratch {
  size_t left, block_right, keys_across, keys, values_across, probabilities, gradients, floats;

  Scratch(const TrainKernels& t, int length, int head_size) {
    const size_t block = size_t{kQueryBlock} * padded(length);
    const size_t across = packed_right_floats(t, length, head_size);
    const size_t along = packed_right_floats(t, head_size, length);
    left = 0;
    block_right = left + packed_left_floats(t);
    keys_across = block_right + packed_right_floats(t, head_size, kQueryBlock);
    keys = keys_across + across;
    values_across = keys + along;
    probabilities = values_across + across;
    gradients = probabilities + block;
    floats = gradients + block;
  }
};

// Calls body(document's first row, its length, kv head, scratch) for all of them.
template <class Body>
void for_heads(Pool& pool, const TrainKernels& t, const TrainAttention& job, Memory& scratch,
               const Body& body) {
  int longest = 0;
  for (int d = 0; d < job.documents; d++) longest = std::max(longest, job.starts[d + 1] - job.starts[d]);
  const size_t floats = Scratch(t, longest, job.head_size).floats;
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
  float* scratch;
  Scratch parts;
  float* probabilities;  // [kQueryBlock, keys]
  float* gradients;      // the same

  Head(const TrainKernels& kernels, const TrainAttention& j, int s, int l, int h, float* memory)
      : t(kernels),
        job(j),
        start(s),
        length(l),
        kv_head(h),
        scratch(memory),
        parts(t, length, job.head_size),
        probabilities(scratch + parts.probabilities),
        gradients(scratch + parts.gradients) {}

  size_t query_stride() const { return static_cast<size_t>(job.heads) * job.head_size; }
  size_t key_stride() const { return static_cast<size_t>(job.kv_heads) * job.head_size; }
  size_t query_at(int row, int head) const {
    return (start + row) * query_stride() + static_cast<size_t>(head) * job.head_size;
  }
  size_t key_at() const { return start * key_stride() + static_cast<size_t>(kv_head) * job.head_size; }
  MatrixView queries(const float* x, int row, int head) const {
    return {x + query_at(row, head), query_stride(), 1};
  }
  // [length, head_size] as right operand, and its transpose; k or v.
  PackedRight along(const float* x, size_t at) const {
    return pack_right(t, keys(x), job.head_size, length, scratch + at);
  }
  PackedRight across(const float* x, size_t at) const {
    return pack_right(t, keys(x).transposed(), length, job.head_size, scratch + at);
  }
  void multiply(MatrixView a, const PackedRight& b, Shape shape, float* c, size_t stride, bool add) const {
    product(t, a, b, shape, c, stride, add, scratch + parts.left);
  }

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
  void weigh(const PackedRight& keys_across, int head, int row, int rows, int seen) const {
    multiply(queries(job.q, row, head), keys_across, {rows, seen, job.head_size}, probabilities, seen, false);
    for (int i = 0; i < rows; i++)
      t.softmax(probabilities + static_cast<size_t>(i) * seen, row + i + 1, seen, job.scale);
  }

 private:
  MatrixView keys(const float* x) const { return {x + key_at(), key_stride(), 1}; }
};

}  // namespace

void attend(Pool& pool, const TrainKernels& t, const TrainAttention& job, float* out, Memory& scratch) {
  for_heads(pool, t, job, scratch, [&](int start, int length, int kv_head, float* memory) {
    const Head h(t, job, start, length, kv_head, memory);
    const PackedRight keys_across = h.across(job.k, h.parts.keys_across);
    const PackedRight values = h.along(job.v, h.parts.keys);
    h.for_blocks([&](int head, int row, int rows, int seen) {
      h.weigh(keys_across, head, row, rows, seen);
      const MatrixView p{h.probabilities, static_cast<size_t>(seen), 1};
      h.multiply(p, values, {rows, job.head_size, seen}, out + h.query_at(row, head), h.query_stride(),
                 false);
    });
  });
}

void attend_backward(Pool& pool, const TrainKernels& t, const TrainAttention& job, const float* dout,
                     float* dq, float* dk, float* dv, Memory& scratch) {
  for_heads(pool, t, job, scratch, [&](int start, int length, int kv_head, float* memory) {
    const Head h(t, job, start, length, kv_head, memory);
    const PackedRight keys_across = h.across(job.k, h.parts.keys_across);
    const PackedRight keys = h.along(job.k, h.parts.keys);
    const PackedRight values_across = h.across(job.v, h.parts.values_across);
    float *to_k = dk + h.key_at(), *to_v = dv + h.key_at();
    for (int row = 0; row < length; row++) {
      memset(to_k + row * h.key_stride(), 0, job.head_size * sizeof(float));
      memset(to_v + row * h.key_stride(), 0, job.head_size * sizeof(float));
    }
    h.for_blocks([&](int head, int row, int rows, int seen) {
      h.weigh(keys_across, head, row, rows, seen);
      const MatrixView p{h.probabilities, static_cast<size_t>(seen), 1};
      const MatrixView ds{h.gradients, static_cast<size_t>(seen), 1};
      const auto block = [&](const float* x) {
        return pack_right(t, h.queries(x, row, head), job.head_size, rows, h.scratch + h.parts.block_right);
      };
      const Shape from_rows{seen, job.head_size, rows};
      h.multiply(p.transposed(), block(dout), from_rows, to_v, h.key_stride(), true);
      h.multiply(h.queries(dout, row, head), values_across, {rows, seen, job.head_size}, h.gradients, seen,
                 false);
      for (int i = 0; i < rows; i++) {
        const size_t at = static_cast<size_t>(i) * seen;
        t.softmax_backward(h.probabilities + at, h.gradients + at, row + i + 1, seen, job.scale);
      }
      h.multiply(ds, keys, {rows, job.head_size, seen}, dq + h.query_at(row, head), h.query_stride(), false);
      h.multiply(ds.transposed(), block(job.q), from_rows, to_k, h.key_stride(), true);
    });
  });
}

}  // namespace multiscale
