// TUN and TAP devices, which rtnetlink lists and does not make (tun_validate): IFLA_TUN_* in linux/if_link.h.
#include <linux/if_link.h>
#include <linux/if_tun.h>

#include "rtnetlink/kinds/kinds.h"

namespace netloom {
namespace {

const Names modeNames{"tunMode", false, {{"tun", IFF_TUN}, {"tap", IFF_TAP}}};

}  // namespace

const Schema tunSchema{
    "tun",
    0,
    {attribute("owner", Type::U32, IFLA_TUN_OWNER), attribute("ownerGroup", Type::U32, IFLA_TUN_GROUP),
     attribute("mode", Type::U8, IFLA_TUN_TYPE, &modeNames), attribute("pi", Type::U8, IFLA_TUN_PI),
     attribute("vnetHdr", Type::U8, IFLA_TUN_VNET_HDR), attribute("persist", Type::U8, IFLA_TUN_PERSIST),
     attribute("multiQueue", Type::U8, IFLA_TUN_MULTI_QUEUE)}};

}  // namespace netloom
