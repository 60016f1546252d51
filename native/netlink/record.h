// Records: how specs and replies cross between TypeScript and the core, as plain bytes.
//
// A record is a run of fields, each a one-byte index into its schema followed by the value:
//   flag              nothing
//   u8 u16 u32 u64    1, 2, 4 or 8 bytes, this machine's order (big-endian kernel fields are swapped by the codec)
//   string, bytes     u32 length, the bytes
//   nest              u32 length, a record
//   list              u32 length, then for each item: u32 length, a record
//   union             u8 variant (0xff when unknown), u32 name length, name (only when unknown), u32 length, a record
// Nothing is aligned. The reader keeps the first error, so that decoders need no ladder of checks.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "netlink/buffer.h"

namespace netloom {

using Bytes = std::span<const uint8_t>;

class RecordReader {
 public:
  explicit RecordReader(Bytes bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  bool done() const { return failed_ || at_ == end_; }
  bool failed() const { return failed_; }
  void fail() { failed_ = true; }

  template <typename T>
  T scalar() {
    T value{};
    if (auto bytes = take(sizeof(T)); bytes.size() == sizeof(T)) std::memcpy(&value, bytes.data(), sizeof(T));
    return value;
  }

  Bytes take(size_t size) {
    if (failed_ || size > static_cast<size_t>(end_ - at_)) {
      failed_ = true;
      return {};
    }
    Bytes taken{at_, size};
    at_ += size;
    return taken;
  }

  // All that is left.
  Bytes rest() { return take(end_ - at_); }

  // A u32 length and that many bytes.
  Bytes block() { return take(scalar<uint32_t>()); }

 private:
  const uint8_t* at_;
  const uint8_t* end_;
  bool failed_ = false;
};

class RecordWriter {
 public:
  template <typename T>
  void scalar(T value) {
    std::memcpy(buffer_.extend(sizeof(T)), &value, sizeof(T));
  }

  void block(Bytes bytes) {
    scalar(static_cast<uint32_t>(bytes.size()));
    buffer_.append(bytes);
  }

  void block(std::string_view text) { block({reinterpret_cast<const uint8_t*>(text.data()), text.size()}); }

  // So many bytes, for the caller to fill.
  uint8_t* raw(size_t size) { return buffer_.extend(size); }

  // Reserves a u32 length, to be filled in by `close` once what it measures is written.
  size_t open() {
    scalar(uint32_t{0});
    return buffer_.size();
  }

  void close(size_t start) {
    const auto length = static_cast<uint32_t>(buffer_.size() - start);
    std::memcpy(buffer_.data() + start - sizeof(length), &length, sizeof(length));
  }

  size_t size() const { return buffer_.size(); }
  void truncate(size_t size) { buffer_.truncate(size); }
  bool empty() const { return buffer_.empty(); }
  Bytes bytes() const { return buffer_.bytes(); }
  Buffer release() { return std::move(buffer_); }
  // For the next results; a burst's memory is not kept.
  void clear(size_t kept) { buffer_.clear(kept); }

 private:
  Buffer buffer_;
};

}  // namespace netloom
