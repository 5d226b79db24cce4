#include "base/memory.h"

#include <sys/mman.h>

namespace multiscale {

Memory::Memory(size_t bytes, bool streamed) {
  if (bytes == 0) return;
  void* p = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED) return;
#if defined(MADV_HUGEPAGE)
  // Fewer page-table walks while a matrix streams. A cache, touched here and there, must not grow by 2 MB a
  // touch.
  madvise(p, bytes, streamed ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
#else
  (void)streamed;
#endif
  data_ = static_cast<uint8_t*>(p);
  size_ = bytes;
}

Memory::~Memory() {
  if (data_) munmap(data_, size_);
}

}  // namespace multiscale
