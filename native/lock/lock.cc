#include "lock/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

namespace netloom {
namespace {

// Whether the path still names the file that is open: its last holder may have removed it after it was opened here.
bool isNamed(const std::string& path, int fd) {
  struct stat named, opened;
  return lstat(path.c_str(), &named) == 0 && fstat(fd, &opened) == 0 && named.st_ino == opened.st_ino &&
         named.st_dev == opened.st_dev;
}

// The last of them for its owner alone; those above it hold other things too, which programs read that are no longer
// root (/run/netloom).
Outcome makeDirectories(const std::string& path) {
  for (auto end = path.find('/', 1); end != std::string::npos; end = path.find('/', end + 1)) {
    const auto directory = path.substr(0, end);
    const mode_t mode = end == path.rfind('/') ? 0700 : 0755;
    if (mkdir(directory.c_str(), mode) < 0 && errno != EEXIST) return Outcome::failed("mkdir", directory);
  }
  return {};
}

}  // namespace

Outcome tryLock(const std::string& path, Fd& out) {
  while (true) {
    // Close-on-exec: what this process starts must not keep the lock.
    Fd fd(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd) {
      if (errno != ENOENT) return Outcome::failed("open", path);
      if (auto outcome = makeDirectories(path); !outcome) return outcome;
      fd.reset(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
      if (!fd) return Outcome::failed("open", path);
    }
    if (flock(fd.get(), LOCK_EX | LOCK_NB) < 0) {
      if (errno == EWOULDBLOCK) return {};
      if (errno == EINTR) continue;
      return Outcome::failed("flock", path);
    }
    if (isNamed(path, fd.get())) {
      out = std::move(fd);
      return {};
    }
  }
}

void unlock(const std::string& path, Fd& lock) {
  if (!lock) return;
  // Only a holder removes it, so what has this name is the file that is locked, unless a stranger has put another
  // there.
  if (isNamed(path, lock.get())) unlink(path.c_str());
  // Not by closing alone: a child that is between fork and exec has a copy of the descriptor.
  flock(lock.get(), LOCK_UN);
  lock.reset();
}

}  // namespace netloom
