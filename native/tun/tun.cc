#include "tun/tun.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <string.h>
#include <sys/ioctl.h>

namespace netloom {
namespace {

const char kDevice[] = "/dev/net/tun";

}  // namespace

Outcome createTun(int fd, const TunSpec& spec) {
  if (auto outcome = enterNamespace(fd); !outcome) return outcome;
  // The namespace of its opener is where the device will be (tun_chr_open).
  Fd tun(open(kDevice, O_RDWR | O_CLOEXEC));
  if (!tun) return Outcome::failed("open", kDevice);
  ifreq request{};
  strncpy(request.ifr_name, spec.name.c_str(), IFNAMSIZ - 1);
  // Exclusive: else a device that has the name already would be opened, and made this one's.
  request.ifr_flags =
      static_cast<short>((spec.tap ? IFF_TAP : IFF_TUN) | (spec.pi ? 0 : IFF_NO_PI) |
                         (spec.vnetHdr ? IFF_VNET_HDR : 0) | (spec.multiQueue ? IFF_MULTI_QUEUE : 0) | IFF_TUN_EXCL);
  if (ioctl(tun.get(), TUNSETIFF, &request) < 0) {
    // What tun_set_iff says of a name that is taken, and of nothing else that a new descriptor can meet.
    if (errno == EBUSY) errno = EEXIST;
    return Outcome::failed("ioctl(TUNSETIFF)");
  }
  if (spec.owner && ioctl(tun.get(), TUNSETOWNER, static_cast<unsigned long>(*spec.owner)) < 0)
    return Outcome::failed("ioctl(TUNSETOWNER)");
  if (spec.ownerGroup && ioctl(tun.get(), TUNSETGROUP, static_cast<unsigned long>(*spec.ownerGroup)) < 0)
    return Outcome::failed("ioctl(TUNSETGROUP)");
  // Last: until then closing the descriptor removes the device.
  if (ioctl(tun.get(), TUNSETPERSIST, 1ul) < 0) return Outcome::failed("ioctl(TUNSETPERSIST)");
  return {};
}

}  // namespace netloom
