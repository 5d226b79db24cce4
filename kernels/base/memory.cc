#include "base/memory.h"

#include <sys/mman.h>

namespace multiscale {

Memory::Memory(size_t bytes) {
  if (bytes == 0) return;
  void* p = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED) return;
#if defined(MADV_HUGEPAGE)
  // Fewer page-table walks while a matrix streams; of no use, and of some cost, to small blocks.
  if (bytes >= (size_t{8} << 20)) madvise(p, bytes, MADV_HUGEPAGE);
#endif
  data_ = static_cast<uint8_t*>(p);
  size_ = bytes;
}

Memory::~Memory() {
  if (data_) munmap(data_, size_);
}

}  // namespace multiscale
