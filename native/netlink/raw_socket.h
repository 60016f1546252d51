// A raw AF_NETLINK socket: netlink(7). Sends one datagram, receives one, and knows what its buffers hold.
#pragma once

#include <errno.h>
#include <netlink/msg.h>

#include "netlink/buffer.h"
#include "netlink/fd.h"
#include "netlink/record.h"

namespace netloom {

class RawSocket {
 public:
  // Opens one in the calling thread's network namespace; a negative errno in `error` when that fails.
  static Fd open(int protocol, int& error);

  explicit RawSocket(Fd fd);

  // Bytes that a datagram of a batch may have.
  size_t sendLimit() const { return sendLimit_; }
  // Bytes that the receive buffer holds, the kernel's own overhead included: what a datagram's answers and errors must
  // fit.
  size_t receiveLimit() const { return receiveLimit_; }

  // Sends one datagram, after enlarging the send buffer if it must be and may be. Returns 0 or a negative errno:
  // -EMSGSIZE when it may not be enlarged enough, and then the kernel has seen nothing.
  int send(Bytes datagram);

  // Enlarges the receive buffer, if it must be and may be, for so many bytes that the kernel will queue at once.
  void expect(size_t bytes);

  enum class Wait { Yes, No };

  // Receives one datagram into `into` and gives each of its messages to `each`. Returns 0 or a negative errno:
  // -ETIMEDOUT when the kernel stays silent, -EAGAIN when there is nothing and `wait` is No, -ENOBUFS when the kernel
  // dropped something, -EMSGSIZE when the datagram was cut off: then `each` has had what was whole, and `into` is
  // larger for the next.
  template <typename Each>
  int receive(Buffer& into, Wait wait, Each each) {
    bool truncated = false;
    const ssize_t size = receiveDatagram(into, wait, truncated);
    if (size < 0) return static_cast<int>(size);
    int left = static_cast<int>(size);
    auto* header = reinterpret_cast<nlmsghdr*>(into.data());
    for (; nlmsg_ok(header, left); header = nlmsg_next(header, &left)) each(header);
    if (!truncated) return 0;
    if (clip(header, left)) each(header);
    into.clear(0);
    into.extend(2 * static_cast<size_t>(size));
    return -EMSGSIZE;
  }

  // Bytes of the receive buffer that are in use, the kernel's overhead included.
  size_t queued() const;

  // For those who wait for it in their own way; it stays this object's.
  int fd() const { return fd_.get(); }

  // A device's index by its name, or a negative errno.
  int device(std::string_view name) const;

 private:
  // The number of bytes, or a negative errno.
  ssize_t receiveDatagram(Buffer& into, Wait wait, bool& truncated);
  // Of a message that was cut off, an error's number is still good: makes it a message of its own without the rest.
  static bool clip(nlmsghdr* header, int left);
  bool ready(short events);

  Fd fd_;
  size_t sendBuffer_;
  size_t sendLimit_;
  size_t receiveLimit_;
};

}  // namespace netloom
