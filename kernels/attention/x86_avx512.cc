// AVX-512.
#include "attention/kernels.h"

const multiscale::AttentionKernels multiscale::kAttentionAvx512 = kKernels;
