// The source of every variant of the family; see contract.h.
#pragma once
#include "base/simd.h"
#include "train/contract.h"

namespace {

typedef float Vec4 __attribute__((vector_size(16)));

// a[k][i] lies at a[i · row + k · col].
template <int Rows, int Vectors>
MS_INLINE void multiply(const float* a, size_t row, size_t col, const float* b, int depth,
                        F16 (&sum)[Rows][Vectors]) {
#pragma GCC unroll 16
  for (int i = 0; i < Rows; i++)
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; v++) sum[i][v] = broadcast16(0.0f);
#pragma GCC unroll 1
  for (int k = 0; k < depth; k++, a += col, b += 16 * Vectors) {
    F16 right[Vectors];
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; v++) right[v] = load16(b + 16 * v);
#pragma GCC unroll 16
    for (int i = 0; i < Rows; i++) {
      const F16 left = broadcast16(a[i * row]);
#pragma GCC unroll 2
      for (int v = 0; v < Vectors; v++) sum[i][v] = fma16(left, right[v], sum[i][v]);
    }
  }
}

template <int Rows, int Vectors>
MS_INLINE void put(const F16 (&sum)[Rows][Vectors], float* c, size_t stride, int rows, int cols, bool add) {
  if (rows == Rows && cols == 16 * Vectors) {
#pragma GCC unroll 16
    for (int i = 0; i < Rows; i++)
#pragma GCC unroll 2
      for (int v = 0; v < Vectors; v++) {
        float* at = c + i * stride + 16 * v;
        store16(at, add ? load16(at) + sum[i][v] : sum[i][v]);
      }
    return;
  }
  float whole[Rows][16 * Vectors];
#pragma GCC unroll 16
  for (int i = 0; i < Rows; i++)
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; v++) store16(whole[i] + 16 * v, sum[i][v]);
  for (int i = 0; i < rows; i++)
    for (int j = 0; j < cols; j++) c[i * stride + j] = add ? c[i * stride + j] + whole[i][j] : whole[i][j];
}

// The result's lines, on their way while the products are summed: nothing else tells the CPU of them in time.
template <int Rows, int Vectors>
MS_INLINE void expect(const float* c, size_t stride, int rows) {
  for (int i = 0; i < rows; i++)
    for (int v = 0; v < Vectors; v++) __builtin_prefetch(c + i * stride + 16 * v, 1);
}

template <int Rows, int Vectors>
void tile(const float* a, const float* b, int depth, float* c, size_t stride, int rows, int cols, bool add) {
  expect<Rows, Vectors>(c, stride, rows);
  F16 sum[Rows][Vectors];
  multiply<Rows, Vectors>(a, 1, Rows, b, depth, sum);
  put<Rows, Vectors>(sum, c, stride, rows, cols, add);
}

template <int Rows, int Vectors>
void row_tile(const float* a, size_t row, const float* b, int depth, float* c, size_t stride, int cols,
              bool add) {
  expect<Rows, Vectors>(c, stride, Rows);
  F16 sum[Rows][Vectors];
  multiply<Rows, Vectors>(a, row, 1, b, depth, sum);
  put<Rows, Vectors>(sum, c, stride, Rows, cols, add);
}

// Four rows of four to four columns.
MS_INLINE void transpose4(const float* from, size_t stride, float* to, size_t width) {
  Vec4 r[4];
  for (int i = 0; i < 4; i++) memcpy(&r[i], from + i * stride, sizeof r[i]);
  const Vec4 low = __builtin_shufflevector(r[0], r[1], 0, 4, 1, 5);
  const Vec4 high = __builtin_shufflevector(r[0], r[1], 2, 6, 3, 7);
  const Vec4 low2 = __builtin_shufflevector(r[2], r[3], 0, 4, 1, 5);
  const Vec4 high2 = __builtin_shufflevector(r[2], r[3], 2, 6, 3, 7);
  const Vec4 columns[4] = {
      __builtin_shufflevector(low, low2, 0, 1, 4, 5), __builtin_shufflevector(low, low2, 2, 3, 6, 7),
      __builtin_shufflevector(high, high2, 0, 1, 4, 5), __builtin_shufflevector(high, high2, 2, 3, 6, 7)};
  for (int k = 0; k < 4; k++) memcpy(to + k * width, &columns[k], sizeof columns[k]);
}

MS_INLINE void copy_floats(const float* from, int count, float* to) {
  int i = 0;
  for (; i + 16 <= count; i += 16) store16(to + i, load16(from + i));
  for (; i + 4 <= count; i += 4) memcpy(to + i, from + i, sizeof(Vec4));
  for (; i < count; i++) to[i] = from[i];
}

// At most `width` rows of `depth`, to columns.
MS_INLINE void transpose_rows(const float* from, size_t stride, int count, int depth, int width, float* to) {
  int i = 0;
  for (; i + 4 <= count; i += 4) {
    const float* rows = from + i * stride;
    int k = 0;
    for (; k + 4 <= depth; k += 4) transpose4(rows + k, stride, to + (size_t)k * width + i, width);
    for (; k < depth; k++)
      for (int j = 0; j < 4; j++) to[(size_t)k * width + i + j] = rows[j * stride + k];
  }
  for (; i < count; i++)
    for (int k = 0; k < depth; k++) to[(size_t)k * width + i] = from[i * stride + k];
}

void pack(const float* from, size_t stride_i, size_t stride_k, int count, int depth, int width,
          float* packed) {
  const size_t panel = (size_t)depth * width;
  const int whole = count / width * width;
  if (whole < count)
    for (size_t i = 0; i < panel; i++) packed[whole / width * panel + i] = 0;
  if (stride_i == 1) {
    // A few rows at a time, panel after panel: rows may lie a multiple of a page apart, and so may panels,
    // and few such lines stay in a cache.
    constexpr int kStrip = 16;
    for (int first = 0; first < depth; first += kStrip) {
      const int last = depth - first < kStrip ? depth : first + kStrip;
      float* to = packed + (size_t)first * width;
      for (int i = 0; i < count; i += width, to += panel)
        for (int k = first; k < last; k++)
          copy_floats(from + k * stride_k + i, count - i < width ? count - i : width,
                      to + (size_t)(k - first) * width);
    }
    return;
  }
  for (int i = 0; i < count; i += width, packed += panel)
    transpose_rows(from + i * stride_i, stride_i, count - i < width ? count - i : width, depth, width,
                   packed);
}

float rms_norm_backward(const float* dy, const float* x, const float* gain, int cols, float epsilon,
                        float* dx) {
  F16 squares = broadcast16(0.0f), products = broadcast16(0.0f);
  for (int k = 0; k < cols; k += 16) {
    const F16 v = load_up_to(x, k, cols);
    squares = squares + v * v;
    products = products + load_up_to(dy, k, cols) * load_up_to(gain, k, cols) * v;
  }
  const float r = 1.0f / __builtin_sqrtf(sum_lanes(squares) / (float)cols + epsilon);
  const F16 factor = broadcast16(r);
  const F16 pull = broadcast16(sum_lanes(products) * r * r * r / (float)cols);
  for (int k = 0; k < cols; k += 16) {
    const F16 direct = load_up_to(dy, k, cols) * load_up_to(gain, k, cols) * factor;
    const F16 change = direct - load_up_to(x, k, cols) * pull;
    store_up_to(dx, k, cols, load_up_to(dx, k, cols) + change);
  }
  return r;
}

void gain_gradient(const float* dy, const float* x, const float* r, int rows, size_t stride, int cols,
                   float* dgain) {
  for (int k = 0; k < cols; k += 16) {
    F16 sum = broadcast16(0.0f);
    for (int row = 0; row < rows; row++)
      sum = sum + load_up_to(dy + row * stride, k, cols) * load_up_to(x + row * stride, k, cols) *
                      broadcast16(r[row]);
    store_up_to(dgain, k, cols, load_up_to(dgain, k, cols) + sum);
  }
}

MS_INLINE void swiglu_backward16(F16 dout, F16 gate, F16 up, F16& dgate, F16& dup) {
  const F16 one = broadcast16(1.0f);
  const F16 sigmoid = one / (one + exp16(broadcast16(0.0f) - gate));
  dup = dout * gate * sigmoid;
  dgate = dout * up * sigmoid * (one + gate * (one - sigmoid));
}

void swiglu_backward(const float* dout, const float* gate, const float* up, size_t count, float* dgate,
                     float* dup) {
  for (size_t i = 0; i < count; i += 16) {
    const int rest = count - i < 16 ? (int)(count - i) : 16;
    F16 to_gate, to_up;
    swiglu_backward16(load_up_to(dout + i, 0, rest), load_up_to(gate + i, 0, rest),
                      load_up_to(up + i, 0, rest), to_gate, to_up);
    store_up_to(dgate + i, 0, rest, to_gate);
    store_up_to(dup + i, 0, rest, to_up);
  }
}

// For the lanes of a vector of which `count` are meant, perhaps more than there are.
MS_INLINE F16 lanes_or(F16 v, int count, float otherwise) {
  return count < 16 ? first_lanes(v, count, broadcast16(otherwise)) : v;
}

MS_INLINE float maximum(const float* x, int count) {
  F16 most = broadcast16(-__builtin_inff());
  for (int k = 0; k < count; k += 16)
    most = max16(most, lanes_or(load_up_to(x, k, count), count - k, -__builtin_inff()));
  return max_lanes(most);
}

void softmax(float* x, int count, int padded, float scale) {
  const F16 most = broadcast16(maximum(x, count)), factor = broadcast16(scale);
  F16 sum = broadcast16(0.0f);
  for (int k = 0; k < count; k += 16) {
    const F16 e = lanes_or(exp16((load_up_to(x, k, count) - most) * factor), count - k, 0.0f);
    store_up_to(x, k, count, e);
    sum = sum + e;
  }
  const F16 inverse = broadcast16(1.0f / sum_lanes(sum));
  for (int k = 0; k < count; k += 16) store_up_to(x, k, count, load_up_to(x, k, count) * inverse);
  for (int k = count; k < padded; k++) x[k] = 0;
}

void softmax_backward(const float* p, float* dp, int count, int padded, float scale) {
  F16 sum = broadcast16(0.0f);
  for (int k = 0; k < count; k += 16) sum = sum + load_up_to(p, k, count) * load_up_to(dp, k, count);
  const F16 mean = broadcast16(sum_lanes(sum)), factor = broadcast16(scale);
  for (int k = 0; k < count; k += 16)
    store_up_to(dp, k, count, factor * load_up_to(p, k, count) * (load_up_to(dp, k, count) - mean));
  for (int k = count; k < padded; k++) dp[k] = 0;
}

double exponentials(float* x, int count, float scale, float* max) {
  *max = maximum(x, count);
  const F16 most = broadcast16(*max), factor = broadcast16(scale);
  double total = 0;
  for (int begin = 0; begin < count; begin += 4096) {  // a few hundred additions a lane are exact enough
    const int end = count - begin < 4096 ? count : begin + 4096;
    F16 sum = broadcast16(0.0f);
    for (int k = begin; k < end; k += 16) {
      const F16 e = lanes_or(exp16((load_up_to(x, k, end) - most) * factor), end - k, 0.0f);
      store_up_to(x, k, end, e);
      sum = sum + e;
    }
    total += sum_lanes(sum);
  }
  return total;
}

void scale(float* x, int count, float factor) {
  const F16 wide = broadcast16(factor);
  for (int k = 0; k < count; k += 16) store_up_to(x, k, count, load_up_to(x, k, count) * wide);
}

void adamw(float* parameter, const float* gradient, float* mean, float* variance, size_t count,
           const multiscale::AdamStep& step) {
  const F16 one = broadcast16(1.0f), beta1 = broadcast16(step.beta1), beta2 = broadcast16(step.beta2);
  const F16 rest1 = one - beta1, rest2 = one - beta2, clip = broadcast16(step.gradient_scale);
  const F16 rate = broadcast16(step.rate), epsilon = broadcast16(step.epsilon);
  const F16 decay = broadcast16(step.decay);
  const F16 correction1 = broadcast16(step.correction1), correction2 = broadcast16(step.correction2);
  for (size_t i = 0; i < count; i += 16) {
    const int rest = count - i < 16 ? (int)(count - i) : 16;
    const F16 g = load_up_to(gradient + i, 0, rest) * clip, p = load_up_to(parameter + i, 0, rest);
    const F16 m = beta1 * load_up_to(mean + i, 0, rest) + rest1 * g;
    const F16 v = beta2 * load_up_to(variance + i, 0, rest) + rest2 * g * g;
    const F16 change = m * correction1 / (sqrt16(v * correction2) + epsilon) + decay * p;
    store_up_to(mean + i, 0, rest, m);
    store_up_to(variance + i, 0, rest, v);
    store_up_to(parameter + i, 0, rest, p - rate * change);
  }
}

float squares(const float* x, int count) {
  F16 sum = broadcast16(0.0f);
  for (int k = 0; k < count; k += 16) {
    const F16 v = load_up_to(x, k, count);
    sum = sum + v * v;
  }
  return sum_lanes(sum);
}

template <int Rows, int Vectors>
constexpr multiscale::TrainKernels kernels() {
  multiscale::TrainKernels table{};
  table.tile_rows = Rows;
  table.tile_cols = 16 * Vectors;
  table.tile = tile<Rows, Vectors>;
  table.row_tile = row_tile<Rows, Vectors>;
  table.pack = pack;
  table.rms_norm_backward = rms_norm_backward;
  table.gain_gradient = gain_gradient;
  table.swiglu_backward = swiglu_backward;
  table.softmax = softmax;
  table.softmax_backward = softmax_backward;
  table.exponentials = exponentials;
  table.scale = scale;
  table.adamw = adamw;
  table.squares = squares;
  return table;
}

}  // namespace
