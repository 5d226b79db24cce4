// Any CPU.
#include "elementwise/kernels.h"

const multiscale::ElementwiseKernels multiscale::kElementwiseGeneric = kKernels;
