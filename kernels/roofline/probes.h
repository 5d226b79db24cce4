// The kernels of the family on all threads of a pool, against the clock.
#pragma once
#include "base/pool.h"
#include "roofline/contract.h"

namespace multiscale {

// Each repeats its work for about so many milliseconds (at least once) and returns the best rate: what the
// machine can do, not what other tenants leave of it on average.

// Bytes per second read from `bytes` of memory, which should be well beyond the last-level cache. 0 if the
// system refuses the memory.
double read_bandwidth(Pool& pool, const RooflineKernels& kernels, size_t bytes, double milliseconds);
// Digit × code multiply-adds per second.
double multiply_peak(Pool& pool, const RooflineKernels& kernels, double milliseconds);
// float32 multiply-adds per second.
double float_peak(Pool& pool, const RooflineKernels& kernels, double milliseconds);
// bfloat16 multiply-adds per second.
double bfloat16_peak(Pool& pool, const BFloat16Roofline& kernels, double milliseconds);
// 4-bit codes made scaled float32 numbers per second.
double conversion_rate(Pool& pool, const RooflineKernels& kernels, double milliseconds);

}  // namespace multiscale
