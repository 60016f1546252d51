// Bridges: IFLA_BR_* in linux/if_link.h, ip-link(8). Times are in 1/100 s (USER_HZ), as in `ip -j`.
#include <linux/if_link.h>

#include "rtnetlink/kinds/kinds.h"

namespace netloom {

const Schema bridgeSchema{
    "bridge",
    0,
    {attribute("forwardDelay", Type::U32, IFLA_BR_FORWARD_DELAY), attribute("helloTime", Type::U32, IFLA_BR_HELLO_TIME),
     attribute("maxAge", Type::U32, IFLA_BR_MAX_AGE), attribute("ageingTime", Type::U32, IFLA_BR_AGEING_TIME),
     attribute("stpState", Type::U32, IFLA_BR_STP_STATE), attribute("priority", Type::U16, IFLA_BR_PRIORITY),
     attribute("vlanFiltering", Type::U8, IFLA_BR_VLAN_FILTERING),
     attribute("groupForwardMask", Type::U16, IFLA_BR_GROUP_FWD_MASK),
     attribute("mcastSnooping", Type::U8, IFLA_BR_MCAST_SNOOPING),
     attribute("nfCallIptables", Type::U8, IFLA_BR_NF_CALL_IPTABLES),
     attribute("nfCallIp6tables", Type::U8, IFLA_BR_NF_CALL_IP6TABLES),
     attribute("nfCallArptables", Type::U8, IFLA_BR_NF_CALL_ARPTABLES)}};

}  // namespace netloom
