// The products over whole matrices: which kernels, on which threads. The arithmetic is in the kernels.
#pragma once
#include <unordered_map>
#include <vector>

#include "elementwise/contract.h"
#include "gemm/weight.h"

namespace multiscale {

// Rows of activations that a kernel takes together.
struct Tile {
  int row, tokens;
};

// Digits of up to `rows` rows of `cols` activations, laid out for one variant: few rows as tiles, many as
// panels.
class Digits {
 public:
  Digits(const GemmKernels& kernels, int rows, int cols, int passes, bool per_row);

  // Splits `rows` rows of x. Returns -1, or row · cols + column of a value that is not finite.
  long long decompose(Pool& pool, const ElementwiseKernels& kernels, const float* x, int rows);

  int capacity() const { return capacity_; }
  int rows() const { return rows_; }
  int cols() const { return cols_; }
  int groups() const { return groups_; }
  int passes() const { return passes_; }
  bool allocated() const { return data_.data() && info_.data() && factors_.data(); }
  bool panels() const { return panels_; }
  const std::vector<Tile>& tiles() const { return tiles_; }
  const uint8_t* digits(int row) const { return data_.data() + row * row_bytes_; }
  const GroupInfo* info(int row) const {
    return reinterpret_cast<const GroupInfo*>(info_.data()) + static_cast<size_t>(row) * groups_;
  }
  const float* floats(int row) const {
    return reinterpret_cast<const float*>(info_.data()) + static_cast<size_t>(row) * groups_ * kTokenFloats;
  }
  const float* factors() const { return reinterpret_cast<const float*>(factors_.data()); }

 private:
  const GemmKernels& table_;
  int capacity_, rows_ = 0, cols_, groups_, passes_;
  bool per_row_, panels_ = false;
  size_t row_bytes_;
  std::vector<Tile> tiles_;
  Memory data_, info_, factors_;
};

// y[rows × weight.rows] = weight.scale · (x · Wᵀ) (+ bias, or null).
struct Product {
  const Weight* weight;
  const float* bias;
  float* y;
};

// Which job follows which. Tokens go through the weights in the same order, so threads that wait for one job
// can read the beginning of the next from memory.
class JobOrder {
 public:
  // What a thread reads first.
  struct Start {
    const uint8_t* begin;
    size_t bytes;
  };
  // To be called before every job that streams weights: `job` tells it from others, starts[thread] says where
  // its threads begin. Tells the pool where they begin in the job that came after this one the last time.
  // Weights may be freed meanwhile: what is expected is only ever read ahead.
  void next(Pool& pool, const Weight* job, std::vector<Start> starts);

 private:
  std::unordered_map<const Weight*, std::vector<Start>> after_;
  const Weight* last_ = nullptr;
};

// Products of the same digits with several weights, as one job of the pool: threads wait for each other once.
// `scratch` holds scratch_bytes of the same arguments.
size_t scratch_bytes(const Pool& pool, const GemmKernels& kernels, const Digits& x,
                     const std::vector<Product>& products);
void linear(Pool& pool, const GemmKernels& kernels, const Digits& x, const std::vector<Product>& products,
            uint8_t* scratch, JobOrder& order);

// Products of x[rows × weight.cols] with float weights.
size_t scratch_bytes(const Pool& pool, const GemmKernels& kernels, int rows,
                     const std::vector<Product>& products);
void linear(Pool& pool, const GemmKernels& kernels, const float* x, int rows,
            const std::vector<Product>& products, uint8_t* scratch, JobOrder& order);

}  // namespace multiscale
