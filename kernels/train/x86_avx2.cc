// AVX2 with fused multiply-add: 12 registers of sums, two of b, one of a.
#include "train/kernels.h"

constinit const multiscale::TrainKernels multiscale::kTrainAvx2 = kernels<6, 1>();
