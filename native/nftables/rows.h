// Set elements that are all alike: made of columns, cut into as many messages as they need, and read back as plain
// rows.
#pragma once

#include <netlink/msg.h>

#include <vector>

#include "netlink/columns.h"
#include "netlink/record.h"

namespace netloom {

// The record that a Kind::Rows request holds:
// u8 family, u32-length table, u32-length set, u32 set id (0: none), the key's cell, the data's cell (size 0: a set's,
// or keys alone).
class RowSource {
 public:
  RowSource(Bytes record, const Columns& columns);

  bool valid() const { return valid_; }
  bool more() const { return at_ < columns_.rows(); }
  uint32_t position() const { return at_; }

  // Encodes what every message of these rows begins with, and an element, by libnl. Returns 0 or a negative errno.
  int prepare(nl_msg* message, nl_msg* element);
  // Bytes of all messages, when each holds as many rows as it can.
  size_t total() const;
  // Bytes of the next message, with at most so many rows.
  size_t size(uint32_t most) const;
  // Appends a message, the prefix and as many of the next rows as a nested attribute holds, whose header is `header`
  // with the length filled in.
  void append(nlmsghdr header, uint32_t most, Buffer& out);

 private:
  uint32_t next(uint32_t most) const;

  const Columns& columns_;
  bool valid_ = false;
  uint8_t family_;
  Bytes table_;
  Bytes set_;
  uint32_t setId_;
  Cell key_;
  Cell data_;
  uint32_t at_ = 0;
  Bytes prefix_;         // fixed header and attributes, up to the list
  uint32_t listAt_ = 0;  // of the list's header in it
  Bytes element_;
  uint32_t keyAt_ = 0;  // in the element
  uint32_t dataAt_ = 0;
};

// Writes the elements of an NFT_MSG_NEWSETELEM as rows: key and data side by side, and nothing else.
// False when an element has more than these (an interval's end, a timeout, ...), or when the bytes are malformed.
// With `counted`, each must have a counter, and its packets and bytes (u64, the machine's order) follow.
bool decodeRows(Bytes payload, RecordWriter& out, bool counted = false);

}  // namespace netloom
