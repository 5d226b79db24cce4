// The family's table: dispatch, tests and benchmarks come from it. A variant not listed does not exist.
#include "base/cpu.h"
#include "elementwise/contract.h"

namespace multiscale {

const ElementwiseKernels* elementwise_kernels(int level) {
  switch (static_cast<Level>(level)) {
    case Level::kGeneric:
    case Level::kNeonDot: return &kElementwiseGeneric;
#if defined(MULTISCALE_X86_AVX2)
    case Level::kAvx2:
    case Level::kAvxVnni: return &kElementwiseAvx2;
#endif
#if defined(MULTISCALE_X86_AVX512VNNI)
    case Level::kAvx512Vnni: return &kElementwiseAvx512;
#endif
    default: return nullptr;
  }
}

}  // namespace multiscale
