#include "code_attention/kernels.h"
#include "gemm/dot_neondot.h"

const multiscale::CodeAttentionKernels multiscale::kCodeAttentionNeonDot = kKernels;
