#include "base/pool.h"

namespace multiscale {

namespace {

// About 20 to 50 µs: longer than the gap between two operations of a token, shorter than anyone would
// notice as idle load.
constexpr int kSpins = 4000;

constexpr uint64_t kClosed = ~uint64_t{0};

inline void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

}  // namespace

Pool::Pool(int threads) : used_(threads), expected_(new Expected[threads > 1 ? threads : 1]) {
  workers_.reserve(threads > 1 ? threads - 1 : 0);
  for (int thread = 1; thread < threads; thread++) workers_.emplace_back([this, thread] { work(thread); });
}

Pool::~Pool() {
  stop_.store(true);
  generation_.fetch_add(1);
  generation_.notify_all();
  for (auto& worker : workers_) worker.join();
}

void Pool::expect(int thread, const void* begin, size_t bytes) {
  expected_[thread].at.store(static_cast<const char*>(begin), std::memory_order_relaxed);
  expected_[thread].bytes.store(bytes, std::memory_order_relaxed);
}

void Pool::spin(int thread) {
  // Few lines at a time: a prefetch waits when too many are under way, and the next job should not.
  constexpr size_t kLine = 64, kTurn = 4 * kLine;
  Expected& expected = expected_[thread];
  const size_t bytes = expected.bytes.load(std::memory_order_relaxed);
  if (bytes < kTurn) return relax();
  const char* at = expected.at.load(std::memory_order_relaxed);
  for (size_t line = 0; line < kTurn; line += kLine) __builtin_prefetch(at + line, 0, 2);
  expect(thread, at + kTurn, bytes - kTurn);
}

void Pool::drain(uint32_t generation, int thread) {
  uint64_t ticket = ticket_.load(std::memory_order_acquire);
  for (;;) {
    const uint32_t task = static_cast<uint32_t>(ticket);
    const int tasks = tasks_.load(std::memory_order_acquire);
    const Function function = function_.load(std::memory_order_relaxed);
    const void* context = context_.load(std::memory_order_relaxed);
    if (static_cast<uint32_t>(ticket >> 32) != generation || task >= static_cast<uint32_t>(tasks)) return;
    if (!ticket_.compare_exchange_weak(ticket, ticket + 1, std::memory_order_acq_rel)) continue;
    function(context, static_cast<int>(task), thread);
    finished_.fetch_add(1, std::memory_order_release);
    ticket = ticket_.load(std::memory_order_acquire);
  }
}

void Pool::run(int tasks, Function function, const void* context) {
  if (tasks <= 0) return;
  if (used_.load(std::memory_order_relaxed) == 1 || workers_.empty() || tasks == 1) {
    for (int task = 0; task < tasks; task++) function(context, task, 0);
    return;
  }
  const uint32_t generation = generation_.load(std::memory_order_relaxed) + 1;
  // Close the last job before its description changes: a late worker that saw the new task count sees
  // this ticket too, and its compare-and-swap fails.
  ticket_.store(kClosed, std::memory_order_relaxed);
  tasks_.store(tasks, std::memory_order_release);
  function_.store(function, std::memory_order_relaxed);
  context_.store(context, std::memory_order_relaxed);
  finished_.store(0, std::memory_order_relaxed);
  ticket_.store(static_cast<uint64_t>(generation) << 32, std::memory_order_release);
  generation_.store(generation, std::memory_order_seq_cst);
  generation_.notify_all();
  drain(generation, 0);
  for (int turn = 0; finished_.load(std::memory_order_acquire) != tasks; turn++) {
    if (turn < kSpins) spin(0);
    else std::this_thread::yield();  // a worker lost its core in the middle of a task
  }
}

void Pool::work(int thread) {
  uint32_t seen = 0;
  for (;;) {
    uint32_t generation = generation_.load(std::memory_order_acquire);
    for (int turn = 0; generation == seen && turn < kSpins; turn++) {
      spin(thread);
      generation = generation_.load(std::memory_order_acquire);
    }
    while (generation == seen) {
      generation_.wait(seen, std::memory_order_acquire);
      generation = generation_.load(std::memory_order_acquire);
    }
    if (stop_.load()) return;
    seen = generation;
    if (thread < used_.load(std::memory_order_relaxed)) drain(generation, thread);
  }
}

}  // namespace multiscale
