// IEEE 802.1Q and 802.1ad: IFLA_VLAN_* in linux/if_link.h, ip-link(8). The device below is the message's IFLA_LINK.
#include <linux/if_ether.h>
#include <linux/if_link.h>

#include "rtnetlink/kinds/kinds.h"

namespace netloom {
namespace {

const Names protocolNames{"vlanProtocol", false, {{"802.1Q", ETH_P_8021Q}, {"802.1ad", ETH_P_8021AD}}};

}  // namespace

const Schema vlanSchema{
    "vlan",
    0,
    {attribute("id", Type::U16, IFLA_VLAN_ID), attribute("protocol", Type::Be16, IFLA_VLAN_PROTOCOL, &protocolNames)}};

}  // namespace netloom
