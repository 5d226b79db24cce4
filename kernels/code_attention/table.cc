// The family's table: dispatch, tests and benchmarks come from it. A variant not listed does not exist.
#include "base/cpu.h"
#include "code_attention/contract.h"

namespace multiscale {

const CodeAttentionKernels* code_attention_kernels(int level) {
  switch (static_cast<Level>(level)) {
    case Level::kGeneric: return &kCodeAttentionGeneric;
#if defined(MULTISCALE_X86_AVX2)
    case Level::kAvx2: return &kCodeAttentionAvx2;
#endif
#if defined(MULTISCALE_X86_AVXVNNI)
    case Level::kAvxVnni: return &kCodeAttentionAvxVnni;
#endif
#if defined(MULTISCALE_X86_AVX512VNNI)
    case Level::kAvx512Vnni: return &kCodeAttentionAvx512Vnni;
#endif
#if defined(MULTISCALE_ARM_NEONDOT)
    case Level::kNeonDot: return &kCodeAttentionNeonDot;
#endif
    default: return nullptr;
  }
}

}  // namespace multiscale
