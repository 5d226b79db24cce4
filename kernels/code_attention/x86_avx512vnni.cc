#include "code_attention/kernels.h"
#include "gemm/dot_avx512vnni.h"

const multiscale::CodeAttentionKernels multiscale::kCodeAttentionAvx512Vnni = kKernels;
