// Plain C++; NEON on arm64.
#include "train/kernels.h"

constinit const multiscale::TrainKernels multiscale::kTrainGeneric = kernels<6, 1>();
