// Devices with a MAC address of their own on one below: IFLA_MACVLAN_* in linux/if_link.h, ip-link(8).
#include <linux/if_link.h>

#include "rtnetlink/kinds/kinds.h"

namespace netloom {
namespace {

const Names modeNames{"macvlanMode",
                      false,
                      {{"private", MACVLAN_MODE_PRIVATE},
                       {"vepa", MACVLAN_MODE_VEPA},
                       {"bridge", MACVLAN_MODE_BRIDGE},
                       {"passthru", MACVLAN_MODE_PASSTHRU},
                       {"source", MACVLAN_MODE_SOURCE}}};

}  // namespace

const Schema macvlanSchema{"macvlan", 0, {attribute("mode", Type::U32, IFLA_MACVLAN_MODE, &modeNames)}};

}  // namespace netloom
