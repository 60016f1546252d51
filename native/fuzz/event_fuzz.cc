// Any bytes as what a multicast group sends, and any bytes as one message of each kind of event.
#include <netlink/msg.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "netlink/event.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace netloom;
  if (size < 1) return 0;
  const auto& kind = eventMessages()[data[0] % eventMessages().size()];
  RecordWriter events;
  // As it is: messages one after the other.
  std::vector<uint8_t> datagram(data + 1, data + size);
  int left = static_cast<int>(datagram.size());
  auto* message = reinterpret_cast<nlmsghdr*>(datagram.data());
  for (; nlmsg_ok(message, left); message = nlmsg_next(message, &left)) writeEvent(kind.protocol, message, events);
  // As the payload of one.
  std::vector<uint8_t> one(NLMSG_SPACE(size - 1));
  auto* header = reinterpret_cast<nlmsghdr*>(one.data());
  *header = {.nlmsg_len = static_cast<uint32_t>(NLMSG_LENGTH(size - 1)),
             .nlmsg_type = kind.type,
             .nlmsg_flags = kind.flags,
             .nlmsg_seq = 0,
             .nlmsg_pid = 0};
  std::copy(data + 1, data + size, one.data() + NLMSG_HDRLEN);
  writeEvent(kind.protocol, header, events);
  // What is written can be read: each event in its length, each with a known number.
  RecordReader in(events.bytes());
  while (!in.done()) {
    RecordReader event(in.block());
    const auto index = event.scalar<uint16_t>();
    if (event.failed() || (index != kOverrun && index >= eventMessages().size())) __builtin_trap();
  }
  if (in.failed()) __builtin_trap();
  return 0;
}
