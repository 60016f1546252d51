// TUN and TAP devices: linux/if_tun.h, ip-tuntap(8). Only an ioctl on /dev/net/tun makes one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "netns/namespace.h"

namespace netloom {

struct TunSpec {
  std::string name;
  bool tap;
  bool pi;
  bool vnetHdr;
  bool multiQueue;
  std::optional<uint32_t> owner;       // uid
  std::optional<uint32_t> ownerGroup;  // gid
};

// Mover. A new device that stays when nobody has it open. EEXIST when the name is taken. When a step fails there is
// none.
Outcome createTun(int fd, const TunSpec& spec);

}  // namespace netloom
