// Virtual routing and forwarding: IFLA_VRF_* in linux/if_link.h, ip-vrf(8).
#include <linux/if_link.h>

#include "rtnetlink/kinds/kinds.h"

namespace netloom {

const Schema vrfSchema{"vrf", 0, {attribute("table", Type::U32, IFLA_VRF_TABLE)}};

}  // namespace netloom
