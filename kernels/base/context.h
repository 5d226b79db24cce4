// What every operation runs in: a pool of threads and the kernels of one variant.
#pragma once
#include "attention/cache.h"
#include "base/arguments.h"
#include "base/cpu.h"
#include "base/memory.h"
#include "base/pool.h"
#include "elementwise/contract.h"
#include "gemm/linear.h"
#include "roofline/contract.h"
#include "train/contract.h"

namespace multiscale {

struct Context {
  Level level;
  const GemmKernels* gemm;
  const ElementwiseKernels* elementwise;
  CacheKernels attention;
  const RooflineKernels* roofline;
  const TrainKernels* train;
  Pool pool;
  int decode_threads;  // that take part in products of few tokens: memory may feed fewer than all
  JobOrder order;
  Memory scratch;  // of attention, panels and training

  Context(Level l, int threads)
      : level(l),
        gemm(gemm_kernels(static_cast<int>(l))),
        elementwise(elementwise_kernels(static_cast<int>(l))),
        attention{attention_kernels(static_cast<int>(l)), code_attention_kernels(static_cast<int>(l))},
        roofline(roofline_kernels(static_cast<int>(l))),
        train(train_kernels(static_cast<int>(l))),
        pool(threads),
        decode_threads(threads) {}
};

template <>
const napi_type_tag& tag_of<Context>();

}  // namespace multiscale
