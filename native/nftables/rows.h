// Packed set elements: fixed-size rows of key and data, cut into as many messages as they need.
#pragma once

#include <netlink/msg.h>

#include "netlink/record.h"
#include "netlink/schema.h"

namespace netloom {

// The record that a Kind::Rows request holds:
// u8 family, u32-length table, u32-length set, u32 set id (0: none), u32 key bytes, u32 data bytes (0: a set), rows.
class RowSource {
 public:
  explicit RowSource(Bytes record);

  bool more() const { return at_ < count_; }
  uint32_t position() const { return at_; }
  // Fills `message` with as many of the next rows as a nested attribute holds. Returns 0 or a negative errno.
  int encode(nl_msg* message);

 private:
  int element(nl_msg* message, const uint8_t* row);

  uint8_t family_;
  Bytes table_;
  Bytes set_;
  uint32_t setId_;
  uint32_t keySize_;
  uint32_t dataSize_;
  Bytes rows_;
  uint32_t count_ = 0;
  uint32_t at_ = 0;
};

}  // namespace netloom
