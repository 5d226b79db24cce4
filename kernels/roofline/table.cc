// The family's table: dispatch and tests come from it. A variant not listed does not exist.
#include "base/cpu.h"
#include "roofline/contract.h"

namespace multiscale {

const RooflineKernels* roofline_kernels(int level) {
  switch (static_cast<Level>(level)) {
    case Level::kGeneric: return &kRooflineGeneric;
#if defined(MULTISCALE_X86_AVX2)
    case Level::kAvx2: return &kRooflineAvx2;
#endif
#if defined(MULTISCALE_X86_AVXVNNI)
    case Level::kAvxVnni: return &kRooflineAvxVnni;
#endif
#if defined(MULTISCALE_X86_AVX512VNNI)
    case Level::kAvx512Vnni: return &kRooflineAvx512Vnni;
#endif
#if defined(MULTISCALE_ARM_NEONDOT)
    case Level::kNeonDot: return &kRooflineNeonDot;
#endif
    default: return nullptr;
  }
}

const BFloat16Roofline* bfloat16_roofline(int level) {
#if defined(MULTISCALE_X86_AVX512BF16)
  if (static_cast<Level>(level) == Level::kAvx512Vnni && cpu_has_avx512_bf16()) return &kRooflineBFloat16;
#endif
  (void)level;
  return nullptr;
}

}  // namespace multiscale
