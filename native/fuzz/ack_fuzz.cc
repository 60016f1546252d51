// Any bytes as what the kernel says of a request, whole or cut off.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "netlink/ack.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace netloom;
  if (size < 2) return 0;
  std::vector<uint8_t> message(NLMSG_LENGTH(size - 2));
  auto* header = reinterpret_cast<nlmsghdr*>(message.data());
  *header = {.nlmsg_len = static_cast<uint32_t>(message.size()),
             .nlmsg_type = static_cast<uint16_t>(data[0] % 2 ? NLMSG_ERROR : NLMSG_DONE),
             .nlmsg_flags = static_cast<uint16_t>(data[1] << 8),
             .nlmsg_seq = 0,
             .nlmsg_pid = 0};
  std::memcpy(message.data() + NLMSG_HDRLEN, data + 2, size - 2);
  const auto ack = readAck(header);
  if (ack.error < 0) __builtin_trap();
  // Within the message, and without its terminator.
  const auto* text = reinterpret_cast<const uint8_t*>(ack.message.data());
  if (!ack.message.empty() && (text < message.data() || text + ack.message.size() > message.data() + message.size() ||
                               ack.message.back() == 0)) {
    __builtin_trap();
  }
  return 0;
}
