#include "gemm/linear.h"

#include <algorithm>
#include <atomic>
#include <cstring>

namespace multiscale {

namespace {

// Rounded up to whole records of any layout (one or two groups).
int padded_groups(int cols) { return ((cols + kGroup - 1) / kGroup + 1) / 2 * 2; }

// A task takes so many blocks that they stay in the second-level cache while every token passes over them.
constexpr size_t kTaskBytes = 256 << 10;

template <class Kernel>
void for_each_block(Pool& pool, const Weight& w, int rows, const std::vector<Tile>& tiles, const float* bias,
                    float* y, size_t stride_y, const Kernel& kernel) {
  const int blocks = w.blocks();
  const int share = std::max(1, blocks / (pool.threads() * 4));
  const int fitting = std::max(1, static_cast<int>(kTaskBytes / w.block_bytes()));
  const int step = std::min(share, fitting), tasks = (blocks + step - 1) / step;
  pool.parallel_for(tasks, [&](int task, int) {
    const int begin = task * step, end = std::min(blocks, begin + step);
    for (const Tile& tile : tiles)
      for (int block = begin; block < end; block++) {
        const int column = block * kBlockRows, width = std::min(kBlockRows, w.rows() - column);
        const int count = 1 << tile.size_log2;
        float* out = y + tile.row * stride_y + column;
        if (width == kBlockRows) {
          kernel(block, tile, out, stride_y);
        } else {
          float scratch[8 * kBlockRows];
          kernel(block, tile, scratch, static_cast<size_t>(kBlockRows));
          for (int t = 0; t < count; t++)
            memcpy(out + t * stride_y, scratch + t * kBlockRows, width * sizeof(float));
        }
      }
    if (bias)
      for (int row = 0; row < rows; row++)
        for (int n = begin * kBlockRows; n < std::min(w.rows(), end * kBlockRows); n++)
          y[row * stride_y + n] += bias[n];
  });
}

}  // namespace

std::vector<Tile> tiles(int rows, int max_tile) {
  std::vector<Tile> result;
  for (int row = 0, log2 = 3; row < rows; row += 1 << log2) {
    while ((1 << log2) > max_tile || row + (1 << log2) > rows) log2--;
    result.push_back({row, log2});
  }
  return result;
}

Digits::Digits(const GemmKernels& kernels, int rows, int cols, int passes, bool per_row)
    : table_(kernels),
      capacity_(rows),
      cols_(cols),
      groups_(padded_groups(cols)),
      passes_(passes),
      per_row_(per_row),
      row_bytes_(groups_ * digit_bytes(kernels.form, passes)),
      data_(static_cast<size_t>(rows) * row_bytes_),
      info_(static_cast<size_t>(rows) * groups_ * sizeof(GroupInfo)) {}

long long Digits::decompose(Pool& pool, const ElementwiseKernels& kernels, const float* x, int rows) {
  rows_ = rows;
  const std::vector<Tile> plan = tiles(rows, table_.max_tile[passes_ - 1]);
  const size_t bytes = digit_bytes(table_.form, passes_);
  const long long none = static_cast<long long>(rows) * cols_;
  std::atomic<long long> bad{none};  // the lowest index found, whatever the threads' timing
  pool.parallel_for(static_cast<int>(plan.size()), [&](int task, int) {
    const Tile tile = plan[task];
    const int count = 1 << tile.size_log2;
    uint8_t* digits = data_.data() + tile.row * row_bytes_;
    GroupInfo* info = reinterpret_cast<GroupInfo*>(info_.data()) + static_cast<size_t>(tile.row) * groups_;
    for (int t = 0; t < count; t++) {
      const long long row = tile.row + t;
      const int column =
          kernels.decompose_row(x + row * cols_, cols_, groups_, passes_, per_row_, table_.form,
                                digits + t * bytes, count * bytes, info + t, count);
      if (column < 0) continue;
      const long long index = row * cols_ + column;
      long long lowest = bad.load();
      while (index < lowest && !bad.compare_exchange_weak(lowest, index)) {
      }
    }
  });
  return bad.load() == none ? -1 : bad.load();
}

void linear(Pool& pool, const GemmKernels& kernels, const Digits& x, const Weight& w, const float* bias,
            float* y, size_t stride_y) {
  const int layout = static_cast<int>(w.format().layout), passes = x.passes();
  const TileKernel* row = kernels.tile[layout][passes - 1];
  // Same tiles as decompose: the digits lie in that order.
  for_each_block(pool, w, x.rows(), tiles(x.rows(), kernels.max_tile[passes - 1]), bias, y, stride_y,
                 [&](int block, const Tile& tile, float* out, size_t stride) {
                   row[tile.size_log2](w.block(block), w.records(), x.digits(tile.row), x.info(tile.row),
                                       w.format().offset, out, stride);
                 });
}

void linear(Pool& pool, const GemmKernels& kernels, const float* x, int rows, const Weight& w,
            const float* bias, float* y, size_t stride_y) {
  const FloatKernel* row = kernels.float_tile[static_cast<int>(w.format().float_type)];
  for_each_block(pool, w, rows, tiles(rows, kernels.max_float_tile), bias, y, stride_y,
                 [&](int block, const Tile& tile, float* out, size_t stride) {
                   row[tile.size_log2](w.block(block), w.cols(), x + static_cast<size_t>(tile.row) * w.cols(),
                                       w.cols(), out, stride);
                 });
}

}  // namespace multiscale
