#include "gemm/dot_avxvnni.h"

#include "code_attention/kernels.h"

const multiscale::CodeAttentionKernels multiscale::kCodeAttentionAvxVnni = kKernels;
