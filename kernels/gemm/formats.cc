// The block formats of GGUF files (ggml), group by group. Layouts: docs of the GGUF format; each is
// checked against the TypeScript decoder, which is checked against an independent one.
#include <cstring>

#include "gemm/weight.h"

namespace multiscale {

namespace {

// Infinities and NaN included: the caller must see them.
float half_at(const uint8_t* p) {
  uint16_t half;
  memcpy(&half, p, 2);
  if ((half & 0x7c00) == 0x7c00) return __builtin_inff();
  const uint32_t magnitude = (half & 0x7fff) << 13, sign = (half & 0x8000) << 16;
  float value;
  memcpy(&value, &magnitude, 4);
  value *= 0x1p112f;  // moves the exponent bias from 15 to 127, and normalises subnormals on the way
  uint32_t bits;
  memcpy(&bits, &value, 4);
  bits |= sign;
  memcpy(&value, &bits, 4);
  return value;
}

void nibbles(const uint8_t* p, uint8_t* codes) {
  for (int i = 0; i < 16; i++) {
    codes[i] = p[i] & 15;
    codes[i + 16] = p[i] >> 4;
  }
}

void fifth_bits(const uint8_t* p, uint8_t* codes) {
  uint32_t bits;
  memcpy(&bits, p, 4);
  for (int i = 0; i < 32; i++) codes[i] |= ((bits >> i) & 1) << 4;
}

void q4_0(const uint8_t* row, int group, uint8_t* codes, float* scales, float* minimum) {
  const uint8_t* block = row + group * 18;
  scales[0] = scales[1] = half_at(block);
  *minimum = 0;
  nibbles(block + 2, codes);
}

void q4_1(const uint8_t* row, int group, uint8_t* codes, float* scales, float* minimum) {
  const uint8_t* block = row + group * 20;
  scales[0] = scales[1] = half_at(block);
  *minimum = -half_at(block + 2);
  nibbles(block + 4, codes);
}

void q5_0(const uint8_t* row, int group, uint8_t* codes, float* scales, float* minimum) {
  const uint8_t* block = row + group * 22;
  scales[0] = scales[1] = half_at(block);
  *minimum = 0;
  nibbles(block + 6, codes);
  fifth_bits(block + 2, codes);
}

void q5_1(const uint8_t* row, int group, uint8_t* codes, float* scales, float* minimum) {
  const uint8_t* block = row + group * 24;
  scales[0] = scales[1] = half_at(block);
  *minimum = -half_at(block + 2);
  nibbles(block + 8, codes);
  fifth_bits(block + 4, codes);
}

void q8_0(const uint8_t* row, int group, uint8_t* codes, float* scales, float* minimum) {
  const uint8_t* block = row + group * 34;
  scales[0] = scales[1] = half_at(block);
  *minimum = 0;
  for (int i = 0; i < 32; i++) codes[i] = block[2 + i] ^ 0x80;  // signed to offset 128
}

// Scale and minimum of group j of a Q4_K or Q5_K block: 6 bits each, packed in 12 bytes. The products
// with the block's half-precision scales have at most 17 bits: exact.
void k_scales(const uint8_t* block, int j, float* scales, float* minimum) {
  const uint8_t* packed = block + 4;
  int scale, min;
  if (j < 4) {
    scale = packed[j] & 63;
    min = packed[j + 4] & 63;
  } else {
    scale = (packed[j + 4] & 15) | (packed[j - 4] >> 6 << 4);
    min = (packed[j + 4] >> 4) | (packed[j] >> 6 << 4);
  }
  scales[0] = scales[1] = half_at(block) * scale;
  *minimum = half_at(block + 2) * min;
}

void q4_k(const uint8_t* row, int group, uint8_t* codes, float* scales, float* minimum) {
  const uint8_t* block = row + group / 8 * 144;
  const int j = group % 8;
  k_scales(block, j, scales, minimum);
  const uint8_t* p = block + 16 + j / 2 * 32;
  for (int i = 0; i < 32; i++) codes[i] = j % 2 ? p[i] >> 4 : p[i] & 15;
}

void q5_k(const uint8_t* row, int group, uint8_t* codes, float* scales, float* minimum) {
  const uint8_t* block = row + group / 8 * 176;
  const int j = group % 8;
  k_scales(block, j, scales, minimum);
  const uint8_t* p = block + 48 + j / 2 * 32;
  for (int i = 0; i < 32; i++) codes[i] = (j % 2 ? p[i] >> 4 : p[i] & 15) | ((block[16 + i] >> j) & 1) << 4;
}

void q6_k(const uint8_t* row, int group, uint8_t* codes, float* scales, float* minimum) {
  const uint8_t* block = row + group / 8 * 210;
  const int half = group % 8 / 4, quarter = group % 4;  // of the block; of its half
  const uint8_t* low = block + half * 64 + quarter % 2 * 32;
  const uint8_t* high = block + 128 + half * 32;
  for (int i = 0; i < 32; i++)
    codes[i] = (quarter < 2 ? low[i] & 15 : low[i] >> 4) | ((high[i] >> (2 * quarter)) & 3) << 4;
  const float d = half_at(block + 208);
  const int8_t* sub = reinterpret_cast<const int8_t*>(block + 192) + half * 8 + quarter * 2;
  scales[0] = d * sub[0];
  scales[1] = d * sub[1];
  *minimum = 0;
}

const WeightFormat kFormats[] = {
    {"Q4_0", true, Layout::kC4S16, FloatType::kF32, 8, 32, 18, q4_0},
    {"Q4_1", true, Layout::kC4S16M, FloatType::kF32, 0, 32, 20, q4_1},
    {"Q5_0", true, Layout::kC8S16, FloatType::kF32, 16, 32, 22, q5_0},
    {"Q5_1", true, Layout::kC8S16M, FloatType::kF32, 0, 32, 24, q5_1},
    {"Q8_0", true, Layout::kC8S16, FloatType::kF32, 128, 32, 34, q8_0},
    {"Q4_K", true, Layout::kC4S32M, FloatType::kF32, 0, 256, 144, q4_k},
    {"Q5_K", true, Layout::kC8S32M, FloatType::kF32, 0, 256, 176, q5_k},
    {"Q6_K", true, Layout::kC8S32H, FloatType::kF32, 32, 256, 210, q6_k},
    {"F32", false, Layout::kC4S16, FloatType::kF32, 0, 1, 4, nullptr},
    {"F16", false, Layout::kC4S16, FloatType::kF16, 0, 1, 2, nullptr},
    {"BF16", false, Layout::kC4S16, FloatType::kBF16, 0, 1, 2, nullptr},
};

}  // namespace

const WeightFormat* weight_format(const char* name) {
  for (const WeightFormat& format : kFormats)
    if (strcmp(format.name, name) == 0) return &format;
  return nullptr;
}

}  // namespace multiscale
