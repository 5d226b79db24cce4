#include "roofline/probes.h"

#include <atomic>
#include <chrono>

#include "base/memory.h"

namespace multiscale {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// run() does `work` units; the best units per second of its repetitions.
template <class Run>
double best_rate(double milliseconds, double work, const Run& run) {
  double best = 0;
  const Clock::time_point start = Clock::now();
  do {
    const Clock::time_point begin = Clock::now();
    run();
    const double rate = work / seconds_since(begin);
    if (rate > best) best = rate;
  } while (seconds_since(start) * 1e3 < milliseconds);
  return best;
}

constexpr size_t kReadTask = size_t{4} << 20;  // a multiple of kReadStep
constexpr size_t kAhead = 8 << 10;             // kernels read this far ahead too: less hides too little
constexpr size_t kPage = 4 << 10;
constexpr int kBurstsPerThread = 16;  // some milliseconds: long beside the time to wake a thread

// What kernels return goes here, so that they are not left out.
std::atomic<uint64_t> sink;

void keep(uint64_t value) { sink.store(value, std::memory_order_relaxed); }

// Of a kernel float(float) that does `work` units.
double burst_rate(Pool& pool, float (*burst)(float), double work, double milliseconds) {
  const int tasks = pool.threads() * kBurstsPerThread;
  return best_rate(milliseconds, tasks * work, [&] {
    pool.parallel_for(tasks, [&](int task, int) {
      keep(static_cast<uint64_t>(static_cast<int64_t>(burst(static_cast<float>(task)))));
    });
  });
}

}  // namespace

double read_bandwidth(Pool& pool, const RooflineKernels& kernels, size_t bytes, double milliseconds) {
  const int tasks = static_cast<int>((bytes + kReadTask - 1) / kReadTask);
  const Memory memory(tasks * kReadTask, true);
  if (!memory.data()) return 0;
  const auto part = [&](int task) { return memory.data() + task * kReadTask; };
  // Written once: pages that nobody wrote are all the same page of zeros, in the cache.
  pool.parallel_for(tasks, [&](int task, int) {
    for (size_t at = 0; at < kReadTask; at += kPage) part(task)[at] = static_cast<uint8_t>(task);
  });
  const auto sweep = [&](size_t ahead) {
    return best_rate(milliseconds / 2, static_cast<double>(memory.size()), [&] {
      pool.parallel_for(tasks, [&](int task, int) { keep(kernels.read(part(task), kReadTask, ahead)); });
    });
  };
  const double plain = sweep(0), prefetched = sweep(kAhead);
  return plain > prefetched ? plain : prefetched;
}

double multiply_peak(Pool& pool, const RooflineKernels& kernels, double milliseconds) {
  const int tasks = pool.threads() * kBurstsPerThread;
  return best_rate(milliseconds, tasks * kernels.multiply_adds, [&] {
    pool.parallel_for(tasks, [&](int task, int) { keep(static_cast<uint64_t>(kernels.multiply(task))); });
  });
}

double float_peak(Pool& pool, const RooflineKernels& kernels, double milliseconds) {
  return burst_rate(pool, kernels.float_multiply, kernels.float_multiply_adds, milliseconds);
}

double bfloat16_peak(Pool& pool, const BFloat16Roofline& kernels, double milliseconds) {
  return burst_rate(pool, kernels.multiply, kernels.multiply_adds, milliseconds);
}

double conversion_rate(Pool& pool, const RooflineKernels& kernels, double milliseconds) {
  return burst_rate(pool, kernels.convert, kernels.conversions, milliseconds);
}

}  // namespace multiscale
