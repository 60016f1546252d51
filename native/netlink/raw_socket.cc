#include "netlink/raw_socket.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <net/if.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>

namespace netloom {
namespace {

constexpr size_t kDatagramBytes = 256 * 1024;  // of a batch without a transaction
constexpr size_t kReceiveBytes = 256 * 1024;
constexpr int kSocketBuffer = 8 * 1024 * 1024;
constexpr size_t kSendOverhead = 32;   // netlink_sendmsg: len > sk->sk_sndbuf - 32 is refused
constexpr int kReplyTimeout = 10'000;  // ms; the reply is there when sendmsg returns, save for a kernel that lost it

// SO_*BUFFORCE needs CAP_NET_ADMIN in the initial user namespace; without it net.core.{r,w}mem_max is the limit.
void grow(int fd, int force, int plain, int bytes) {
  if (setsockopt(fd, SOL_SOCKET, force, &bytes, sizeof(bytes)) < 0) {
    setsockopt(fd, SOL_SOCKET, plain, &bytes, sizeof(bytes));
  }
}

size_t bufferSize(int fd, int option) {
  int bytes = 0;
  socklen_t length = sizeof(bytes);
  getsockopt(fd, SOL_SOCKET, option, &bytes, &length);
  return bytes;
}

}  // namespace

Fd RawSocket::open(int protocol, int& error) {
  Fd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol));
  sockaddr_nl local{.nl_family = AF_NETLINK, .nl_pad = 0, .nl_pid = 0, .nl_groups = 0};
  if (!fd || bind(fd.get(), reinterpret_cast<sockaddr*>(&local), sizeof(local)) < 0) {
    error = -errno;
    return Fd();
  }
  const int on = 1;
  for (int option : {NETLINK_EXT_ACK, NETLINK_CAP_ACK, NETLINK_GET_STRICT_CHK}) {
    setsockopt(fd.get(), SOL_NETLINK, option, &on, sizeof(on));
  }
  grow(fd.get(), SO_SNDBUFFORCE, SO_SNDBUF, kSocketBuffer);
  grow(fd.get(), SO_RCVBUFFORCE, SO_RCVBUF, kSocketBuffer);
  error = 0;
  return fd;
}

RawSocket::RawSocket(Fd fd) : fd_(std::move(fd)) {
  sendBuffer_ = bufferSize(fd_.get(), SO_SNDBUF);
  sendLimit_ = std::min(kDatagramBytes, sendBuffer_ / 2);
  receiveLimit_ = bufferSize(fd_.get(), SO_RCVBUF);
}

int RawSocket::send(Bytes datagram) {
  if (datagram.size() + kSendOverhead > sendBuffer_) {
    grow(fd_.get(), SO_SNDBUFFORCE, SO_SNDBUF,
         static_cast<int>(std::min<size_t>(datagram.size() + kSendOverhead, INT32_MAX / 2)));
    sendBuffer_ = bufferSize(fd_.get(), SO_SNDBUF);
  }
  sockaddr_nl kernel{.nl_family = AF_NETLINK, .nl_pad = 0, .nl_pid = 0, .nl_groups = 0};
  iovec vector{const_cast<uint8_t*>(datagram.data()), datagram.size()};
  msghdr message{};
  message.msg_name = &kernel;
  message.msg_namelen = sizeof(kernel);
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  while (sendmsg(fd_.get(), &message, 0) < 0) {
    if (errno == EINTR) continue;
    if (errno != EAGAIN || !ready(POLLOUT)) return -errno;
  }
  return 0;
}

void RawSocket::expect(size_t bytes) {
  if (bytes <= receiveLimit_) return;
  grow(fd_.get(), SO_RCVBUFFORCE, SO_RCVBUF, static_cast<int>(std::min<size_t>(bytes, INT32_MAX / 2)));
  receiveLimit_ = bufferSize(fd_.get(), SO_RCVBUF);
}

ssize_t RawSocket::receiveDatagram(Buffer& into, Wait wait, bool& truncated) {
  if (into.size() < kReceiveBytes) {
    into.truncate(0);
    into.extend(kReceiveBytes);
  }
  while (true) {
    iovec vector{into.data(), into.size()};
    sockaddr_nl from{};
    msghdr message{};
    message.msg_name = &from;
    message.msg_namelen = sizeof(from);
    message.msg_iov = &vector;
    message.msg_iovlen = 1;
    const ssize_t size = recvmsg(fd_.get(), &message, 0);
    if (size >= 0) {
      if (from.nl_pid != 0) continue;  // only the kernel is listened to
      truncated = message.msg_flags & MSG_TRUNC;
      return size;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN || wait == Wait::No || !ready(POLLIN)) return -errno;
  }
}

bool RawSocket::clip(nlmsghdr* header, int left) {
  if (left < static_cast<int>(NLMSG_LENGTH(sizeof(nlmsgerr))) || header->nlmsg_type != NLMSG_ERROR) return false;
  header->nlmsg_len = NLMSG_LENGTH(sizeof(nlmsgerr));
  header->nlmsg_flags &= ~NLM_F_ACK_TLVS;
  return true;
}

bool RawSocket::ready(short events) {
  pollfd poller{.fd = fd_.get(), .events = events, .revents = 0};
  int ready;
  do {
    ready = poll(&poller, 1, kReplyTimeout);
  } while (ready < 0 && errno == EINTR);
  if (ready == 0) errno = ETIMEDOUT;
  return ready > 0;
}

size_t RawSocket::queued() const {
  uint32_t memory[SK_MEMINFO_VARS]{};
  socklen_t length = sizeof(memory);
  // Linux 4.12 and later; before, as much as there can be.
  if (getsockopt(fd_.get(), SOL_SOCKET, SO_MEMINFO, memory, &length) < 0) return receiveLimit_;
  return memory[SK_MEMINFO_RMEM_ALLOC];
}

int RawSocket::device(std::string_view name) const {
  ifreq request{};
  if (name.size() >= sizeof(request.ifr_name)) return -ENODEV;
  std::memcpy(request.ifr_name, name.data(), name.size());
  return ioctl(fd_.get(), SIOCGIFINDEX, &request) < 0 ? -errno : request.ifr_ifindex;
}

}  // namespace netloom
