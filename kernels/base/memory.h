// Large aligned blocks outside the JavaScript heap, given back to the system at once when freed.
#pragma once
#include <cstddef>
#include <cstdint>
#include <utility>

namespace multiscale {

class Memory {
 public:
  Memory() = default;
  // 64-byte aligned and zeroed; data() is null if the system has not that much. Pages are taken as they are
  // touched, in units of 2 MB where the system can and `streamed` says that all of it will be read in order.
  explicit Memory(size_t bytes, bool streamed = false);
  ~Memory();
  Memory(Memory&& other) noexcept { swap(other); }
  Memory& operator=(Memory&& other) noexcept {
    swap(other);
    return *this;
  }

  // At least `bytes`, zeroed where it had to grow. Throws std::bad_alloc.
  uint8_t* at_least(size_t bytes);

  uint8_t* data() const { return data_; }
  size_t size() const { return size_; }

 private:
  void swap(Memory& other) {
    std::swap(mapping_, other.mapping_);
    std::swap(mapped_, other.mapped_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
  }
  uint8_t* mapping_ = nullptr;
  size_t mapped_ = 0;
  uint8_t* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace multiscale
