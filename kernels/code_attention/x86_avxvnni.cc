#include "code_attention/kernels.h"
#include "gemm/dot_avxvnni.h"

const multiscale::CodeAttentionKernels multiscale::kCodeAttentionAvxVnni = kKernels;
