#include "baselines/products.h"

#include <algorithm>
#include <cstring>
#include <new>

namespace multiscale {

namespace {

// As in gemm/linear.cc: what a task reads stays in the second-level cache while all tokens pass over it.
constexpr size_t kTaskBytes = 256 << 10;
// Of a panel: at most 32 KB, because a weight is larger here, and to write and read it in the second-level
// cache costs (measured on one thread: 32 tokens 81 GMAC/s with 512 steps and 94 with 256, 512 tokens 94 and
// 97).
constexpr int kPanelSteps = 256;
// Of a task of panels.
constexpr int kTaskRows = 128;

float* floats_of(Memory& memory, size_t count) {
  if (memory.size() < count * sizeof(float)) memory = Memory(count * sizeof(float), true);
  if (!memory.data()) throw std::bad_alloc();
  return reinterpret_cast<float*>(memory.data());
}

// As plan_tiles and plan_panel_tiles of gemm/linear.cc.
std::vector<Tile> plan(const Baseline& baseline, Way way, int rows) {
  std::vector<Tile> tiles;
  if (way == Way::kTiles) {
    for (int row = 0, tokens = baseline.max_tile; row < rows; row += tokens) {
      while (row + tokens > rows) tokens /= 2;
      tiles.push_back({row, tokens});
    }
    return tiles;
  }
  const int most = baseline.panel->max_tokens, count = (rows + most - 1) / most;
  for (int i = 0, row = 0; i < count; i++) {
    tiles.push_back({row, rows / count + (i < rows % count ? 1 : 0)});
    row += tiles.back().tokens;
  }
  return tiles;
}

int log2_of(int tokens) { return tokens == 8 ? 3 : tokens == 4 ? 2 : tokens == 2 ? 1 : 0; }

}  // namespace

const float* Products::tile_of(const Tile& tile) const {
  return reinterpret_cast<const float*>(x_.data()) + tile.row * token_floats_;
}

void Products::prepare(const float* x, int tokens, int cols) {
  const bool tiles = way_ == Way::kTiles;
  tokens_ = tokens;
  token_floats_ = cols / kGroup * (tiles ? baseline_.tile_floats : kGroup / baseline_.columns);
  tiles_ = plan(baseline_, way_, tokens);
  float* out = floats_of(x_, tokens * token_floats_);
  pool_.parallel_for(static_cast<int>(tiles_.size()), [&](int i, int) {
    const auto [row, count] = tiles_[i];
    (tiles ? baseline_.prepare_tile : baseline_.prepare_panel)(x + static_cast<size_t>(row) * cols, cols,
                                                               count, out + row * token_floats_);
  });
}

void Products::multiply(const Weight& w, float* y) {
  if (way_ == Way::kTiles) multiply_tiles(w, y);
  else multiply_panels(w, y);
}

void Products::multiply_tiles(const Weight& w, float* y) {
  const int share = std::max(1, w.blocks() / (pool_.threads() * 4));
  const int most = std::min(share, static_cast<int>(kTaskBytes / w.block_bytes()));
  pool_.parallel_for((w.blocks() + most - 1) / most, [&](int task, int) {
    const int begin = task * most, end = std::min(w.blocks(), begin + most);
    for (const Tile& tile : tiles_)
      for (int block = begin; block < end; block++)
        baseline_.tile[log2_of(tile.tokens)](
            w.block(block), w.records(), tile_of(tile),
            y + static_cast<size_t>(tile.row) * w.rows() + block * kBlockRows, w.rows());
  });
}

void Products::multiply_panels(const Weight& w, float* y) {
  const int group_steps = kGroup / baseline_.columns, steps = w.cols() / baseline_.columns;
  const int blocks = baseline_.panel->blocks, panel_rows = blocks * kBlockRows;
  // A task's results are summed up beside each other: in y tokens lie pages apart, in the same few sets of
  // the cache.
  const size_t panel_floats = static_cast<size_t>(kPanelSteps) * panel_rows;
  const size_t sums_floats = static_cast<size_t>(tokens_) * kTaskRows;
  float* scratch = floats_of(scratch_, pool_.threads() * (panel_floats + sums_floats));
  pool_.parallel_for(w.rows() / kTaskRows, [&](int task, int thread) {
    float* weights = scratch + thread * (panel_floats + sums_floats);
    float* sums = weights + panel_floats;
    memset(sums, 0, sums_floats * sizeof(float));
    for (int step = 0; step < steps; step += kPanelSteps) {
      const int end = std::min(steps, step + kPanelSteps);
      for (int row = 0; row < kTaskRows; row += panel_rows) {
        for (int b = 0; b < blocks; b++)
          baseline_.unpack(w.block((task * kTaskRows + row) / kBlockRows + b), step / group_steps,
                           end / group_steps, b, weights);
        for (const Tile& tile : tiles_) {
          const FloatPanelArguments arguments = {tile_of(tile) + static_cast<size_t>(step) * tile.tokens,
                                                 weights,
                                                 sums + static_cast<size_t>(tile.row) * kTaskRows + row,
                                                 kTaskRows * sizeof(float), static_cast<size_t>(end - step)};
          baseline_.panel->kernel[tile.tokens - 1](&arguments);
        }
      }
    }
    for (int t = 0; t < tokens_; t++)
      memcpy(y + static_cast<size_t>(t) * w.rows() + task * kTaskRows,
             sums + static_cast<size_t>(t) * kTaskRows, kTaskRows * sizeof(float));
  });
}

}  // namespace multiscale
