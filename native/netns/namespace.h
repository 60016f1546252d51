// Network namespaces: namespaces(7), setns(2), ip-netns(8).
//
// Whatever moves between namespaces runs on the one thread that is kept for it: a function marked "mover" leaves its
// calling thread in another namespace, from which it must be brought back, since a thread keeps its namespace alive.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "netlink/fd.h"
#include "netlink/record.h"

namespace netloom {

// What a system call said, or success.
struct Outcome {
  int error = 0;  // positive errno
  std::string syscall{};
  std::string path{};

  explicit operator bool() const { return error == 0; }
  static Outcome failed(const char* syscall, std::string path = {});
};

// Opens what a path names, and checks that it is a network namespace.
Outcome openNamespace(const std::string& path, Fd& out);

// Mover. Makes a namespace that lives as long as `out`.
Outcome createNamespace(Fd& out);

// Mover. The same, bound to /run/netns/<name> where ip-netns(8) finds it. EEXIST when the name is taken. `furnish` is
// called in it before anybody can find it by its name.
Outcome createNamedNamespace(const std::string& name, const std::function<Outcome(int fd)>& furnish, Fd& out);

// By a new rtnetlink socket in a new namespace.
Outcome setLoopbackAlias(int socket, const std::string& alias);

// Unbinds /run/netns/<name>. The namespace goes when nothing else holds it.
Outcome deleteNamedNamespace(const std::string& name);

// Mover.
Outcome enterNamespace(int fd);

struct Sysctl {
  std::string path;  // below /proc/sys
  bool write;
  std::string value;  // to write; what was read
};

// Mover. Reads and writes in order. When one cannot be written, those before it get their old values back.
Outcome applySysctls(int fd, std::vector<Sysctl>& sysctls);

struct SocketSpec {
  int domain;
  int type;
  int protocol;
  bool bind;
  std::vector<uint8_t> address;  // 4 or 16 bytes
  uint16_t port;
  bool reuseAddress;
};

// Mover. A non-blocking socket in the namespace, bound if asked.
Outcome openSocket(int fd, const SocketSpec& spec, Fd& out);

}  // namespace netloom
