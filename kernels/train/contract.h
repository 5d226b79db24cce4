// Training: float32 products in three orientations, and the gradients of what stands between them.
//
// Every result is the same bits on every instruction set and for every number of threads: a product's sum
// runs over k in ascending order, one fused multiply-add each, in runs of kDepth that are then added up;
// other sums run over 16 lanes and one fixed tree, or over rows in ascending order. (Where no fused
// multiply-add exists, the exponential is rounded otherwise, and with it what uses it.)
#pragma once
#include <stddef.h>
#include <stdint.h>

namespace multiscale {

// Products summed in registers before they are added to the result.
constexpr int kDepth = 256;

// One step of AdamW (Loshchilov and Hutter, arXiv 1711.05101, algorithm 2).
struct AdamStep {
  float rate, beta1, beta2, epsilon, decay;
  float gradient_scale;            // of clipping
  float correction1, correction2;  // 1 / (1 - beta^step)
};

struct TrainKernels {
  int tile_rows, tile_cols;
  // c[i][j] = (add: +=) sum over k of a[k][i] · b[k][j], for i < rows, j < cols. a is [depth][tile_rows], b
  // is [depth][tile_cols], depth at most kDepth; what they hold beyond rows and cols is multiplied and
  // dropped.
  void (*tile)(const float* a, const float* b, int depth, float* c, size_t stride, int rows, int cols,
               bool add);
  // The same for all tile_rows rows of an a that was not packed: a[i · row + k].
  void (*row_tile)(const float* a, size_t row, const float* b, int depth, float* c, size_t stride, int cols,
                   bool add);
  // Panels of `width` rows: packed[i / width][k][i % width] = from[i · stride_i + k · stride_k] for i <
  // count, k < depth, zeros where the last panel is not full. One stride is 1.
  void (*pack)(const float* from, size_t stride_i, size_t stride_k, int count, int depth, int width,
               float* packed);
  // y = x · r · gain, r = 1 / sqrt(mean(x²) + epsilon). dx += the gradient; returns r.
  float (*rms_norm_backward)(const float* dy, const float* x, const float* gain, int cols, float epsilon,
                             float* dx);
  // dgain[j] += sum over rows of dy · x · r[row], j < cols; rows are `stride` apart.
  void (*gain_gradient)(const float* dy, const float* x, const float* r, int rows, size_t stride, int cols,
                        float* dgain);
  // out = silu(gate) · up. From dout: dgate and dup, each of which may take the place of an argument.
  void (*swiglu_backward)(const float* dout, const float* gate, const float* up, size_t count, float* dgate,
                          float* dup);
  // p = softmax(scale · x) of the first `count`, zeros up to `padded`, in place.
  void (*softmax)(float* x, int count, int padded, float scale);
  // The gradient of the line before: dp = scale · p · (dp - sum(p · dp)), in place.
  void (*softmax_backward)(const float* p, float* dp, int count, int padded, float scale);
  // x = exp(scale · (x - max)), in place; the maximum goes to *max. Returns the sum.
  double (*exponentials)(float* x, int count, float scale, float* max);
  void (*scale)(float* x, int count, float factor);
  void (*adamw)(float* parameter, const float* gradient, float* mean, float* variance, size_t count,
                const AdamStep& step);
  float (*squares)(const float* x, int count);
};

extern const TrainKernels kTrainGeneric;
extern const TrainKernels kTrainAvx2;
extern const TrainKernels kTrainAvx512;
const TrainKernels* train_kernels(int level);

}  // namespace multiscale
