#include "netlink/buffer.h"

#include <sys/mman.h>

#include <cstring>
#include <new>
#include <utility>

namespace netloom {
namespace {

constexpr size_t kSmallest = 64 * 1024;
constexpr size_t kHuge = 4 * 1024 * 1024;

}  // namespace

Buffer::Buffer(Buffer&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      capacity_(std::exchange(other.capacity_, 0)) {}

Buffer& Buffer::operator=(Buffer&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(capacity_, other.capacity_);
  return *this;
}

Buffer::~Buffer() {
  if (data_) munmap(data_, capacity_);
}

void Buffer::append(std::span<const uint8_t> bytes) {
  if (!bytes.empty()) std::memcpy(extend(bytes.size()), bytes.data(), bytes.size());
}

void Buffer::clear(size_t kept) {
  size_ = 0;
  if (capacity_ > kSmallest && capacity_ > kept) *this = Buffer();
}

void Buffer::grow(size_t needed) {
  size_t capacity = capacity_ ? capacity_ : kSmallest;
  while (capacity < needed) capacity *= 2;
  void* moved = data_ ? mremap(data_, capacity_, capacity, MREMAP_MAYMOVE)
                      : mmap(nullptr, capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (moved == MAP_FAILED) throw std::bad_alloc();
  // Otherwise each 4 KiB of a large transaction is a page fault of its own.
  if (capacity >= kHuge) madvise(moved, capacity, MADV_HUGEPAGE);
  data_ = static_cast<uint8_t*>(moved);
  capacity_ = capacity;
}

}  // namespace netloom
