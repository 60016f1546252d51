// Bytes that grow in place. Beyond a small start they are pages of their own, which mremap(2) enlarges without a copy
// and munmap(2) gives back at once, so that a burst of megabytes leaves nothing behind in the allocator.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace netloom {

class Buffer {
 public:
  Buffer() = default;
  Buffer(Buffer&& other) noexcept;
  Buffer& operator=(Buffer&& other) noexcept;
  ~Buffer();

  uint8_t* data() { return data_; }
  const uint8_t* data() const { return data_; }
  size_t size() const { return size_; }
  size_t capacity() const { return capacity_; }
  bool empty() const { return size_ == 0; }
  std::span<const uint8_t> bytes() const { return {data_, size_}; }

  // Makes the buffer that much longer, and returns where the new bytes begin. They hold anything.
  uint8_t* extend(size_t bytes) {
    if (size_ + bytes > capacity_) grow(size_ + bytes);
    uint8_t* at = data_ + size_;
    size_ += bytes;
    return at;
  }
  // Has room for so many bytes more, so that as many calls of `extend` do not grow it step by step.
  void reserve(size_t bytes) {
    if (size_ + bytes > capacity_) grow(size_ + bytes);
  }
  void append(std::span<const uint8_t> bytes);
  void truncate(size_t size) { size_ = size; }
  // Forgets what it holds, and gives memory beyond `kept` bytes back.
  void clear(size_t kept);

 private:
  void grow(size_t needed);

  uint8_t* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace netloom
