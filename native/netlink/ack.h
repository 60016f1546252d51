// What the kernel says of a request: an NLMSG_ERROR, or of a dump an NLMSG_DONE. NETLINK_EXT_ACK adds attributes to it.
#pragma once

#include <netlink/msg.h>

#include <cstdint>
#include <optional>
#include <string_view>

namespace netloom {

struct Ack {
  int error = 0;                   // positive; 0: all went well
  std::string_view message;        // in the kernel's own words, in the bytes that were read
  std::optional<uint32_t> offset;  // where in the request the attribute stands that it is about
};

// Of a message that is too short for it, nothing.
Ack readAck(const nlmsghdr* header);

}  // namespace netloom
