// Float32 matrix products of any orientation (Goto and van de Geijn, "Anatomy of High-Performance Matrix
// Multiplication", 2008): both operands are packed into panels that the register tiles read in order.
#pragma once
#include "base/memory.h"
#include "base/pool.h"
#include "train/contract.h"

namespace multiscale {

// Element (i, j) is at[i · row + j · col]; one of the strides is 1.
struct MatrixView {
  const float* at;
  size_t row, col;

  MatrixView transposed() const { return {at, col, row}; }
  MatrixView from(size_t i, size_t j) const { return {at + i * row + j * col, row, col}; }
};

struct Shape {
  int m, n, k;
};

// A right operand [k, n] in the order in which products read it; its first rows and columns are one too.
struct PackedRight {
  const float* at;
  int n, k;
};

size_t packed_right_floats(const TrainKernels& kernels, int n, int k);
PackedRight pack_right(const TrainKernels& kernels, MatrixView b, int n, int k, float* packed);

// Floats of `packed_left` below.
size_t packed_left_floats(const TrainKernels& kernels);
// c [m, n], rows `stride` apart, = (add: +=) a [m, k] · b [k, n], on the calling thread.
void product(const TrainKernels& kernels, MatrixView a, const PackedRight& b, Shape shape, float* c,
             size_t stride, bool add, float* packed_left);

// The same by all threads and of a b that is not packed; c is contiguous. Scratch grows as needed. Throws
// std::bad_alloc.
void product(Pool& pool, const TrainKernels& kernels, MatrixView a, MatrixView b, Shape shape, float* c,
             bool add, Memory& scratch);

}  // namespace multiscale
