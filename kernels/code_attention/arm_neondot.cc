#include "gemm/dot_neondot.h"

#include "code_attention/kernels.h"

const multiscale::CodeAttentionKernels multiscale::kCodeAttentionNeonDot = kKernels;
