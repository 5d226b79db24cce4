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

// Floats of scratch that one product on one thread needs.
size_t product_scratch(const TrainKernels& kernels, Shape shape);

// c [m, n], rows `stride` apart, = (add: +=) a [m, k] · b [k, n], on the calling thread.
void product(const TrainKernels& kernels, MatrixView a, MatrixView b, Shape shape, float* c, size_t stride,
             bool add, float* scratch);

// The same by all threads; c is contiguous. Scratch grows as needed. Throws std::bad_alloc.
void product(Pool& pool, const TrainKernels& kernels, MatrixView a, MatrixView b, Shape shape, float* c,
             bool add, Memory& scratch);

}  // namespace multiscale
