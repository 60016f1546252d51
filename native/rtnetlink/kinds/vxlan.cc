// RFC 7348: IFLA_VXLAN_* in linux/if_link.h, ip-link(8). An address has one attribute for each family. The kernel takes
// IFLA_VXLAN_TTL_INHERIT as a flag without a value, and lists it as a byte that may be 0 (vxlan_fill_info).
#include <linux/if_link.h>

#include "rtnetlink/kinds/kinds.h"

namespace netloom {

const Schema vxlanSchema{"vxlan",
                         0,
                         {attribute("id", Type::U32, IFLA_VXLAN_ID),
                          attribute("group", Type::Bytes, IFLA_VXLAN_GROUP),
                          attribute("group6", Type::Bytes, IFLA_VXLAN_GROUP6),
                          attribute("local", Type::Bytes, IFLA_VXLAN_LOCAL),
                          attribute("local6", Type::Bytes, IFLA_VXLAN_LOCAL6),
                          attribute("link", Type::Device, IFLA_VXLAN_LINK),
                          attribute("port", Type::Be16, IFLA_VXLAN_PORT),
                          attribute("ttl", Type::U8, IFLA_VXLAN_TTL),
                          attribute("ttlInherit", Type::Flag, IFLA_VXLAN_TTL_INHERIT),
                          attribute("ttlInherits", Type::Bytes, IFLA_VXLAN_TTL_INHERIT),
                          attribute("tos", Type::U8, IFLA_VXLAN_TOS),
                          attribute("learning", Type::U8, IFLA_VXLAN_LEARNING),
                          attribute("ageing", Type::U32, IFLA_VXLAN_AGEING),
                          attribute("limit", Type::U32, IFLA_VXLAN_LIMIT),
                          attribute("proxy", Type::U8, IFLA_VXLAN_PROXY),
                          attribute("l2miss", Type::U8, IFLA_VXLAN_L2MISS),
                          attribute("l3miss", Type::U8, IFLA_VXLAN_L3MISS),
                          attribute("udpCsum", Type::U8, IFLA_VXLAN_UDP_CSUM),
                          attribute("udpZeroCsum6Tx", Type::U8, IFLA_VXLAN_UDP_ZERO_CSUM6_TX),
                          attribute("udpZeroCsum6Rx", Type::U8, IFLA_VXLAN_UDP_ZERO_CSUM6_RX)}};

}  // namespace netloom
