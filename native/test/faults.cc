#include "test/faults.h"

#include <errno.h>

extern "C" {
ssize_t __real_sendmsg(int, const msghdr*, int);
ssize_t __real_recvmsg(int, msghdr*, int);
int __real_poll(pollfd*, nfds_t, int);
int __real_setsockopt(int, int, int, const void*, socklen_t);
}

namespace netloom {
namespace {

ssize_t asSystemCall(ssize_t result) {
  if (result >= 0) return result;
  errno = static_cast<int>(-result);
  return -1;
}

}  // namespace

Faults* Faults::current = nullptr;

Faults::Faults() {
  current = this;
}

Faults::~Faults() {
  current = nullptr;
}

ssize_t Faults::receive(int fd, msghdr* message) {
  return __real_recvmsg(fd, message, 0);
}

int Faults::setOption(int fd, int level, int option, int value) {
  return __real_setsockopt(fd, level, option, &value, sizeof(value));
}

extern "C" ssize_t __wrap_sendmsg(int fd, const msghdr* message, int flags) {
  auto* faults = Faults::current;
  if (!faults) return __real_sendmsg(fd, message, flags);
  ++faults->sends;
  if (faults->onSend) {
    if (auto instead = faults->onSend(fd, const_cast<msghdr*>(message))) return asSystemCall(*instead);
  }
  const ssize_t size = __real_sendmsg(fd, message, flags);
  if (size >= 0) {
    const auto* from = static_cast<const uint8_t*>(message->msg_iov[0].iov_base);
    const int before = errno;
    faults->sent.emplace_back(from, from + size);
    errno = before;
  }
  return size;
}

extern "C" ssize_t __wrap_recvmsg(int fd, msghdr* message, int flags) {
  auto* faults = Faults::current;
  if (!faults) return __real_recvmsg(fd, message, flags);
  ++faults->receives;
  if (faults->onReceive) {
    if (auto instead = faults->onReceive(fd, message)) return asSystemCall(*instead);
  }
  return __real_recvmsg(fd, message, flags);
}

extern "C" int __wrap_poll(pollfd* pollers, nfds_t count, int timeout) {
  auto* faults = Faults::current;
  if (!faults) return __real_poll(pollers, count, timeout);
  ++faults->polls;
  if (faults->onPoll) {
    if (auto instead = faults->onPoll(pollers)) return static_cast<int>(asSystemCall(*instead));
  }
  return __real_poll(pollers, count, timeout);
}

extern "C" int __wrap_setsockopt(int fd, int level, int option, const void* value, socklen_t length) {
  auto* faults = Faults::current;
  if (faults && faults->onSetOption && length == sizeof(int)) {
    if (auto instead = faults->onSetOption(fd, level, option, *static_cast<const int*>(value))) {
      return static_cast<int>(asSystemCall(*instead));
    }
  }
  return __real_setsockopt(fd, level, option, value, length);
}

}  // namespace netloom
