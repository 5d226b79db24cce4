// The block formats of GGUF files (ggml), and how each is packed. Layouts of the files: docs of the GGUF
// format; each is checked against the TypeScript decoder, which is checked against an independent one.
#include <cstring>

#include "gemm/weight.h"

namespace multiscale {

namespace {

// One row's part of one packed group.
struct Piece {
  uint32_t lines[8];        // four bytes of every line of codes
  uint16_t scale, minimum;  // halves
  uint8_t factors[2];       // of the parts; or their scales, where those are bytes
  uint8_t minimum_factors[2];
};

uint16_t load_u16(const uint8_t* p) {
  uint16_t v;
  memcpy(&v, p, 2);
  return v;
}

uint32_t load_u32(const uint8_t* p) {
  uint32_t v;
  memcpy(&v, p, 4);
  return v;
}

constexpr uint16_t kSign = 0x8000;

bool finite(uint16_t half) { return (half & 0x7c00) != 0x7c00; }

// Sixteen bytes with columns i and 16 + i in each: the packed order, as most formats have it.
void nibble_lines(const uint8_t* p, uint32_t* lines) { memcpy(lines, p, 16); }

// The same from 32 bytes of which one nibble belongs to the group: bits `shift` … shift + 3.
void nibble_lines(const uint8_t* p, int shift, uint32_t* lines) {
  for (int j = 0; j < 4; j++) {
    const uint32_t low = load_u32(p + 4 * j) >> shift & 0x0f0f0f0f;
    const uint32_t high = load_u32(p + 16 + 4 * j) >> shift & 0x0f0f0f0f;
    lines[j] = low | high << 4;
  }
}

// Two bits of each of 32 bytes, bits `shift` and shift + 1.
void pair_lines(const uint8_t* p, int shift, uint32_t* lines) {
  for (int h = 0; h < 2; h++) {
    lines[h] = 0;
    for (int i = 0; i < 4; i++) lines[h] |= (load_u32(p + 16 * h + 4 * i) >> shift & 0x03030303) << 2 * i;
  }
}

// One bit of each of 32 bytes.
void single_line(const uint8_t* p, int shift, uint32_t* line) {
  *line = 0;
  for (int i = 0; i < 8; i++) *line |= (load_u32(p + 4 * i) >> shift & 0x01010101) << i;
}

// 32 bits in the columns' order: bit 4i + b becomes bit i of byte b.
void single_line(uint32_t bits, uint32_t* line) {
  *line = 0;
  for (int b = 0; b < 4; b++) {
    uint32_t v = bits >> b & 0x11111111;  // bit 4i; halved three times until they are neighbours
    v = (v | v >> 3) & 0x03030303;
    v = (v | v >> 6) & 0x000f000f;
    v = (v | v >> 12) & 0xff;
    *line |= v << 8 * b;
  }
}

struct Q4_0 {
  static constexpr int kElements = 32, kBytes = 18;
  static void piece(const uint8_t* block, int, Piece& out) {
    out.scale = load_u16(block);
    nibble_lines(block + 2, out.lines);
  }
};

struct Q4_1 {
  static constexpr int kElements = 32, kBytes = 20;
  static void piece(const uint8_t* block, int, Piece& out) {
    out.scale = load_u16(block);
    out.minimum = load_u16(block + 2) ^ kSign;
    nibble_lines(block + 4, out.lines);
  }
};

struct Q5_0 {
  static constexpr int kElements = 32, kBytes = 22;
  static void piece(const uint8_t* block, int, Piece& out) {
    out.scale = load_u16(block);
    single_line(load_u32(block + 2), out.lines + 4);
    nibble_lines(block + 6, out.lines);
  }
};

struct Q5_1 {
  static constexpr int kElements = 32, kBytes = 24;
  static void piece(const uint8_t* block, int, Piece& out) {
    out.scale = load_u16(block);
    out.minimum = load_u16(block + 2) ^ kSign;
    single_line(load_u32(block + 4), out.lines + 4);
    nibble_lines(block + 8, out.lines);
  }
};

struct Q8_0 {
  static constexpr int kElements = 32, kBytes = 34;
  static void piece(const uint8_t* block, int, Piece& out) {
    out.scale = load_u16(block);
    for (int j = 0; j < 8; j++)
      out.lines[j] = load_u32(block + 2 + 4 * j) ^ 0x80808080;  // signed to offset 128
  }
};

// Factor and minimum's factor of group j of a Q4_K or Q5_K block: 6 bits each, packed in 12 bytes.
void k_factors(const uint8_t* packed, int j, Piece& out) {
  if (j < 4) {
    out.factors[0] = packed[j] & 63;
    out.minimum_factors[0] = packed[j + 4] & 63;
  } else {
    out.factors[0] = (packed[j + 4] & 15) | (packed[j - 4] >> 6 << 4);
    out.minimum_factors[0] = (packed[j + 4] >> 4) | (packed[j] >> 6 << 4);
  }
}

struct Q4_K {
  static constexpr int kElements = 256, kBytes = 144;
  static void piece(const uint8_t* block, int j, Piece& out) {
    out.scale = load_u16(block);
    out.minimum = load_u16(block + 2);
    k_factors(block + 4, j, out);
    nibble_lines(block + 16 + j / 2 * 32, j % 2 * 4, out.lines);
  }
};

struct Q5_K {
  static constexpr int kElements = 256, kBytes = 176;
  static void piece(const uint8_t* block, int j, Piece& out) {
    out.scale = load_u16(block);
    out.minimum = load_u16(block + 2);
    k_factors(block + 4, j, out);
    single_line(block + 16, j, out.lines + 4);
    nibble_lines(block + 48 + j / 2 * 32, j % 2 * 4, out.lines);
  }
};

struct Q6_K {
  static constexpr int kElements = 256, kBytes = 210;
  static void piece(const uint8_t* block, int j, Piece& out) {
    const int half = j / 4, quarter = j % 4;  // of the block; of its half
    out.scale = load_u16(block + 208);
    memcpy(out.factors, block + 192 + half * 8 + quarter * 2, 2);
    nibble_lines(block + half * 64 + quarter % 2 * 32, quarter / 2 * 4, out.lines);
    pair_lines(block + 128 + half * 32, 2 * quarter, out.lines + 4);
  }
};

struct Q2_K {
  static constexpr int kElements = 256, kBytes = 84;
  static void piece(const uint8_t* block, int j, Piece& out) {
    out.scale = load_u16(block + 80);
    out.minimum = load_u16(block + 82);
    for (int half = 0; half < 2; half++) {
      out.factors[half] = block[2 * j + half] & 15;
      out.minimum_factors[half] = block[2 * j + half] >> 4;
    }
    pair_lines(block + 16 + j / 4 * 32, 2 * (j % 4), out.lines);
  }
};

// A set bit of the mask adds 4, and 4 is the offset. Of the 6-bit factors the low four bits are the nibbles
// of 8 bytes, the upper two are in the 4 bytes behind.
struct Q3_K {
  static constexpr int kElements = 256, kBytes = 110;
  static void piece(const uint8_t* block, int j, Piece& out) {
    out.scale = load_u16(block + 108);
    for (int half = 0; half < 2; half++) {
      const int i = 2 * j + half;
      const int low = block[96 + i % 8] >> (i / 8 * 4) & 15, high = block[104 + i % 4] >> (i / 4 * 2) & 3;
      out.factors[half] = (low | high << 4) - 32;
    }
    pair_lines(block + 32 + j / 4 * 32, 2 * (j % 4), out.lines);
    single_line(block, j, out.lines + 2);
  }
};

struct IQ4_NL : Q4_0 {};

struct IQ4_XS {
  static constexpr int kElements = 256, kBytes = 136;
  static void piece(const uint8_t* block, int j, Piece& out) {
    out.scale = load_u16(block);
    const int low = block[4 + j / 2] >> (j % 2 * 4) & 15, high = block[2 + j / 4] >> (j % 4 * 2) & 3;
    out.factors[0] = (low | high << 4) - 32;
    nibble_lines(block + 8 + j * 16, out.lines);
  }
};

struct MXFP4 {
  static constexpr int kElements = 32, kBytes = 17;
  static void piece(const uint8_t* block, int, Piece& out) {
    out.factors[0] = block[0];
    nibble_lines(block + 1, out.lines);
  }
};

// Four scales, then 8 bytes for each 16 columns, i and 8 + i in each.
struct NVFP4 {
  static constexpr int kElements = 64, kBytes = 36;
  static void piece(const uint8_t* block, int j, Piece& out) {
    memcpy(out.factors, block + 2 * j, 2);
    const uint8_t* near = block + 4 + 16 * j;
    for (int i = 0; i < 2; i++) {
      const uint32_t a = load_u32(near + 4 * i), b = load_u32(near + 8 + 4 * i);
      out.lines[i] = (a & 0x0f0f0f0f) | (b & 0x0f0f0f0f) << 4;
      out.lines[2 + i] = (a >> 4 & 0x0f0f0f0f) | (b & 0xf0f0f0f0);
    }
  }
};

template <Layout L, class Format>
int pack_block(const uint8_t* source, size_t row_bytes, int cols, int rows, uint8_t* block) {
  constexpr LayoutInfo kInfo = layout_info(L);
  constexpr int kGroups = Format::kElements / kGroup;
  int bad = kBlockRows;
  for (int group = 0; group < cols / kGroup; group++) {
    uint8_t* record = block + static_cast<size_t>(group / kInfo.groups()) * kInfo.record_bytes();
    const int g = group % kInfo.groups();
    uint8_t* codes = record + kInfo.header_bytes() + g * kInfo.group_bytes();
    const uint8_t* from = source + static_cast<size_t>(group / kGroups) * Format::kBytes;
    for (int row = 0; row < rows; row++, from += row_bytes) {
      Piece piece = {};
      Format::piece(from, group % kGroups, piece);
      bool good = finite(piece.scale) && finite(piece.minimum);
      for (int line = 0; line < kInfo.bits; line++)
        memcpy(codes + line * 64 + row * 4, piece.lines + line, 4);
      const int at = g * kInfo.parts() * kBlockRows + row;
      if constexpr (kInfo.scale == ScaleKind::kHalf) {
        memcpy(record + at * 2, &piece.scale, 2);
      } else if constexpr (kInfo.scale == ScaleKind::kHalfMinimum || kInfo.super()) {
        memcpy(record + row * 2, &piece.scale, 2);
        memcpy(record + 32 + row * 2, &piece.minimum, 2);
      }
      for (int part = 0; part < kInfo.parts(); part++) {
        const int byte = at + part * kBlockRows;
        if constexpr (kInfo.super()) record[kInfo.factors_at() + byte] = piece.factors[part];
        if constexpr (kInfo.scale == ScaleKind::kSuperMinimum)
          record[kInfo.minimum_factors_at() + byte] = piece.minimum_factors[part];
        if constexpr (kInfo.scale == ScaleKind::kExponent) {
          record[byte] = piece.factors[part];
          good = good && piece.factors[part] != 0xff;
        }
        if constexpr (kInfo.scale == ScaleKind::kFloat8) {
          record[byte] = piece.factors[part] & 0x7f;  // the sign bit means nothing
          good = good && record[byte] != 0x7f;
        }
      }
      if (!good && row < bad) bad = row;
    }
  }
  return bad == kBlockRows ? -1 : bad;
}

// Columns of 16 rows next to each other. `Exponent`: the bits that are all set in infinities and NaN.
template <class Bits, Bits Exponent>
int pack_floats(const uint8_t* source, size_t row_bytes, int cols, int rows, uint8_t* block) {
  int bad = kBlockRows;
  constexpr int kStep = 16;  // columns in the first-level cache on both sides
  for (int k = 0; k < cols; k += kStep)
    for (int row = 0; row < rows; row++)
      for (int i = k; i < cols && i < k + kStep; i++) {
        Bits element;
        memcpy(&element, source + row * row_bytes + i * sizeof element, sizeof element);
        memcpy(block + (static_cast<size_t>(i) * kBlockRows + row) * sizeof element, &element,
               sizeof element);
        if ((element & Exponent) == Exponent && row < bad) bad = row;
      }
  return bad == kBlockRows ? -1 : bad;
}

#define MS_FORMAT(type) \
  {#type, true, Layout::type, FloatType::kF32, type::kElements, type::kBytes, pack_block<Layout::type, type>},
const WeightFormat kFormats[] = {
    MS_EACH_LAYOUT(MS_FORMAT)  //
    {"F32", false, Layout::Q4_0, FloatType::kF32, 1, 4, pack_floats<uint32_t, 0x7f800000>},
    {"F16", false, Layout::Q4_0, FloatType::kF16, 1, 2, pack_floats<uint16_t, 0x7c00>},
    {"BF16", false, Layout::Q4_0, FloatType::kBF16, 1, 2, pack_floats<uint16_t, 0x7f80>},
};
#undef MS_FORMAT

}  // namespace

const WeightFormat* weight_format(const char* name) {
  for (const WeightFormat& format : kFormats)
    if (strcmp(format.name, name) == 0) return &format;
  return nullptr;
}

}  // namespace multiscale
