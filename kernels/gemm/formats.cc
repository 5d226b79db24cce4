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

void q4_0(const uint8_t* row, int group, uint8_t* codes, float* scales, float* minimums) {
  const uint8_t* block = row + group * 18;
  scales[0] = scales[1] = half_at(block);
  minimums[0] = minimums[1] = 0;
  nibbles(block + 2, codes);
}

void q4_1(const uint8_t* row, int group, uint8_t* codes, float* scales, float* minimums) {
  const uint8_t* block = row + group * 20;
  scales[0] = scales[1] = half_at(block);
  minimums[0] = minimums[1] = -half_at(block + 2);
  nibbles(block + 4, codes);
}

void q5_0(const uint8_t* row, int group, uint8_t* codes, float* scales, float* minimums) {
  const uint8_t* block = row + group * 22;
  scales[0] = scales[1] = half_at(block);
  minimums[0] = minimums[1] = 0;
  nibbles(block + 6, codes);
  fifth_bits(block + 2, codes);
}

void q5_1(const uint8_t* row, int group, uint8_t* codes, float* scales, float* minimums) {
  const uint8_t* block = row + group * 24;
  scales[0] = scales[1] = half_at(block);
  minimums[0] = minimums[1] = -half_at(block + 2);
  nibbles(block + 8, codes);
  fifth_bits(block + 4, codes);
}

void q8_0(const uint8_t* row, int group, uint8_t* codes, float* scales, float* minimums) {
  const uint8_t* block = row + group * 34;
  scales[0] = scales[1] = half_at(block);
  minimums[0] = minimums[1] = 0;
  for (int i = 0; i < 32; i++) codes[i] = block[2 + i] ^ 0x80;  // signed to offset 128
}

// Scale and minimum of group j of a Q4_K or Q5_K block: 6 bits each, packed in 12 bytes. The products
// with the block's half-precision scales have at most 17 bits: exact.
void k_scales(const uint8_t* block, int j, float* scales, float* minimums) {
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
  minimums[0] = minimums[1] = half_at(block + 2) * min;
}

void q4_k(const uint8_t* row, int group, uint8_t* codes, float* scales, float* minimums) {
  const uint8_t* block = row + group / 8 * 144;
  const int j = group % 8;
  k_scales(block, j, scales, minimums);
  const uint8_t* p = block + 16 + j / 2 * 32;
  for (int i = 0; i < 32; i++) codes[i] = j % 2 ? p[i] >> 4 : p[i] & 15;
}

void q5_k(const uint8_t* row, int group, uint8_t* codes, float* scales, float* minimums) {
  const uint8_t* block = row + group / 8 * 176;
  const int j = group % 8;
  k_scales(block, j, scales, minimums);
  const uint8_t* p = block + 48 + j / 2 * 32;
  for (int i = 0; i < 32; i++) codes[i] = (j % 2 ? p[i] >> 4 : p[i] & 15) | ((block[16 + i] >> j) & 1) << 4;
}

void q6_k(const uint8_t* row, int group, uint8_t* codes, float* scales, float* minimums) {
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
  minimums[0] = minimums[1] = 0;
}

// Both halves' scales and minimums, 4 bits each in one byte.
void q2_k(const uint8_t* row, int group, uint8_t* codes, float* scales, float* minimums) {
  const uint8_t* block = row + group / 8 * 84;
  const int j = group % 8;
  for (int half = 0; half < 2; half++) {
    const uint8_t packed = block[2 * j + half];
    scales[half] = half_at(block + 80) * (packed & 15);
    minimums[half] = half_at(block + 82) * (packed >> 4);
  }
  const uint8_t* p = block + 16 + j / 4 * 32;
  for (int i = 0; i < 32; i++) codes[i] = (p[i] >> (2 * (j % 4))) & 3;
}

// Low bits as in Q2_K; a set bit of the mask adds 4, and 4 is the offset. Of the 6-bit scales the low four
// bits are the nibbles of 8 bytes, the upper two are in the 4 bytes behind.
void q3_k(const uint8_t* row, int group, uint8_t* codes, float* scales, float* minimums) {
  const uint8_t* block = row + group / 8 * 110;
  const int j = group % 8;
  for (int half = 0; half < 2; half++) {
    const int i = 2 * j + half;
    const int low = block[96 + i % 8] >> (i / 8 * 4) & 15, high = block[104 + i % 4] >> (i / 4 * 2) & 3;
    scales[half] = half_at(block + 108) * ((low | high << 4) - 32);
  }
  minimums[0] = minimums[1] = 0;
  const uint8_t* p = block + 32 + j / 4 * 32;
  for (int i = 0; i < 32; i++) codes[i] = ((p[i] >> (2 * (j % 4))) & 3) | ((block[i] >> j) & 1) << 2;
}

constexpr int kTableOffset = 128;  // of the two tables: signed bytes become unsigned
const int8_t kIq4[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};
const int8_t kTwiceE2M1[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

void table_nibbles(const uint8_t* p, const int8_t* table, uint8_t* codes) {
  nibbles(p, codes);
  for (int i = 0; i < 32; i++) codes[i] = table[codes[i]] + kTableOffset;
}

void iq4_nl(const uint8_t* row, int group, uint8_t* codes, float* scales, float* minimums) {
  const uint8_t* block = row + group * 18;
  scales[0] = scales[1] = half_at(block);
  minimums[0] = minimums[1] = 0;
  table_nibbles(block + 2, kIq4, codes);
}

void iq4_xs(const uint8_t* row, int group, uint8_t* codes, float* scales, float* minimums) {
  const uint8_t* block = row + group / 8 * 136;
  const int j = group % 8;
  const int low = block[4 + j / 2] >> (j % 2 * 4) & 15, high = block[2 + j / 4] >> (j % 4 * 2) & 3;
  scales[0] = scales[1] = half_at(block) * ((low | high << 4) - 32);
  minimums[0] = minimums[1] = 0;
  table_nibbles(block + 8 + j * 16, kIq4, codes);
}

// The scale of doubled codes is 2^(e - 128): below e = 2 it is subnormal, and still exact. 0xff is NaN.
void mxfp4(const uint8_t* row, int group, uint8_t* codes, float* scales, float* minimums) {
  const uint8_t* block = row + group * 17;
  const uint32_t e = block[0];
  const uint32_t bits = e == 0xff ? 0x7fc00000 : e < 2 ? 0x00200000u << e : (e - 1) << 23;
  memcpy(&scales[0], &bits, 4);
  scales[1] = scales[0];
  minimums[0] = minimums[1] = 0;
  table_nibbles(block + 1, kTwiceE2M1, codes);
}

const WeightFormat kFormats[] = {
    {"Q4_0", true, Layout::kC4S16, FloatType::kF32, 8, 32, 18, q4_0},
    {"Q4_1", true, Layout::kC4S16M, FloatType::kF32, 0, 32, 20, q4_1},
    {"Q5_0", true, Layout::kC8S16, FloatType::kF32, 16, 32, 22, q5_0},
    {"Q5_1", true, Layout::kC8S16M, FloatType::kF32, 0, 32, 24, q5_1},
    {"Q8_0", true, Layout::kC8S16, FloatType::kF32, 128, 32, 34, q8_0},
    {"Q2_K", true, Layout::kC4S32HM, FloatType::kF32, 0, 256, 84, q2_k},
    {"Q3_K", true, Layout::kC4S32H, FloatType::kF32, 4, 256, 110, q3_k},
    {"Q4_K", true, Layout::kC4S32M, FloatType::kF32, 0, 256, 144, q4_k},
    {"Q5_K", true, Layout::kC8S32M, FloatType::kF32, 0, 256, 176, q5_k},
    {"Q6_K", true, Layout::kC8S32H, FloatType::kF32, 32, 256, 210, q6_k},
    {"IQ4_NL", true, Layout::kC8S16, FloatType::kF32, kTableOffset, 32, 18, iq4_nl},
    {"IQ4_XS", true, Layout::kC8S32, FloatType::kF32, kTableOffset, 256, 136, iq4_xs},
    {"MXFP4", true, Layout::kC8S32, FloatType::kF32, kTableOffset, 32, 17, mxfp4},
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
