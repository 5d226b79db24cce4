// AVX2, also for AVX-VNNI.
#include "attention/kernels.h"

const multiscale::AttentionKernels multiscale::kAttentionAvx2 = kKernels;
