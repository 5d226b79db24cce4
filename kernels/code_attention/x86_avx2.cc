#include "code_attention/kernels.h"
#include "gemm/dot_avx2.h"

const multiscale::CodeAttentionKernels multiscale::kCodeAttentionAvx2 = kKernels;
