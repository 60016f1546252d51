// A lock between processes: flock(2) on a file of its own. The kernel lets it go when its holder ends, however that is.
#pragma once

#include <string>

#include "netlink/fd.h"
#include "netns/namespace.h"

namespace netloom {

// Takes the lock, if it is free: `out` stays empty where somebody else has it. Never waits. The file is made if need
// be, and the directories it is in, for their owner alone.
Outcome tryLock(const std::string& path, Fd& out);

// Removes the file and lets the lock go.
void unlock(const std::string& path, Fd& lock);

}  // namespace netloom
