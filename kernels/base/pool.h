// A persistent pool of threads. Spawning threads per product costs more than the product (20 µs against
// 0.8 µs for a spin barrier), so workers spin for a moment after each job and only then sleep.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

namespace multiscale {

class Pool {
 public:
  // `threads` counts the caller: a pool of one has no workers. Throws std::system_error if the
  // operating system refuses a thread.
  explicit Pool(int threads);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  int threads() const { return static_cast<int>(workers_.size()) + 1; }

  // From now on only the first `threads` of them take tasks. Not to be called while a job runs.
  void use(int threads) { used_.store(threads, std::memory_order_relaxed); }
  int used() const { return used_.load(std::memory_order_relaxed); }

  // What `thread` will probably read first in the job after the next one to run: it reads that into its
  // second-level cache while it waits for others. Nothing is lost if it comes to nothing.
  void expect(int thread, const void* begin, size_t bytes);

  // Calls body(task, thread) for every task in [0, tasks), 0 <= thread < threads(); returns when all
  // are done. Tasks are handed out one by one, so a slow thread never holds back a fixed share.
  template <class Body>
  void parallel_for(int tasks, const Body& body) {
    run(
        tasks,
        [](const void* context, int task, int thread) { (*static_cast<const Body*>(context))(task, thread); },
        &body);
  }

 private:
  struct alignas(64) Expected {
    std::atomic<const char*> at{nullptr};
    std::atomic<size_t> bytes{0};
  };
  // One turn of a wait.
  void spin(int thread);

  using Function = void (*)(const void* context, int task, int thread);
  void run(int tasks, Function function, const void* context);
  void work(int thread);
  // Takes tasks of the given generation until none is left.
  void drain(uint32_t generation, int thread);

  // Generation in the high half, next task in the low half: a worker that wakes late cannot take a
  // task of a job it did not see, because its compare-and-swap carries the generation.
  std::atomic<uint64_t> ticket_{0};
  std::atomic<uint32_t> generation_{0};
  std::atomic<int> tasks_{0};
  std::atomic<int> finished_{0};
  std::atomic<Function> function_{nullptr};
  std::atomic<const void*> context_{nullptr};
  std::atomic<int> used_;
  std::atomic<bool> stop_{false};
  const std::unique_ptr<Expected[]> expected_;  // [threads]
  std::vector<std::thread> workers_;
};

// Elements of a task of an operation that touches each once: small enough to be spread over threads, large
// enough to be worth a hand-over. Sums over such parts are the same for any number of threads.
constexpr size_t kPart = 16384;

// Calls body(begin, count) for parts of `count` elements.
template <class Body>
void for_parts(Pool& pool, size_t count, const Body& body) {
  pool.parallel_for(static_cast<int>((count + kPart - 1) / kPart), [&](int task, int) {
    const size_t begin = task * kPart;
    body(begin, count - begin < kPart ? count - begin : kPart);
  });
}

}  // namespace multiscale
