// Any CPU: the compiler's idea of a dot product of words, two digits each.
#include "roofline/kernels.h"

namespace {

constexpr int kWords = 1024, kRounds = kSteps / 16;  // few enough words to stay in the first-level cache

int32_t multiply(int32_t seed) {
  int16_t digits[kWords], codes[kWords];
  for (int k = 0; k < kWords; k++) digits[k] = (int16_t)((seed + k) % 3 - 1), codes[k] = (int16_t)(k % 2);
  int32_t sum = 0;  // below kWords · kRounds
  for (int round = 0; round < kRounds; round++) {
    // For all the compiler knows the words are new ones.
    __asm__ volatile("" : : "r"(digits), "r"(codes) : "memory");
    for (int k = 0; k < kWords; k++) sum += digits[k] * codes[k];
  }
  return sum;
}

}  // namespace

const multiscale::RooflineKernels multiscale::kRooflineGeneric = {
    read, multiply, 2.0 * kWords* kRounds, float_multiply, kFloatMultiplyAdds, convert, kConversions,
};
