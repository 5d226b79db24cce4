#include "code_attention/kernels.h"
#include "gemm/dot_generic.h"

const multiscale::CodeAttentionKernels multiscale::kCodeAttentionGeneric = kKernels;
