// Network namespaces of a run's own.
#pragma once

#include <cstdint>
#include <string>

namespace bench {

class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(other.release()) {}
  Fd& operator=(Fd&& other) noexcept {
    reset(other.release());
    return *this;
  }
  ~Fd() { reset(); }

  int get() const { return fd_; }
  void reset(int fd = -1);

 private:
  int release() {
    const int fd = fd_;
    fd_ = -1;
    return fd;
  }

  int fd_ = -1;
};

Fd openNetns(const std::string& path);
Fd currentNetns();
void enter(const Fd& netns);
void unshareNetns();

// A namespace that has a name in /run/netns for as long as this lives.
class NamedNetns {
 public:
  explicit NamedNetns(const std::string& name) : path_("/run/netns/" + name) {}
  ~NamedNetns();
  NamedNetns(const NamedNetns&) = delete;
  NamedNetns& operator=(const NamedNetns&) = delete;

  // The calling thread is in it afterwards.
  void create();
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  bool created_ = false;
};

// The calling thread's place for one run: a fresh namespace with a gateway port, whose other end is in a second one.
// Leaving waits until the kernel has taken the namespace apart, so that this work falls into nobody's timed part.
class Sandbox {
 public:
  static constexpr char kGateway[] = "qg-0";
  static constexpr int kGatewayIndex = 100;

  Sandbox();
  ~Sandbox();
  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;

  // The namespace of the gateway's other end.
  const Fd& outside() const { return outside_; }

 private:
  Fd home_;
  Fd outside_;
};

}  // namespace bench
