// AVX-512.
#include "elementwise/kernels.h"

const multiscale::ElementwiseKernels multiscale::kElementwiseAvx512 = kKernels;
