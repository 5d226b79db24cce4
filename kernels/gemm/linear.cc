#include "gemm/linear.h"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "base/cpu.h"

namespace multiscale {

namespace {

int padded_groups(int cols) {
  const int groups = (cols + kGroup - 1) / kGroup;
  return (groups + kGroupsPadding - 1) / kGroupsPadding * kGroupsPadding;
}

// Tiles of 8, 4, 2, 1 tokens, as large as the variant allows.
void plan_tiles(int rows, int max_tile, std::vector<Tile>& out) {
  for (int row = 0, tokens = 8; row < rows; row += tokens) {
    while (tokens > max_tile || row + tokens > rows) tokens /= 2;
    out.push_back({row, tokens});
  }
}

// As few tiles as possible, of sizes that differ by one at most.
void plan_panel_tiles(int rows, int max_tokens, std::vector<Tile>& out) {
  const int count = (rows + max_tokens - 1) / max_tokens;
  for (int i = 0, row = 0; i < count; i++) {
    const int tokens = rows / count + (i < rows % count ? 1 : 0);
    out.push_back({row, tokens});
    row += tokens;
  }
}

int log2_of(int tokens) { return tokens == 8 ? 3 : tokens == 4 ? 2 : tokens == 2 ? 1 : 0; }

// What comes after the sums of blocks [begin, end): the weight's scale, if the kernels had none, and the
// bias.
void finish(const Product& product, int rows, int begin, int end, float scale) {
  const size_t cols = product.weight->rows(), first = static_cast<size_t>(begin) * kBlockRows,
               last = std::min(cols, static_cast<size_t>(end) * kBlockRows);
  for (int row = 0; row < rows; row++) {
    float* y = product.y + row * cols;
    if (scale != 1)
      for (size_t n = first; n < last; n++) y[n] *= scale;
    if (product.bias)
      for (size_t n = first; n < last; n++) y[n] += product.bias[n];
  }
}

// Units (blocks or panels) of a product that a thread takes at once.
struct Range {
  const Product* product;
  int begin, end;
};

// Cuts all products into ranges of `most(product)` units or fewer, so that every thread gets `least` of them.
template <class Units, class Most>
std::vector<Range> cut(const Pool& pool, const std::vector<Product>& products, const Units& units,
                       const Most& most, int least) {
  int total = 0;
  for (const Product& product : products) total += units(product);
  const int share = std::max(1, total / (pool.used() * least));
  std::vector<Range> ranges;
  for (const Product& product : products) {
    const int count = units(product), step = std::min(share, most(product));
    for (int begin = 0; begin < count; begin += step)
      ranges.push_back({&product, begin, std::min(count, begin + step)});
  }
  return ranges;
}

// The ranges of one thread, which it takes in their order and others take when they have nothing left: what
// it reads ahead at the end of one range is the beginning of its next. (Ranges handed out one by one:
// decode 3.5 % slower.)
struct alignas(64) Part {
  std::atomic<int> next;
  int end;
};

std::vector<Part> parts_of(const Pool& pool, const std::vector<Range>& ranges) {
  const long long count = ranges.size();
  const int parts = static_cast<int>(std::min<long long>(pool.used(), count));
  std::vector<Part> result(parts);
  for (int i = 0; i < parts; i++) {
    result[i].next = static_cast<int>(count * i / parts);
    result[i].end = static_cast<int>(count * (i + 1) / parts);
  }
  return result;
}

// Calls body(product, begin, end, thread) for all ranges. A task of the pool is to help: whichever it is, a
// thread begins with its own part.
template <class Body>
void for_each_range(Pool& pool, const std::vector<Range>& ranges, const Body& body) {
  std::vector<Part> parts = parts_of(pool, ranges);
  const int count = static_cast<int>(parts.size());
  pool.parallel_for(count, [&](int, int thread) {
    for (int i = 0; i < count; i++) {
      Part& part = parts[(thread + i) % count];
      for (int at; (at = part.next.fetch_add(1, std::memory_order_relaxed)) < part.end;)
        body(*ranges[at].product, ranges[at].begin, ranges[at].end, thread);
    }
  });
}

// Where the threads begin, and how far the first product of each goes.
std::vector<JobOrder::Start> starts_of(const Pool& pool, const std::vector<Range>& ranges) {
  std::vector<JobOrder::Start> starts;
  for (const Part& part : parts_of(pool, ranges)) {
    const Range& first = ranges[part.next];
    const Weight& w = *first.product->weight;
    int end = first.end;
    for (int at = part.next + 1; at < part.end && ranges[at].product == first.product; at++)
      end = ranges[at].end;
    starts.push_back({w.block(first.begin), (end - first.begin) * w.block_bytes()});
  }
  return starts;
}

// Calls product(out, stride) for columns [column, column + width) of a tile, with room for full width.
template <int Width, class Product>
void with_full_width(float* y, size_t stride_y, int column, int rows, int tokens, const Product& product) {
  float* out = y + column;
  if (column + Width <= rows) return product(out, stride_y);
  float rest[8 * Width];
  product(rest, static_cast<size_t>(Width));
  for (int t = 0; t < tokens; t++)
    memcpy(out + t * stride_y, rest + t * Width, (rows - column) * sizeof(float));
}

// What the sums of a tile's tokens are multiplied with: each token's factor and the matrix's.
struct Factors {
  float values[8];
  Factors(const Digits& x, const Weight& w, const Tile& tile) {
    for (int t = 0; t < tile.tokens; t++) values[t] = x.factors()[tile.row + t] * w.scale();
  }
};

// A task takes so many blocks that they stay in the second-level cache while every token passes over them.
constexpr size_t kTaskBytes = 256 << 10;

// Ranges for each thread: more keep threads from waiting for each other at the end of a job.
constexpr int kTileRanges = 16, kPanelRanges = 4;

template <class Kernel>
void linear_tiles(Pool& pool, int rows, const std::vector<Tile>& tiles, const std::vector<Product>& products,
                  JobOrder& order, const Kernel& kernel) {
  const std::vector<Range> ranges = cut(
      pool, products, [](const Product& p) { return p.weight->blocks(); },
      [](const Product& p) { return std::max(1, static_cast<int>(kTaskBytes / p.weight->block_bytes())); },
      kTileRanges);
  if (ranges.empty()) return;
  order.next(pool, products[0].weight, starts_of(pool, ranges));
  for_each_range(pool, ranges, [&](const Product& p, int begin, int end, int) {
    const Weight& w = *p.weight;
    const size_t stride_y = w.rows();
    for (const Tile& tile : tiles)
      for (int block = begin; block < end; block++)
        with_full_width<kBlockRows>(
            p.y + tile.row * stride_y, stride_y, block * kBlockRows, w.rows(), tile.tokens,
            [&](float* out, size_t stride) { kernel(w, w.block(block), tile, out, stride); });
    finish(p, rows, begin, end, w.format().quantized ? 1 : w.scale());
  });
}

// The arrays of one panel in a thread's scratch.
struct PanelSizes {
  size_t codes, corrections, scales, minimums;
  size_t bytes() const { return codes + corrections + scales + minimums; }
};

PanelSizes panel_sizes(const GemmKernels& kernels, const Weight& w) {
  const LayoutInfo& info = layout_info(w.format().layout);
  const size_t rows = static_cast<size_t>(kernels.panel.blocks) * kBlockRows;
  const size_t array = w.groups() * info.parts() * rows * 4;
  return {w.groups() * kGroup * rows * (in_bytes(kernels.form) ? 1 : 2),
          kernels.form == DigitForm::kBytes ? array : 0, array, info.minimum() ? array : 0};
}

// Several panels pass over a tile's digits while these are in the first-level cache.
constexpr size_t kPanelTaskBytes = 256 << 10;

int panels_of_task(const GemmKernels& kernels, const Weight& w) {
  return std::max(1, static_cast<int>(kPanelTaskBytes / panel_sizes(kernels, w).bytes()));
}

void linear_panels(Pool& pool, const GemmKernels& kernels, const Digits& x,
                   const std::vector<Product>& products, uint8_t* scratch) {
  const PanelKernels& table = kernels.panel;
  const size_t thread_bytes = scratch_bytes(pool, kernels, x, products) / pool.threads();
  const auto panels = [&](const Product& p) {
    return (p.weight->blocks() + table.blocks - 1) / table.blocks;
  };
  const auto most = [&](const Product& p) { return panels_of_task(kernels, *p.weight); };
  const std::vector<Range> ranges = cut(pool, products, panels, most, kPanelRanges);
  for_each_range(pool, ranges, [&](const Product& p, int begin, int end, int thread) {
    const Weight& w = *p.weight;
    const LayoutInfo& info = layout_info(w.format().layout);
    const auto& kernel = table.kernel[x.passes() - 1][info.halves][info.minimum()];
    const PanelSizes sizes = panel_sizes(kernels, w);
    const auto panel_at = [&](int i) {
      uint8_t* codes = scratch + thread * thread_bytes + (i - begin) * sizes.bytes();
      uint8_t* corrections = codes + sizes.codes;
      uint8_t* scales = corrections + sizes.corrections;
      uint8_t* minimums = scales + sizes.scales;
      return Panel{codes, reinterpret_cast<int32_t*>(corrections), reinterpret_cast<float*>(scales),
                   reinterpret_cast<float*>(minimums)};
    };
    for (int i = begin; i < end; i++)
      for (int b = 0; b < table.blocks; b++) {
        const int block = i * table.blocks + b;
        if (block < w.blocks())
          table.unpack[static_cast<int>(w.format().layout)](w.block(block), w.records(), b, panel_at(i));
      }
    const size_t stride_y = w.rows();
    for (const Tile& tile : x.tiles())
      for (int i = begin; i < end; i++) {
        const Panel panel = panel_at(i);
        const Factors factors(x, w, tile);
        const auto product = [&](float* out, size_t stride) {
          const PanelArguments arguments = {
              x.digits(tile.row),     panel.codes,
              panel.corrections,      panel.scales,
              panel.minimums,         x.floats(tile.row),
              factors.values,         out,
              stride * sizeof(float), static_cast<size_t>(w.groups()),
          };
          kernel[tile.tokens - 1](&arguments);
        };
        float* out = p.y + tile.row * stride_y;
        const int column = i * table.blocks * kBlockRows;
        if (table.blocks == 2) with_full_width<32>(out, stride_y, column, w.rows(), tile.tokens, product);
        else with_full_width<16>(out, stride_y, column, w.rows(), tile.tokens, product);
      }
    finish(p, x.rows(), begin * table.blocks, end * table.blocks, 1);
  });
}

// Columns of a float panel: 128 KB in the second-level cache, and a tile's x in the first.
constexpr int kFloatColumns = 1024;

size_t float_panel_bytes(const FloatPanelKernels& table) {
  return static_cast<size_t>(kFloatColumns) * table.blocks * kBlockRows * sizeof(float);
}

// Of x rearranged as [tile][k][token].
size_t packed_bytes(int rows, int cols) {
  return (static_cast<size_t>(rows) * cols * sizeof(float) + 63) / 64 * 64;
}

void linear_float_panels(Pool& pool, const FloatPanelKernels& table, const float* x, int rows,
                         const std::vector<Product>& products, uint8_t* scratch) {
  if (products.empty()) return;
  const size_t cols = products[0].weight->cols();
  std::vector<Tile> tiles;
  plan_panel_tiles(rows, table.max_tokens, tiles);
  float* packed = reinterpret_cast<float*>(scratch);
  pool.parallel_for(static_cast<int>(tiles.size()), [&](int i, int) {
    const Tile& tile = tiles[i];
    float* out = packed + tile.row * cols;
    for (int t = 0; t < tile.tokens; t++)
      for (size_t k = 0; k < cols; k++) out[k * tile.tokens + t] = x[(tile.row + t) * cols + k];
  });
  uint8_t* panels = scratch + packed_bytes(rows, cols);
  const int width = table.blocks * kBlockRows;

  const auto units = [&](const Product& p) { return (p.weight->blocks() + table.blocks - 1) / table.blocks; };
  const auto one = [](const Product&) { return 1; };
  const std::vector<Range> ranges = cut(pool, products, units, one, kPanelRanges);
  for_each_range(pool, ranges, [&](const Product& p, int panel, int, int thread) {
    const Weight& w = *p.weight;
    float* weights = reinterpret_cast<float*>(panels + thread * float_panel_bytes(table));
    const size_t stride_y = w.rows();
    const int column = panel * width, columns = std::min(width, w.rows() - column);
    for (int row = 0; row < rows; row++) memset(p.y + row * stride_y + column, 0, columns * sizeof(float));
    for (int begin = 0; begin < w.cols(); begin += kFloatColumns) {
      const int end = std::min(w.cols(), begin + kFloatColumns);
      for (int b = 0; b < table.blocks && panel * table.blocks + b < w.blocks(); b++)
        table.unpack[static_cast<int>(w.format().float_type)](w.block(panel * table.blocks + b), begin, end,
                                                              b, weights);
      for (const Tile& tile : tiles) {
        const auto product = [&](float* out, size_t stride) {
          const FloatPanelArguments arguments = {
              packed + tile.row * cols + static_cast<size_t>(begin) * tile.tokens, weights, out,
              stride * sizeof(float), static_cast<size_t>(end - begin)};
          table.kernel[tile.tokens - 1](&arguments);
        };
        float* out = p.y + tile.row * stride_y + column;
        if (columns == width) {
          product(out, stride_y);
          continue;
        }
        float rest[kMaxFloatPanelTokens * 2 * kBlockRows] = {};
        for (int t = 0; t < tile.tokens; t++)
          memcpy(rest + t * width, out + t * stride_y, columns * sizeof(float));
        product(rest, width);
        for (int t = 0; t < tile.tokens; t++)
          memcpy(out + t * stride_y, rest + t * width, columns * sizeof(float));
      }
    }
    finish(p, rows, panel * table.blocks, (panel + 1) * table.blocks, w.scale());
  });
}

}  // namespace

Digits::Digits(const GemmKernels& kernels, int rows, int cols, int passes, bool per_row)
    : table_(kernels),
      capacity_(rows),
      cols_(cols),
      groups_(padded_groups(cols)),
      passes_(passes),
      per_row_(per_row),
      row_bytes_(static_cast<size_t>(groups_) * tile_digit_bytes(kernels.form, passes)),
      data_(static_cast<size_t>(rows) * row_bytes_),
      info_(static_cast<size_t>(rows) * groups_ * sizeof(GroupInfo)),
      factors_(static_cast<size_t>(rows) * sizeof(float)) {
  static_assert(sizeof(GroupInfo) >= kTokenFloats * sizeof(float));
}

long long Digits::decompose(Pool& pool, const ElementwiseKernels& kernels, const float* x, int rows) {
  if (rows != rows_ || tiles_.empty()) {
    rows_ = rows;
    panels_ = table_.panel.blocks > 0 && rows >= table_.panel.min_rows;
    tiles_.clear();
    if (panels_) plan_panel_tiles(rows, table_.panel.max_tokens[passes_ - 1], tiles_);
    else plan_tiles(rows, table_.max_tile[passes_ - 1], tiles_);
  }
  const long long none = static_cast<long long>(rows) * cols_;
  std::atomic<long long> bad{none};  // the lowest index found, whatever the threads' timing
  float* factors = reinterpret_cast<float*>(factors_.data());
  const auto split =
      (panels_ ? kernels.decompose_panel : kernels.decompose_tile)[static_cast<int>(table_.form)];
  pool.parallel_for(static_cast<int>(tiles_.size()), [&](int task, int) {
    const auto [row, tokens] = tiles_[task];
    uint8_t* notes = info_.data() + static_cast<size_t>(row) * groups_ *
                                        (panels_ ? kTokenFloats * sizeof(float) : sizeof(GroupInfo));
    const int found = split(x + static_cast<size_t>(row) * cols_, cols_, groups_, passes_, per_row_, tokens,
                            data_.data() + row * row_bytes_, notes, factors + row);
    if (found < 0) return;
    const long long index = static_cast<long long>(row) * cols_ + found;
    long long lowest = bad.load();
    while (index < lowest && !bad.compare_exchange_weak(lowest, index)) {
    }
  });
  return bad.load() == none ? -1 : bad.load();
}

size_t scratch_bytes(const Pool& pool, const GemmKernels& kernels, const Digits& x,
                     const std::vector<Product>& products) {
  size_t most = 0;
  if (x.panels())
    for (const Product& p : products)
      most = std::max(most, panels_of_task(kernels, *p.weight) * panel_sizes(kernels, *p.weight).bytes());
  return most * pool.threads();
}

void JobOrder::next(Pool& pool, const Weight* job, std::vector<Start> starts) {
  // A quarter of the cache: the activations and what this job still reads are there too.
  static const size_t most = second_level_cache() / 4;
  after_[last_] = std::move(starts);
  last_ = job;
  const std::vector<Start>& expected = after_[job];
  for (int thread = 0; thread < pool.used(); thread++) {
    if (thread < static_cast<int>(expected.size()))
      pool.expect(thread, expected[thread].begin, std::min(most, expected[thread].bytes));
    else pool.expect(thread, nullptr, 0);
  }
}

void linear(Pool& pool, const GemmKernels& kernels, const Digits& x, const std::vector<Product>& products,
            uint8_t* scratch, JobOrder& order) {
  if (x.panels()) return linear_panels(pool, kernels, x, products, scratch);
  linear_tiles(pool, x.rows(), x.tiles(), products, order,
               [&](const Weight& w, const uint8_t* block, const Tile& tile, float* out, size_t stride) {
                 const TileKernel* row = kernels.tile[static_cast<int>(w.format().layout)][x.passes() - 1];
                 const Factors factors(x, w, tile);
                 row[log2_of(tile.tokens)](block, w.records(), x.digits(tile.row), x.info(tile.row),
                                           factors.values, out, stride);
               });
}

size_t scratch_bytes(const Pool& pool, const GemmKernels& kernels, int rows,
                     const std::vector<Product>& products) {
  const FloatPanelKernels& table = kernels.float_panel;
  if (!table.blocks || rows < table.min_rows || products.empty()) return 0;
  return packed_bytes(rows, products[0].weight->cols()) + pool.threads() * float_panel_bytes(table);
}

void linear(Pool& pool, const GemmKernels& kernels, const float* x, int rows,
            const std::vector<Product>& products, uint8_t* scratch, JobOrder& order) {
  if (kernels.float_panel.blocks && rows >= kernels.float_panel.min_rows)
    return linear_float_panels(pool, kernels.float_panel, x, rows, products, scratch);
  std::vector<Tile> tiles;
  plan_tiles(rows, kernels.max_float_tile, tiles);
  linear_tiles(pool, rows, tiles, products, order,
               [&](const Weight& w, const void* block, const Tile& tile, float* out, size_t stride) {
                 const FloatKernel* row = kernels.float_tile[static_cast<int>(w.format().float_type)];
                 row[log2_of(tile.tokens)](block, w.cols(), x + static_cast<size_t>(tile.row) * w.cols(),
                                           w.cols(), out, stride);
               });
}

}  // namespace multiscale
