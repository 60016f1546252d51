#include "netns.h"

#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include "batch.h"
#include "rtnetlink.h"

namespace bench {
namespace {

constexpr char kOutside[] = "outside";
constexpr int kOutsideIndex = 100;

bool gone(const char* device) {
  constexpr int kAttempts = 20'000;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    if (if_nametoindex(device) == 0) return true;
    usleep(500);
  }
  return false;
}

}  // namespace

void Fd::reset(int fd) {
  if (fd_ >= 0) close(fd_);
  fd_ = fd;
}

Fd openNetns(const std::string& path) {
  Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) failed(path);
  return fd;
}

Fd currentNetns() {
  return openNetns("/proc/thread-self/ns/net");
}

void enter(const Fd& netns) {
  if (setns(netns.get(), CLONE_NEWNET) < 0) failed("setns");
}

void unshareNetns() {
  if (unshare(CLONE_NEWNET) < 0) failed("unshare");
}

void NamedNetns::create() {
  const Fd file(open(path_.c_str(), O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0));
  if (file.get() < 0) failed(path_);
  created_ = true;
  unshareNetns();
  if (mount("/proc/thread-self/ns/net", path_.c_str(), "none", MS_BIND, nullptr) < 0) failed(path_);
}

NamedNetns::~NamedNetns() {
  if (!created_) return;
  umount2(path_.c_str(), MNT_DETACH);
  unlink(path_.c_str());
}

Sandbox::Sandbox() : home_(currentNetns()) {
  unshareNetns();
  outside_ = currentNetns();
  unshareNetns();
  const Fd inside = currentNetns();
  Batch batch;
  addVeth(batch, {.name = kGateway, .index = kGatewayIndex, .up = true},
          {.name = kOutside, .index = kOutsideIndex, .netns = outside_.get()});
  setUp(batch, kLoopback);
  addAddress(batch, kGatewayIndex, 0xc613ff01, 15);
  Socket(NETLINK_ROUTE).transact(batch);
  enter(outside_);
  Batch peer;
  setUp(peer, kOutsideIndex);
  Socket(NETLINK_ROUTE).transact(peer);
  enter(inside);
}

Sandbox::~Sandbox() {
  // The veth is among the last that a namespace's end takes away.
  if (setns(outside_.get(), CLONE_NEWNET) == 0) gone(kOutside);
  if (setns(home_.get(), CLONE_NEWNET) < 0) _exit(1);
}

}  // namespace bench
