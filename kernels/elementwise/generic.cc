// Any CPU (digits as words), also for Arm's dot product (signed bytes).
#include "elementwise/kernels.h"

constinit const multiscale::ElementwiseKernels multiscale::kElementwiseGeneric =
    kernels<DigitForm::kWords, DigitForm::kSignedBytes>();
