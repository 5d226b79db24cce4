// Any CPU.
#include "attention/kernels.h"

const multiscale::AttentionKernels multiscale::kAttentionGeneric = kKernels;
