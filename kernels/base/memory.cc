#include "base/memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <new>

#if defined(__SANITIZE_ADDRESS__)
#define MS_GUARDED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MS_GUARDED 1
#endif
#endif

namespace multiscale {

namespace {

size_t rounded_up(size_t bytes, size_t unit) { return (bytes + unit - 1) / unit * unit; }

// Under AddressSanitizer a block lies at the end of its pages, and pages that nobody may touch lie before and
// behind it: kernels written in assembly are not instrumented.
#if defined(MS_GUARDED)
constexpr bool kGuarded = true;
#else
constexpr bool kGuarded = false;
#endif
constexpr size_t kAlign = 64;

}  // namespace

Memory::Memory(size_t bytes, bool streamed) {
  if (bytes == 0) return;
  const size_t page = sysconf(_SC_PAGESIZE), inner = rounded_up(bytes, page), guard = kGuarded ? page : 0;
  void* p = mmap(nullptr, inner + 2 * guard, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED) return;
  mapping_ = static_cast<uint8_t*>(p);
  mapped_ = inner + 2 * guard;
  data_ = mapping_;
  size_ = bytes;
  if (kGuarded) {
    mprotect(mapping_, guard, PROT_NONE);
    mprotect(mapping_ + guard + inner, guard, PROT_NONE);
    data_ = mapping_ + guard + inner - rounded_up(bytes, kAlign);
    return;
  }
#if defined(MADV_HUGEPAGE)
  // Fewer page-table walks while a matrix streams. A cache, touched here and there, must not grow by 2 MB a
  // touch.
  madvise(p, bytes, streamed ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
#else
  (void)streamed;
#endif
}

Memory::~Memory() {
  if (mapping_) munmap(mapping_, mapped_);
}

uint8_t* Memory::at_least(size_t bytes) {
  if (size_ < bytes) *this = Memory(bytes);
  if (bytes && !data_) throw std::bad_alloc();
  return data_;
}

}  // namespace multiscale
