// What this machine could do at best, in the terms of the products that run on it: bytes read per second and
// multiply-adds per second (the roofline model: Williams, Waterman, Patterson, CACM 52(4), 2009). Kernels do
// a fixed amount of work; probes.cc repeats them on all threads and takes the time.
#pragma once
#include <stddef.h>
#include <stdint.h>

namespace multiscale {

constexpr size_t kReadStep = 256;  // bytes; a read is a whole number of them

struct RooflineKernels {
  // Reads `bytes` from `data` (64-byte aligned), asking for what lies `ahead` bytes further on, if that is
  // not 0. Returns the exclusive or of all, so that no read can be left out.
  uint64_t (*read)(const uint8_t* data, size_t bytes, size_t ahead);
  // A burst of independent integer dot products by the instructions of the level's gemm kernels, from
  // registers; about 0.1 ms. Returns a number that depends on all of them.
  int32_t (*multiply)(int32_t seed);
  double multiply_adds;  // of one burst: 8-bit digit × weight code; a 16-bit word counts as its two digits
  // The same for float32 multiply-adds.
  float (*float_multiply)(float seed);
  double float_multiply_adds;
  // Makes 4-bit codes float32 numbers with a scale, as dequantising does to every weight; codes and numbers
  // stay in the first-level cache. Returns one of the numbers.
  float (*convert)(float seed);
  double conversions;  // of one burst
};

// The same for bfloat16 multiply-adds, by vector instructions.
struct BFloat16Roofline {
  float (*multiply)(float seed);
  double multiply_adds;
};
extern const BFloat16Roofline kRooflineBFloat16;
// Null where the level's registers, the compiler or the CPU have no such instruction.
const BFloat16Roofline* bfloat16_roofline(int level);

extern const RooflineKernels kRooflineGeneric;
extern const RooflineKernels kRooflineAvx2;
extern const RooflineKernels kRooflineAvxVnni;
extern const RooflineKernels kRooflineAvx512Vnni;
extern const RooflineKernels kRooflineNeonDot;
const RooflineKernels* roofline_kernels(int level);

}  // namespace multiscale
