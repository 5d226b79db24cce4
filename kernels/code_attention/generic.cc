#include "gemm/dot_generic.h"

#include "code_attention/kernels.h"

const multiscale::CodeAttentionKernels multiscale::kCodeAttentionGeneric = kKernels;
