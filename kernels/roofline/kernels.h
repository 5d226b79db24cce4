// The source that every variant of the family shares; see contract.h.
#pragma once
#include "base/simd.h"
#include "roofline/contract.h"

namespace {

constexpr int kSteps = 1 << 14;  // of one burst

uint64_t read(const uint8_t* data, size_t bytes, size_t ahead) {
  constexpr int kVectors = (int)multiscale::kReadStep / MS_WIDTH, kSums = 4;
  VecI sums[kSums] = {};
  for (const uint8_t* end = data + bytes; data < end; data += multiscale::kReadStep) {
    if (ahead)
      for (size_t line = 0; line < multiscale::kReadStep; line += 64) __builtin_prefetch(data + line + ahead);
    for (int i = 0; i < kVectors; i++) {
      VecI values;
      memcpy(&values, data + i * MS_WIDTH, sizeof values);
      sums[i % kSums] ^= values;
    }
  }
  uint64_t words[sizeof sums / 8], all = 0;
  memcpy(words, sums, sizeof words);
  for (uint64_t word : words) all ^= word;
  return all;
}

// Twelve registers of sums: a multiply-add takes 4 or 5 cycles and two start in each, so ten must be under
// way; with their operands they fit into 16 registers.
constexpr int kFloatChains = 12 / kParts;
constexpr double kFloatMultiplyAdds = 16.0 * kFloatChains * kSteps;

float float_multiply(float seed) {
  F16 sums[kFloatChains];
  // Different beginnings, or the compiler would see that all chains are one.
  for (int i = 0; i < kFloatChains; i++) sums[i] = broadcast16(seed + (float)i);
  const F16 half = broadcast16(0.5f), one = broadcast16(1.0f);
  for (int step = 0; step < kSteps; step++)
    for (int i = 0; i < kFloatChains; i++) sums[i] = madd16(sums[i], half, one);
  for (int i = 1; i < kFloatChains; i++) sums[0] = sums[0] + sums[i];
  return sum_lanes(sums[0]);
}

// 1 KB of codes, two a byte, become 8 KB of numbers.
constexpr int kCodes = 2048, kConvertRounds = kSteps / 64;

float convert(float seed) {
  alignas(64) uint8_t codes[kCodes / 2];
  alignas(64) float numbers[kCodes];
  for (int i = 0; i < kCodes / 2; i++) codes[i] = (uint8_t)(i * 37);
  const F16 scale = broadcast16(seed + 1.0f), minimum = broadcast16(-8.0f * (seed + 1.0f));
  for (int round = 0; round < kConvertRounds; round++) {
    // For all the compiler knows the codes are new ones, and somebody reads the numbers.
    __asm__ volatile("" : : "r"(codes), "r"(numbers) : "memory");
    for (int line = 0; line < kCodes / 128; line++) {
      const I16 eight = load16((const int32_t*)(codes + line * 64));  // codes in each lane
#pragma GCC unroll 8
      for (int s = 0; s < 8; s++) {
        I16 code;
        for (int p = 0; p < kParts; p++) code.part[p] = eight.part[p] >> 4 * s & 15;
        store16(numbers + line * 128 + s * 16, madd16(to_float16(code), scale, minimum));
      }
    }
  }
  return numbers[(int)seed % kCodes];
}

constexpr double kConversions = (double)kCodes * kConvertRounds;

}  // namespace
