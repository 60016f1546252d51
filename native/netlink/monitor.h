// A monitor: a socket that is a member of multicast groups, and what it hears as events.
#pragma once

#include <span>

#include "netlink/event.h"
#include "netlink/raw_socket.h"

namespace netloom {

// Not thread-safe: one reader.
class Monitor {
 public:
  // Makes a socket a member of groups; a receive buffer of so many bytes, unless 0. Returns 0 or a negative errno.
  static int join(int fd, std::span<const uint32_t> groups, int receiveBytes);

  Monitor(Fd fd, int protocol) : socket_(std::move(fd)), protocol_(protocol) {}

  int fd() const { return socket_.fd(); }

  // Appends events until there are no more or `enough` bytes of them, without waiting. `received` is lent to it.
  // Returns 0, or a negative errno when the socket cannot be read.
  int read(Buffer& received, RecordWriter& events, size_t enough);

 private:
  void lose(RecordWriter& events);

  RawSocket socket_;
  int protocol_;
  // The kernel says that its buffer was full before it hands over what the buffer held: the loss comes behind that.
  bool lost_ = false;
  size_t ahead_ = 0;  // bytes that may still be ahead of the loss
};

}  // namespace netloom
