// AVX2, also for AVX-VNNI.
#include "elementwise/kernels.h"

const multiscale::ElementwiseKernels multiscale::kElementwiseAvx2 = kKernels;
