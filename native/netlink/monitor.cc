#include "netlink/monitor.h"

#include <sys/socket.h>

#include <algorithm>

namespace netloom {

int Monitor::join(int fd, std::span<const uint32_t> groups, int receiveBytes) {
  // SO_RCVBUFFORCE needs CAP_NET_ADMIN in the initial user namespace; without it net.core.rmem_max is the limit.
  if (receiveBytes > 0 && setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &receiveBytes, sizeof(receiveBytes)) < 0 &&
      setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receiveBytes, sizeof(receiveBytes)) < 0) {
    return -errno;
  }
  for (const auto group : groups) {
    if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0) return -errno;
  }
  return 0;
}

int Monitor::read(Buffer& received, RecordWriter& events, size_t enough) {
  while (events.size() < enough) {
    if (lost_ && ahead_ == 0) lose(events);
    size_t bytes = 0;
    const int error = socket_.receive(received, RawSocket::Wait::No, [&](const nlmsghdr* message) {
      bytes += message->nlmsg_len;
      writeEvent(protocol_, message, events);
    });
    switch (error) {
      case 0:
        ahead_ -= std::min(ahead_, bytes);
        break;
      case -EAGAIN:
        if (lost_) lose(events);
        return 0;
      case -ENOBUFS:
        // A second time: the first loss is behind us. Until the buffer is empty the kernel adds nothing to it
        // (netlink_broadcast_deliver, NETLINK_S_CONGESTED), so what it holds now is what came before the loss. That is
        // known with the kernel's overhead, so the loss may be reported late, never early.
        if (lost_) lose(events);
        lost_ = true;
        ahead_ = socket_.queued();
        break;
      case -EMSGSIZE:
        lose(events);
        break;
      default:
        return error;
    }
  }
  return 0;
}

void Monitor::lose(RecordWriter& events) {
  lost_ = false;
  ahead_ = 0;
  writeOverrun(events);
}

}  // namespace netloom
