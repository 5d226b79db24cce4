#include "gemm/weight.h"

#include <atomic>
#include <cstring>

#include "base/simd.h"

namespace multiscale {

namespace {

int float_bytes(FloatType type) { return type == FloatType::kF32 ? 4 : 2; }

float half_at(const uint8_t* p) {
  uint16_t lanes[16] = {};
  memcpy(lanes, p, 2);
  float values[16];
  store16(values, load_half16(lanes));
  return values[0];
}

float byte_scale(const uint8_t* p, ScaleKind kind) {
  uint8_t lanes[16] = {*p};
  float values[16];
  store16(values, kind == ScaleKind::kExponent ? load_half_e8m0x16(lanes) : load_half_ue4m3x16(lanes));
  return values[0];
}

// The code of column i of a group, of row `lane`, before the table (layout.h).
int code_at(const LayoutInfo& info, const uint8_t* group, int lane, int i) {
  const auto byte = [&](int line) { return group[line * 64 + lane * 4 + i % 4]; };
  const int quad = i / 4;
  if (info.bits == 8) return byte(quad);
  int code = 0, at = 0;
  if (info.nibbles()) {
    code = byte(quad % 4) >> (quad / 4 * 4) & 15;
    at = 4;
  }
  if (info.pairs()) code |= (byte(info.pair_line() + quad / 4) >> (quad % 4 * 2) & 3) << at;
  if (info.singles()) code |= (byte(info.single_line()) >> quad & 1) << (info.bits - 1);
  return code;
}

struct ScaleAndMinimum {
  float scale, minimum;
};

ScaleAndMinimum scales_at(const LayoutInfo& info, const uint8_t* record, int group, int part, int lane) {
  const int at = (group * info.parts() + part) * kBlockRows + lane;
  switch (info.scale) {
    case ScaleKind::kHalf: return {half_at(record + at * 2), 0};
    case ScaleKind::kHalfMinimum: return {half_at(record + lane * 2), half_at(record + 32 + lane * 2)};
    case ScaleKind::kSuper:
    case ScaleKind::kSuperMinimum: {
      const float factor = static_cast<int8_t>(record[info.factors_at() + at]);
      const float scale = half_at(record + lane * 2) * factor;
      if (!info.minimum()) return {scale, 0};
      return {scale, half_at(record + 32 + lane * 2) * record[info.minimum_factors_at() + at]};
    }
    default: return {byte_scale(record + at, info.scale), 0};
  }
}

}  // namespace

Weight::Weight(const WeightFormat& format, int rows, int cols, float scale)
    : format_(format), rows_(rows), cols_(cols), scale_(scale) {
  if (format.quantized) {
    const LayoutInfo& info = layout_info(format.layout);
    records_ = (cols / kGroup + info.groups() - 1) / info.groups();
    groups_ = records_ * info.groups();
    block_bytes_ = static_cast<size_t>(records_) * info.record_bytes();
  } else {
    block_bytes_ = (static_cast<size_t>(cols) * kBlockRows * float_bytes(format.float_type) + 63) / 64 * 64;
  }
  memory_ = Memory(block_bytes_ * blocks(), true);
}

size_t Weight::row_bytes() const {
  return static_cast<size_t>(cols_) / format_.block_elements * format_.block_bytes;
}

int Weight::pack(Pool& pool, const uint8_t* source, int begin, int count) {
  std::atomic<int> bad{rows_};
  const int first = begin / kBlockRows, tasks = (count + kBlockRows - 1) / kBlockRows;
  pool.parallel_for(tasks, [&](int task, int) {
    const int left = count - task * kBlockRows;
    const int row = format_.pack_block(source + task * kBlockRows * row_bytes(), row_bytes(), cols_,
                                       left < kBlockRows ? left : kBlockRows,
                                       memory_.data() + (first + task) * block_bytes_);
    if (row < 0) return;
    const int global = begin + task * kBlockRows + row;
    int lowest = bad.load();
    while (global < lowest && !bad.compare_exchange_weak(lowest, global)) {
    }
  });
  return bad.load() == rows_ ? -1 : bad.load();
}

void Weight::unpack_row(int row, float* out) const {
  const uint8_t* base = block(row / kBlockRows);
  const int lane = row % kBlockRows;
  if (!format_.quantized) {
    for (int k = 0; k < cols_; k++) {
      const size_t index = static_cast<size_t>(k) * kBlockRows;
      float lanes[16];
      if (format_.float_type == FloatType::kF32)
        store16(lanes, load16(reinterpret_cast<const float*>(base) + index));
      else if (format_.float_type == FloatType::kF16)
        store16(lanes, load_half16(reinterpret_cast<const uint16_t*>(base) + index));
      else store16(lanes, load_bfloat16(reinterpret_cast<const uint16_t*>(base) + index));
      out[k] = lanes[lane] * scale_;
    }
    return;
  }
  const LayoutInfo& info = layout_info(format_.layout);
  const int columns = kGroup / info.parts();  // of a part
  for (int k = 0; k < cols_; k += columns) {
    const int group = k / kGroup, part = k % kGroup / columns;
    const uint8_t* record = base + static_cast<size_t>(group / info.groups()) * info.record_bytes();
    const int g = group % info.groups();
    const uint8_t* codes = record + info.header_bytes() + g * info.group_bytes();
    const auto [scale, minimum] = scales_at(info, record, g, part, lane);
    for (int i = 0; i < columns; i++) {
      int code = code_at(info, codes, lane, part * columns + i);
      if (info.table) code = info.table[code];
      out[k + i] = (scale * static_cast<float>(code - info.offset) - minimum) * scale_;
    }
  }
}

}  // namespace multiscale
