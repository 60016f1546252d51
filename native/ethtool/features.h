// What a device does by itself (checksums, segmentation): linux/ethtool.h, ethtool(8), by the SIOCETHTOOL ioctl.
#pragma once

#include <string>
#include <vector>

#include "netns/namespace.h"

namespace netloom {

struct Feature {
  std::string name;  // as the kernel has it: "tx-checksum-ip-generic"
  bool active;
  bool requested;
  bool fixed;
};

// Of those whose names match, as in fnmatch(3), the ones that can be changed are turned on or off.
struct FeatureChange {
  std::string pattern;
  bool on;
};

// Mover. Makes the changes, all by one ioctl, then lists. The device goes by its index, or where that is zero by its
// name. EOPNOTSUPP for a pattern that matches nothing, or nothing that can be changed and is not as asked for.
Outcome deviceFeatures(int fd, unsigned index, const std::string& name, const std::vector<FeatureChange>& changes,
                       std::vector<Feature>& out);

}  // namespace netloom
