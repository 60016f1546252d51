// veth(4): linux/veth.h.
#include <linux/veth.h>

#include "rtnetlink/kinds/kinds.h"

namespace netloom {

// The peer is a whole link message, so it can be named, addressed and placed in another namespace as it is made.
const Schema vethSchema{"veth", 0, {nest("peer", VETH_INFO_PEER, &linkSchema)}};

}  // namespace netloom
