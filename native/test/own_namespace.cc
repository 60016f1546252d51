#include "test/own_namespace.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>
#include <fstream>

#include "netlink/raw_socket.h"

namespace netloom {

bool mayMakeNamespaces() {
  static const bool may = [] {
    const auto child = fork();
    if (child == 0) _exit(unshare(CLONE_NEWNET) == 0 ? 0 : 1);
    int status = 1;
    return child > 0 && waitpid(child, &status, 0) == child && status == 0;
  }();
  return may;
}

void enterNewNamespace() {
  REQUIRE(unshare(CLONE_NEWNET) == 0);
}

Fd openSocket(int protocol, int receiveBytes) {
  int error = 0;
  auto fd = RawSocket::open(protocol, error);
  REQUIRE(error == 0);
  if (receiveBytes) setReceiveBuffer(fd.get(), receiveBytes);
  return fd;
}

void setReceiveBuffer(int fd, int bytes) {
  REQUIRE(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes)) == 0);
}

std::vector<uint32_t> routesInKernel() {
  std::ifstream file("/proc/thread-self/net/route");
  std::string line;
  std::getline(file, line);
  std::vector<uint32_t> found;
  while (std::getline(file, line)) {
    char device[64];
    unsigned destination;
    if (sscanf(line.c_str(), "%63s %x", device, &destination) == 2) found.push_back(ntohl(destination));
  }
  std::ranges::sort(found);
  return found;
}

}  // namespace netloom
