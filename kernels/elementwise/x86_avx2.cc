// AVX2 (digits as words), also for AVX-VNNI (bytes).
#include "elementwise/kernels.h"

constinit const multiscale::ElementwiseKernels multiscale::kElementwiseAvx2 =
    kernels<DigitForm::kWords, DigitForm::kBytes>();
