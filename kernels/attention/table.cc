// The family's table: dispatch, tests and benchmarks come from it. A variant not listed does not exist.
#include "attention/contract.h"
#include "base/cpu.h"

namespace multiscale {

const AttentionKernels* attention_kernels(int level) {
  switch (static_cast<Level>(level)) {
    case Level::kGeneric:
    case Level::kNeonDot: return &kAttentionGeneric;
#if defined(MULTISCALE_X86_AVX2)
    case Level::kAvx2:
    case Level::kAvxVnni: return &kAttentionAvx2;
#endif
#if defined(MULTISCALE_X86_AVX512VNNI)
    case Level::kAvx512Vnni: return &kAttentionAvx512;
#endif
    default: return nullptr;
  }
}

}  // namespace multiscale
