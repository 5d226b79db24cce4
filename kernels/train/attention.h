// Causal attention within the documents of a packed batch, and its gradient.
#pragma once
#include "train/matmul.h"

namespace multiscale {

struct TrainAttention {
  const int32_t* starts;  // [documents + 1]: document d is the rows starts[d] … starts[d + 1] - 1
  int documents;
  int heads, kv_heads, head_size;
  float scale;
  const float* q;  // [rows, heads · head_size]
  const float* k;  // [rows, kv_heads · head_size]
  const float* v;

  int rows() const { return starts[documents]; }
};

// out = softmax(scale · q · kᵀ) · v
void attend(Pool& pool, const TrainKernels& kernels, const TrainAttention& job, float* out, Memory& scratch);
// dq, dk, dv = the gradients, from that of `out`. Probabilities are computed again: keeping them would cost
// more than it saves.
void attend_backward(Pool& pool, const TrainKernels& kernels, const TrainAttention& job, const float* dout,
                     float* dq, float* dk, float* dv, Memory& scratch);

}  // namespace multiscale
