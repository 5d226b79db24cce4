#include "train/matmul.h"

#include <algorithm>

namespace multiscale {

namespace {

// Rows of a that are packed together: with kDepth columns of 4 bytes they fill half of a second-level cache
// of 256 KB.
constexpr int kRowBlock = 120;
// Floats of b that are packed at a time.
constexpr size_t kPackedFloats = size_t{8} << 20;

int round_up(int n, int unit) { return (n + unit - 1) / unit * unit; }

// Where the panel of columns j … of rows at … at + kDepth - 1 begins.
const float* panel_of(const TrainKernels& t, const PackedRight& b, int at, int j) {
  return b.at + static_cast<size_t>(at) * round_up(b.n, t.tile_cols) +
         static_cast<size_t>(j) * std::min(kDepth, b.k - at);
}

// Rows at … at + kDepth - 1 of b, n columns of a k that has `k` rows, to their place: the slab lies at at ·
// width, its panels of tile_cols one after the other.
void pack_slab(const TrainKernels& t, MatrixView b, int at, int n, int k, float* packed) {
  const MatrixView part = b.from(at, 0);
  t.pack(part.at, part.col, part.row, n, std::min(kDepth, k - at), t.tile_cols,
         packed + static_cast<size_t>(at) * round_up(n, t.tile_cols));
}

// The same for columns first … first + count - 1 of all rows.
void pack_columns(const TrainKernels& t, MatrixView b, int first, int count, int n, int k, float* packed) {
  const int width = round_up(n, t.tile_cols);
  for (int at = 0; at < k; at += kDepth) {
    const int depth = std::min(kDepth, k - at);
    const MatrixView part = b.from(at, first);
    t.pack(part.at, part.col, part.row, count, depth, t.tile_cols,
           packed + static_cast<size_t>(at) * width + static_cast<size_t>(first) * depth);
  }
}

// Rows of the result, at most kRowBlock.
void multiply_rows(const TrainKernels& t, MatrixView a, const PackedRight& b, Shape shape, float* c,
                   size_t stride, bool add, float* packed_a) {
  for (int at = 0; at < shape.k; at += kDepth) {
    const int depth = std::min(kDepth, shape.k - at);
    // Rows of a that lie in order are read as they are; each then stays in the first-level cache for a tile.
    const int whole = a.col == 1 ? shape.m - shape.m % t.tile_rows : 0;
    t.pack(a.from(whole, at).at, a.row, a.col, shape.m - whole, depth, t.tile_rows, packed_a);
    for (int j = 0; j < shape.n; j += t.tile_cols) {
      const float* panel = panel_of(t, b, at, j);
      const int cols = std::min(t.tile_cols, shape.n - j);
      const bool more = add || at > 0;
      for (int i = 0; i < whole; i += t.tile_rows)
        t.row_tile(a.from(i, at).at, a.row, panel, depth, c + i * stride + j, stride, cols, more);
      for (int i = whole; i < shape.m; i += t.tile_rows)
        t.tile(packed_a + static_cast<size_t>(i - whole) * depth, panel, depth, c + i * stride + j, stride,
               std::min(t.tile_rows, shape.m - i), cols, more);
    }
  }
}

}  // namespace

size_t packed_left_floats(const TrainKernels& t) {
  return static_cast<size_t>(round_up(kRowBlock, t.tile_rows)) * kDepth;
}

size_t packed_right_floats(const TrainKernels& t, int n, int k) {
  return static_cast<size_t>(round_up(n, t.tile_cols)) * k;
}

PackedRight pack_right(const TrainKernels& t, MatrixView b, int n, int k, float* packed) {
  pack_columns(t, b, 0, n, n, k, packed);
  return {packed, n, k};
}

void product(const TrainKernels& t, MatrixView a, const PackedRight& b, Shape shape, float* c, size_t stride,
             bool add, float* packed_left) {
  for (int i = 0; i < shape.m; i += kRowBlock) {
    const Shape rows{std::min(kRowBlock, shape.m - i), shape.n, shape.k};
    multiply_rows(t, a.from(i, 0), b, rows, c + i * stride, stride, add, packed_left);
  }
}

void product(Pool& pool, const TrainKernels& t, MatrixView a, MatrixView b, Shape shape, float* c, bool add,
             Memory& scratch) {
  const int m = shape.m, n = shape.n, k = shape.k, threads = pool.threads();
  if (m == 0 || n == 0) return;
  if (k == 0) {
    if (!add) std::fill_n(c, static_cast<size_t>(m) * n, 0.0f);
    return;
  }
  const int slab_panels = std::max<int>(1, kPackedFloats / (static_cast<size_t>(k) * t.tile_cols));
  const int slab = std::min(n, slab_panels * t.tile_cols);
  const size_t of_thread = packed_left_floats(t), of_b = packed_right_floats(t, slab, k);
  float* const rows_scratch =
      reinterpret_cast<float*>(scratch.at_least((of_thread * threads + of_b) * sizeof(float)));
  float* const packed_b = rows_scratch + of_thread * threads;

  // Blocks of equal size, a multiple of threads if there are few.
  const int blocks = round_up((m + kRowBlock - 1) / kRowBlock, threads);
  const int block_rows = round_up((m + blocks - 1) / blocks, t.tile_rows);
  const int tasks = (m + block_rows - 1) / block_rows;
  for (int first = 0; first < n; first += slab) {
    const int cols = std::min(slab, n - first);
    const MatrixView right = b.from(0, first);
    // In the order in which b lies in memory.
    if (b.col == 1) {
      pool.parallel_for((k + kDepth - 1) / kDepth,
                        [&](int task, int) { pack_slab(t, right, task * kDepth, cols, k, packed_b); });
    } else {
      pool.parallel_for((cols + t.tile_cols - 1) / t.tile_cols, [&](int task, int) {
        const int at = task * t.tile_cols;
        pack_columns(t, right, at, std::min(t.tile_cols, cols - at), cols, k, packed_b);
      });
    }
    pool.parallel_for(tasks, [&](int task, int thread) {
      const int begin = task * block_rows;
      const Shape part{std::min(block_rows, m - begin), cols, k};
      multiply_rows(t, a.from(begin, 0), {packed_b, cols, k}, part,
                    c + static_cast<size_t>(begin) * n + first, n, add, rows_scratch + of_thread * thread);
    });
  }
}

}  // namespace multiscale
