#include "netns/namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>

namespace netloom {
namespace {

const char kDirectory[] = "/run/netns";
const char kOwnNamespace[] = "/proc/thread-self/ns/net";

std::string pathOf(const std::string& name) {
  return std::string(kDirectory) + "/" + name;
}

// /run/netns must be a shared mount, so that what is mounted in it is seen, and can be unmounted, in every mount
// namespace made from this one. Several processes may find it missing at once: the lock is on the directory itself.
Outcome prepareDirectory(Fd& lock) {
  if (mkdir(kDirectory, 0755) < 0 && errno != EEXIST) return Outcome::failed("mkdir", kDirectory);
  lock.reset(open(kDirectory, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!lock) return Outcome::failed("open", kDirectory);
  while (flock(lock.get(), LOCK_EX) < 0) {
    if (errno != EINTR) return Outcome::failed("flock", kDirectory);
  }
  if (mount("", kDirectory, "none", MS_SHARED | MS_REC, nullptr) == 0) return {};
  if (errno != EINVAL) return Outcome::failed("mount", kDirectory);
  // Not a mount point yet.
  if (mount(kDirectory, kDirectory, "none", MS_BIND | MS_REC, nullptr) < 0 ||
      mount("", kDirectory, "none", MS_SHARED | MS_REC, nullptr) < 0) {
    return Outcome::failed("mount", kDirectory);
  }
  return {};
}

Outcome readFile(const std::string& path, std::string& value) {
  Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return Outcome::failed("open", path);
  value.clear();
  char buffer[4096];
  ssize_t size;
  while ((size = read(file.get(), buffer, sizeof(buffer))) > 0) value.append(buffer, size);
  if (size < 0) return Outcome::failed("read", path);
  while (!value.empty() && value.back() == '\n') value.pop_back();
  return {};
}

Outcome writeFile(const std::string& path, const std::string& value) {
  Fd file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file) return Outcome::failed("open", path);
  if (write(file.get(), value.data(), value.size()) < 0) return Outcome::failed("write", path);
  return {};
}

}  // namespace

Outcome Outcome::failed(const char* syscall, std::string path) {
  return {.error = errno, .syscall = syscall, .path = std::move(path)};
}

Outcome openNamespace(const std::string& path, Fd& out) {
  out.reset(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!out) return Outcome::failed("open", path);
  if (ioctl(out.get(), NS_GET_NSTYPE) != CLONE_NEWNET) {
    out.reset();
    return {.error = EINVAL, .syscall = "ioctl(NS_GET_NSTYPE)", .path = path};
  }
  return {};
}

Outcome createNamespace(Fd& out) {
  if (unshare(CLONE_NEWNET) < 0) return Outcome::failed("unshare(CLONE_NEWNET)");
  return openNamespace(kOwnNamespace, out);
}

Outcome createNamedNamespace(const std::string& name, const std::function<Outcome(int)>& furnish, Fd& out) {
  Fd lock;
  if (auto outcome = prepareDirectory(lock); !outcome) return outcome;
  const auto path = pathOf(name);
  // ip-netns(8) makes it with no permissions at all: by this one a crash's leftover is known as netloom's.
  Fd file(open(path.c_str(), O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR));
  if (!file) return Outcome::failed("open", path);
  auto outcome = createNamespace(out);
  if (outcome) outcome = furnish(out.get());
  if (outcome && mount(kOwnNamespace, path.c_str(), "none", MS_BIND, nullptr) < 0)
    outcome = Outcome::failed("mount", path);
  if (!outcome) {
    out.reset();
    unlink(path.c_str());
  }
  return outcome;
}

Outcome deleteNamedNamespace(const std::string& name) {
  const auto path = pathOf(name);
  if (umount2(path.c_str(), MNT_DETACH) < 0) {
    // EINVAL: a file that nothing is mounted on, as a crash between open and mount leaves it; or another process is
    // between the two just now, and then it holds the lock.
    if (errno != EINVAL) return Outcome::failed("umount2", path);
    Fd lock;
    if (auto outcome = prepareDirectory(lock); !outcome) return outcome;
    Fd made;
    if (openNamespace(path, made)) return {.error = EBUSY, .syscall = "umount2", .path = path};
    return unlink(path.c_str()) < 0 ? Outcome::failed("unlink", path) : Outcome{};
  }
  if (unlink(path.c_str()) < 0) return Outcome::failed("unlink", path);
  return {};
}

Outcome setLoopbackAlias(int socket, const std::string& alias) {
  std::unique_ptr<nl_msg, decltype(&nlmsg_free)> message(nlmsg_alloc_simple(RTM_SETLINK, NLM_F_REQUEST | NLM_F_ACK),
                                                         nlmsg_free);
  // Of a new namespace the loopback device is the first.
  ifinfomsg link{};
  link.ifi_index = 1;
  nlmsg_append(message.get(), &link, sizeof(link), NLMSG_ALIGNTO);
  nla_put_string(message.get(), IFLA_IFALIAS, alias.c_str());
  auto* header = nlmsg_hdr(message.get());
  if (send(socket, header, header->nlmsg_len, 0) < 0) return Outcome::failed("send", "RTM_SETLINK");
  char reply[512];
  const auto size = recv(socket, reply, sizeof(reply), MSG_DONTWAIT);
  if (size < static_cast<ssize_t>(NLMSG_LENGTH(sizeof(nlmsgerr)))) return Outcome::failed("recv", "RTM_SETLINK");
  const auto* error = static_cast<nlmsgerr*>(nlmsg_data(reinterpret_cast<nlmsghdr*>(reply)));
  return {.error = -error->error, .syscall = "RTM_SETLINK"};
}

Outcome enterNamespace(int fd) {
  if (setns(fd, CLONE_NEWNET) < 0) return Outcome::failed("setns");
  return {};
}

Outcome applySysctls(int fd, std::vector<Sysctl>& sysctls) {
  if (auto outcome = enterNamespace(fd); !outcome) return outcome;
  std::vector<std::pair<std::string, std::string>> undo;
  for (auto& sysctl : sysctls) {
    const auto path = "/proc/sys/" + sysctl.path;
    std::string before;
    auto outcome = readFile(path, before);
    // Some can only be written (net.ipv4.route.flush): nothing to give back.
    const bool readable = static_cast<bool>(outcome);
    if (sysctl.write) {
      outcome = writeFile(path, sysctl.value);
      if (outcome && readable) undo.emplace_back(path, before);
    } else {
      sysctl.value = before;
    }
    if (outcome) continue;
    for (auto step = undo.rbegin(); step != undo.rend(); ++step) writeFile(step->first, step->second);
    return outcome;
  }
  return {};
}

Outcome openSocket(int fd, const SocketSpec& spec, Fd& out) {
  if (auto outcome = enterNamespace(fd); !outcome) return outcome;
  out.reset(socket(spec.domain, spec.type | SOCK_CLOEXEC | SOCK_NONBLOCK, spec.protocol));
  if (!out) return Outcome::failed("socket");
  const int on = 1;
  if (spec.reuseAddress) setsockopt(out.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (!spec.bind) return {};
  int bound;
  if (spec.domain == AF_INET6) {
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(spec.port);
    std::copy(spec.address.begin(), spec.address.end(), address.sin6_addr.s6_addr);
    bound = bind(out.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address));
  } else {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(spec.port);
    std::copy(spec.address.begin(), spec.address.end(), reinterpret_cast<uint8_t*>(&address.sin_addr));
    bound = bind(out.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address));
  }
  if (bound < 0) return Outcome::failed("bind");
  return {};
}

}  // namespace netloom
