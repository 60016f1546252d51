// The codec: records <-> netlink messages, driven by a schema. libnl writes and reads every attribute.
#pragma once

#include <netlink/msg.h>

#include <string>

#include "netlink/record.h"
#include "netlink/schema.h"

namespace netloom {

// Finds the devices that a record names.
class DeviceLookup {
 public:
  // The index, or a negative errno.
  virtual int device(std::string_view name) = 0;

 protected:
  ~DeviceLookup() = default;
};

// Appends the fixed header and the attributes that `record` holds to `message`.
// Returns 0, or a negative errno: -EMSGSIZE when the message is full, -EINVAL when the record is malformed, -ENODEV
// when it names a device that there is not (or any, without `devices`).
int encode(const Schema& schema, Bytes record, nl_msg* message, DeviceLookup* devices = nullptr);

// Writes what `payload` (fixed header and attributes) holds as a record. False when the kernel's bytes do not fit the
// schema.
bool decode(const Schema& schema, Bytes payload, RecordWriter& writer);

// Where an extended ack's offset points, as `peer.name` or `elements[3].key`; empty when it is not in an attribute.
// `payload` is what `encode` wrote, `offset` is counted from its first byte.
std::string attributePath(const Schema& schema, Bytes payload, size_t offset);

}  // namespace netloom
