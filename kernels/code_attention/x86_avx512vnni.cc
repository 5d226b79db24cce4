#include "gemm/dot_avx512vnni.h"

#include "code_attention/kernels.h"

const multiscale::CodeAttentionKernels multiscale::kCodeAttentionAvx512Vnni = kKernels;
