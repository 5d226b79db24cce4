#include "gemm/dot_avx2.h"

#include "code_attention/kernels.h"

const multiscale::CodeAttentionKernels multiscale::kCodeAttentionAvx2 = kKernels;
