// AVX-512.
#include "elementwise/kernels.h"

constinit const multiscale::ElementwiseKernels multiscale::kElementwiseAvx512 = kernels<DigitForm::kBytes>();
