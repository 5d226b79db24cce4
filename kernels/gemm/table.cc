// The family's table: dispatch, tests and benchmarks come from it. A variant not listed does not exist.
#include "base/cpu.h"
#include "gemm/contract.h"

namespace multiscale {

const bool prefetch_near = cpu_vendor_is_amd();

const GemmKernels* gemm_kernels(int level) {
  switch (static_cast<Level>(level)) {
    case Level::kGeneric: return &kGemmGeneric;
#if defined(MULTISCALE_X86_AVX2)
    case Level::kAvx2: return &kGemmAvx2;
#endif
#if defined(MULTISCALE_X86_AVXVNNI)
    case Level::kAvxVnni: return &kGemmAvxVnni;
#endif
#if defined(MULTISCALE_X86_AVX512VNNI)
    case Level::kAvx512Vnni: return &kGemmAvx512Vnni;
#endif
#if defined(MULTISCALE_ARM_NEONDOT)
    case Level::kNeonDot: return &kGemmNeonDot;
#endif
    default: return nullptr;
  }
}

}  // namespace multiscale
