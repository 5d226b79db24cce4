// The family's table: dispatch, tests and benchmarks come from it. A variant not listed does not exist.
#include "base/cpu.h"
#include "train/contract.h"

namespace multiscale {

const TrainKernels* train_kernels(int level) {
  switch (static_cast<Level>(level)) {
    case Level::kGeneric:
    case Level::kNeonDot: return &kTrainGeneric;
#if defined(MULTISCALE_X86_AVX2)
    case Level::kAvx2:
    case Level::kAvxVnni: return &kTrainAvx2;
#endif
#if defined(MULTISCALE_X86_AVX512VNNI)
    case Level::kAvx512Vnni: return &kTrainAvx512;
#endif
    default: return nullptr;
  }
}

}  // namespace multiscale
