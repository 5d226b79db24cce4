// AVX-512: 24 registers of sums, two of b, some of a.
#include "train/kernels.h"

constinit const multiscale::TrainKernels multiscale::kTrainAvx512 = kernels<12, 2>();
