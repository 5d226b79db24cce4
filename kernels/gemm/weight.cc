#include "gemm/weight.h"

#include <atomic>
#include <cstring>

#include "base/simd.h"

namespace multiscale {

namespace {

struct LayoutSizes {
  bool nibbles, minimum, halves, half_float;
  int scale_bytes, header_bytes, code_bytes, groups, record_bytes;
};

template <Layout L>
constexpr LayoutSizes sizes_of() {
  using T = LayoutTraits<L>;
  return {T::kNibbles,     T::kMinimum,   T::kHalves, T::kHalfFloat,  T::kScaleBytes,
          T::kHeaderBytes, T::kCodeBytes, T::kGroups, T::kRecordBytes};
}

constexpr LayoutSizes kSizes[kLayouts] = {
    sizes_of<Layout::kC4S16>(),   sizes_of<Layout::kC4S16M>(), sizes_of<Layout::kC4S32M>(),
    sizes_of<Layout::kC8S16>(),   sizes_of<Layout::kC8S16M>(), sizes_of<Layout::kC8S32M>(),
    sizes_of<Layout::kC8S32H>(),  sizes_of<Layout::kC8S32>(),  sizes_of<Layout::kC4S32H>(),
    sizes_of<Layout::kC4S32HM>(),
};

const LayoutSizes& sizes(const WeightFormat& format) { return kSizes[static_cast<int>(format.layout)]; }

int float_bytes(FloatType type) { return type == FloatType::kF32 ? 4 : 2; }

bool finite(float x) { return x - x == 0; }

// A half stays the half it was in the file: the conversion back is exact.
void put_scale(uint8_t* array, int row, float value, bool half_float) {
  if (half_float) {
    const uint16_t bits = half_bits(value);
    memcpy(array + row * 2, &bits, 2);
  } else {
    memcpy(array + row * 4, &value, 4);
  }
}

float get_scale(const uint8_t* array, int row, bool half_float) {
  float value;
  if (!half_float) {
    memcpy(&value, array + row * 4, 4);
    return value;
  }
  float lanes[16];
  store16(lanes, load_half16(reinterpret_cast<const uint16_t*>(array)));
  return lanes[row];
}

// Bit pattern of an element of a float matrix as float32 bits: enough to see whether it is finite.
bool finite_bits(const uint8_t* p, FloatType type) {
  uint32_t wide = 0;
  memcpy(&wide, p, float_bytes(type));
  switch (type) {
    case FloatType::kF32: return (wide & 0x7f800000) != 0x7f800000;
    case FloatType::kF16: return (wide & 0x7c00) != 0x7c00;
    default: return (wide & 0x7f80) != 0x7f80;
  }
}

}  // namespace

Weight::Weight(const WeightFormat& format, int rows, int cols) : format_(format), rows_(rows), cols_(cols) {
  if (format.quantized) {
    const LayoutSizes& s = sizes(format);
    records_ = (cols / kGroup + s.groups - 1) / s.groups;
    groups_ = records_ * s.groups;
    block_bytes_ = static_cast<size_t>(records_) * s.record_bytes;
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
    const int row = pack_block(source + task * kBlockRows * row_bytes(), first + task,
                               left < kBlockRows ? left : kBlockRows);
    if (row < 0) return;
    const int global = begin + task * kBlockRows + row;
    int lowest = bad.load();
    while (global < lowest && !bad.compare_exchange_weak(lowest, global)) {
    }
  });
  return bad.load() == rows_ ? -1 : bad.load();
}

// Returns the first bad row of the block, or -1.
int Weight::pack_block(const uint8_t* source, int block, int rows) {
  uint8_t* out = memory_.data() + block * block_bytes_;
  int bad = kBlockRows;
  if (!format_.quantized) {
    const int size = float_bytes(format_.float_type);
    for (int k = 0; k < cols_; k++)
      for (int row = 0; row < rows; row++) {
        const uint8_t* element = source + row * row_bytes() + static_cast<size_t>(k) * size;
        memcpy(out + (static_cast<size_t>(k) * kBlockRows + row) * size, element, size);
        if (!finite_bits(element, format_.float_type) && row < bad) bad = row;
      }
    return bad == kBlockRows ? -1 : bad;
  }
  const LayoutSizes& s = sizes(format_);
  for (int group = 0; group < cols_ / kGroup; group++) {
    uint8_t* record = out + static_cast<size_t>(group / s.groups) * s.record_bytes;
    uint8_t* header = record + group % s.groups * s.header_bytes;
    uint8_t* codes = record + s.groups * s.header_bytes + group % s.groups * s.code_bytes;
    for (int row = 0; row < rows; row++) {
      uint8_t code[kGroup];
      float scales[2], minimums[2];
      format_.decode(source + row * row_bytes(), group, code, scales, minimums);
      for (int half = 0; half < 2; half++)
        if (!(finite(scales[half]) && finite(minimums[half])) && row < bad) bad = row;
      const int parts = s.halves ? 2 : 1;
      for (int part = 0; part < parts; part++) {
        put_scale(header + part * s.scale_bytes, row, scales[part], s.half_float);
        if (s.minimum) put_scale(header + (parts + part) * s.scale_bytes, row, minimums[part], s.half_float);
      }
      if (s.nibbles)
        for (int i = 0; i < 16; i++) code[i] |= code[i + 16] << 4;
      for (int i = 0; i < s.code_bytes / kBlockRows; i += 4)
        memcpy(codes + i / 4 * 64 + row * 4, code + i, 4);
    }
  }
  return bad == kBlockRows ? -1 : bad;
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
      out[k] = lanes[lane];
    }
    return;
  }
  const LayoutSizes& s = sizes(format_);
  for (int k = 0; k < cols_; k++) {
    const int group = k / kGroup, i = k % kGroup;
    const uint8_t* record = base + static_cast<size_t>(group / s.groups) * s.record_bytes;
    const uint8_t* header = record + group % s.groups * s.header_bytes;
    const uint8_t* codes = record + s.groups * s.header_bytes + group % s.groups * s.code_bytes;
    int code;
    if (s.nibbles) {
      const uint8_t byte = codes[i % 16 / 4 * 64 + lane * 4 + i % 4];
      code = i < 16 ? byte & 15 : byte >> 4;
    } else {
      code = codes[i / 4 * 64 + lane * 4 + i % 4];
    }
    const int parts = s.halves ? 2 : 1, part = s.halves && i >= 16 ? 1 : 0;
    const float scale = get_scale(header + part * s.scale_bytes, lane, s.half_float);
    const float minimum =
        s.minimum ? get_scale(header + (parts + part) * s.scale_bytes, lane, s.half_float) : 0;
    out[k] = scale * static_cast<float>(code - format_.offset) - minimum;
  }
}

}  // namespace multiscale
