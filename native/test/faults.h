// System calls of the transport, as the tests see them and make them fail: the test program is linked with
// -Wl,--wrap=sendmsg,--wrap=recvmsg,--wrap=poll,--wrap=setsockopt. What no test asks for is the kernel's own.
#pragma once

#include <poll.h>
#include <sys/socket.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace netloom {

// What a call returns instead of the kernel's answer (a negative errno where it fails); none: the kernel is asked.
using Instead = std::optional<ssize_t>;

class Faults {
 public:
  // Of this process, from here on until the next one is made.
  Faults();
  ~Faults();
  Faults(const Faults&) = delete;
  Faults& operator=(const Faults&) = delete;

  std::function<Instead(int fd, msghdr* message)> onSend;
  std::function<Instead(int fd, msghdr* message)> onReceive;
  std::function<Instead(pollfd* poller)> onPoll;
  std::function<Instead(int fd, int level, int option, int value)> onSetOption;

  // Datagrams that the kernel took.
  std::vector<std::vector<uint8_t>> sent;
  // How often each was called.
  int sends = 0;
  int receives = 0;
  int polls = 0;

  // The kernel's own calls.
  static ssize_t receive(int fd, msghdr* message);
  static int setOption(int fd, int level, int option, int value);

  static Faults* current;
};

// Returns that many times what `instead` is, then nothing.
template <typename Function>
auto times(int count, Function instead) {
  return [count, instead](auto&&... arguments) mutable -> Instead {
    if (count == 0) return std::nullopt;
    --count;
    return instead(arguments...);
  };
}

}  // namespace netloom
