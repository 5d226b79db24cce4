// The products over whole matrices: which tiles, on which threads. The arithmetic is in the kernels.
#pragma once
#include <vector>

#include "elementwise/contract.h"
#include "gemm/weight.h"

namespace multiscale {

// Digits of up to `rows` rows of `cols` activations, laid out for one variant.
class Digits {
 public:
  Digits(const GemmKernels& kernels, int rows, int cols, int passes, bool per_row);

  // Splits `rows` rows of x. Returns -1, or row · cols + column of a value that is not finite.
  long long decompose(Pool& pool, const ElementwiseKernels& kernels, const float* x, int rows);

  int capacity() const { return capacity_; }
  int rows() const { return rows_; }
  int cols() const { return cols_; }
  int passes() const { return passes_; }
  bool allocated() const { return data_.data() && info_.data(); }
  const uint8_t* digits(int row) const { return data_.data() + static_cast<size_t>(row) * row_bytes_; }
  const GroupInfo* info(int row) const {
    return reinterpret_cast<const GroupInfo*>(info_.data()) + static_cast<size_t>(row) * groups_;
  }

 private:
  const GemmKernels& table_;
  int capacity_, rows_ = 0, cols_, groups_, passes_;
  bool per_row_;
  size_t row_bytes_;
  Memory data_, info_;
};

// Tokens are taken in tiles of 8, 4, 2, 1, as large as the variant allows: the sequence for a row count.
struct Tile {
  int row, size_log2;
};
std::vector<Tile> tiles(int rows, int max_tile);

// y[rows × weight.rows] = digits · Wᵀ (+ bias, or null). stride_y in floats.
void linear(Pool& pool, const GemmKernels& kernels, const Digits& x, const Weight& w, const float* bias,
            float* y, size_t stride_y);
// The same for a float weight and x[rows × weight.cols].
void linear(Pool& pool, const GemmKernels& kernels, const float* x, int rows, const Weight& w,
            const float* bias, float* y, size_t stride_y);

}  // namespace multiscale
