// Whole matrices by a baseline, on the product's own pool of threads, in the way of kernels/gemm/linear.cc.
#pragma once
#include <vector>

#include "baselines/contract.h"
#include "gemm/linear.h"

namespace multiscale {

enum class Way : int { kTiles = 0, kPanels = 1 };

class Products {
 public:
  Products(const Baseline& baseline, Way way, Pool& pool) : baseline_(baseline), way_(way), pool_(pool) {}

  // Takes x, [token][cols], cols a multiple of 32, as the baseline wants it.
  void prepare(const float* x, int tokens, int cols);
  // y[token][w.rows()] = x · Wᵀ; w.rows() a multiple of 128.
  void multiply(const Weight& w, float* y);

 private:
  void multiply_tiles(const Weight& w, float* y);
  void multiply_panels(const Weight& w, float* y);
  const float* tile_of(const Tile& tile) const;

  const Baseline& baseline_;
  const Way way_;
  Pool& pool_;
  int tokens_ = 0;
  size_t token_floats_ = 0;
  std::vector<Tile> tiles_;
  Memory x_, scratch_;
};

}  // namespace multiscale
