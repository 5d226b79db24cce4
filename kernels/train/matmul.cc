#include "train/matmul.h"

#include <algorithm>
#include <new>

namespace multiscale {

namespace {

// Rows of a that are packed together: with kDepth columns of 4 bytes they fill half of a second-level cache
// of 256 KB.
constexpr int kRowBlock = 120;
// Floats of b that are packed at a time.
constexpr size_t kPackedFloats = size_t{8} << 20;

int round_up(int n, int unit) { return (n + unit - 1) / unit * unit; }

size_t packed_rows_floats(const TrainKernels& t) {
  return static_cast<size_t>(round_up(kRowBlock, t.tile_rows)) * kDepth;
}

size_t packed_cols_floats(const TrainKernels& t, int n, int k) {
  return static_cast<size_t>(round_up(n, t.tile_cols)) * k;
}

// Panel `panel` of the columns of b, k of them in slabs of kDepth: slab s lies at s · kDepth · width.
void pack_panel(const TrainKernels& t, MatrixView b, int panel, int n, int k, float* packed) {
  const int width = round_up(n, t.tile_cols), first = panel * t.tile_cols;
  for (int at = 0; at < k; at += kDepth) {
    const int depth = std::min(kDepth, k - at);
    float* to = packed + static_cast<size_t>(at) * width + static_cast<size_t>(first) * depth;
    const MatrixView part = b.from(at, first);
    t.pack(part.at, part.col, part.row, std::min(t.tile_cols, n - first), depth, t.tile_cols, to);
  }
}

// Rows of the result, at most kRowBlock, from packed b.
void multiply_rows(const TrainKernels& t, MatrixView a, const float* packed_b, Shape shape, float* c,
                   size_t stride, bool add, float* packed_a) {
  const int width = round_up(shape.n, t.tile_cols);
  for (int at = 0; at < shape.k; at += kDepth) {
    const int depth = std::min(kDepth, shape.k - at);
    for (int i = 0; i < shape.m; i += t.tile_rows) {
      const MatrixView part = a.from(i, at);
      t.pack(part.at, part.row, part.col, std::min(t.tile_rows, shape.m - i), depth, t.tile_rows,
             packed_a + static_cast<size_t>(i) * depth);
    }
    for (int j = 0; j < shape.n; j += t.tile_cols) {
      const float* panel = packed_b + static_cast<size_t>(at) * width + static_cast<size_t>(j) * depth;
      for (int i = 0; i < shape.m; i += t.tile_rows)
        t.tile(packed_a + static_cast<size_t>(i) * depth, panel, depth, c + i * stride + j, stride,
               std::min(t.tile_rows, shape.m - i), std::min(t.tile_cols, shape.n - j), add || at > 0);
    }
  }
}

}  // namespace

size_t product_scratch(const TrainKernels& t, Shape shape) {
  return packed_rows_floats(t) + packed_cols_floats(t, shape.n, shape.k);
}

void product(const TrainKernels& t, MatrixView a, MatrixView b, Shape shape, float* c, size_t stride,
             bool add, float* scratch) {
  float* packed_b = scratch + packed_rows_floats(t);
  for (int panel = 0; panel * t.tile_cols < shape.n; panel++)
    pack_panel(t, b, panel, shape.n, shape.k, packed_b);
  for (int i = 0; i < shape.m; i += kRowBlock) {
    const Shape rows{std::min(kRowBlock, shape.m - i), shape.n, shape.k};
    multiply_rows(t, a.from(i, 0), packed_b, rows, c + i * stride, stride, add, scratch);
  }
}

void product(Pool& pool, const TrainKernels& t, MatrixView a, MatrixView b, Shape shape, float* c, bool add,
             Memory& scratch) {
  const int m = shape.m, n = shape.n, k = shape.k, threads = pool.threads();
  if (m == 0 || n == 0) return;
  const int slab_panels =
      std::max<int>(1, kPackedFloats / (static_cast<size_t>(std::max(k, 1)) * t.tile_cols));
  const int slab = std::min(n, slab_panels * t.tile_cols);
  const size_t of_thread = packed_rows_floats(t), of_b = packed_cols_floats(t, slab, k);
  const size_t bytes = (of_thread * threads + of_b) * sizeof(float);
  if (scratch.size() < bytes) scratch = Memory(bytes);
  if (!scratch.data()) throw std::bad_alloc();
  float* const rows_scratch = reinterpret_cast<float*>(scratch.data());
  float* const packed_b = rows_scratch + of_thread * threads;

  // Blocks of equal size, a multiple of threads if there are few.
  const int blocks = round_up((m + kRowBlock - 1) / kRowBlock, threads);
  const int block_rows = round_up((m + blocks - 1) / blocks, t.tile_rows);
  const int tasks = (m + block_rows - 1) / block_rows;
  for (int first = 0; first < n; first += slab) {
    const int cols = std::min(slab, n - first);
    const int panels = (cols + t.tile_cols - 1) / t.tile_cols;
    pool.parallel_for(panels,
                      [&](int panel, int) { pack_panel(t, b.from(0, first), panel, cols, k, packed_b); });
    pool.parallel_for(tasks, [&](int task, int thread) {
      const int begin = task * block_rows;
      const Shape part{std::min(block_rows, m - begin), cols, k};
      multiply_rows(t, a.from(begin, 0), packed_b, part, c + static_cast<size_t>(begin) * n + first, n, add,
                    rows_scratch + of_thread * thread);
    });
  }
}

}  // namespace multiscale
