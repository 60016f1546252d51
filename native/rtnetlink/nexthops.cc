// RTM_*NEXTHOP: linux/nexthop.h, ip-nexthop(8).
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>

#include "netlink/event.h"
#include "netlink/operation.h"
#include "rtnetlink/names.h"

namespace netloom {
namespace {

const Schema nexthopSchema{
    "nexthop",
    sizeof(nhmsg),
    {header("family", Type::U8, offsetof(nhmsg, nh_family), &addressFamilyNames),
     header("scope", Type::U8, offsetof(nhmsg, nh_scope), &routeScopeNames),
     header("protocol", Type::U8, offsetof(nhmsg, nh_protocol), &routeProtocolNames),
     header("flags", Type::U32, offsetof(nhmsg, nh_flags), &routeFlagNames), attribute("id", Type::U32, NHA_ID),
     attribute("group", Type::Bytes, NHA_GROUP), attribute("blackhole", Type::Flag, NHA_BLACKHOLE),
     attribute("dev", Type::Device, NHA_OIF), attribute("gateway", Type::Bytes, NHA_GATEWAY)}};

}  // namespace

std::vector<Operation> nexthopOperations() {
  return {
      {"nexthops.add", "RTM_NEWNEXTHOP", NETLINK_ROUTE, RTM_NEWNEXTHOP, NLM_F_CREATE | NLM_F_EXCL, Kind::Change,
       &nexthopSchema},
      {"nexthops.replace", "RTM_NEWNEXTHOP", NETLINK_ROUTE, RTM_NEWNEXTHOP, NLM_F_CREATE | NLM_F_REPLACE, Kind::Change,
       &nexthopSchema},
      {"nexthops.delete", "RTM_DELNEXTHOP", NETLINK_ROUTE, RTM_DELNEXTHOP, 0, Kind::Change, &nexthopSchema},
      {"nexthops.list", "RTM_GETNEXTHOP", NETLINK_ROUTE, RTM_GETNEXTHOP, NLM_F_DUMP, Kind::Dump, &nexthopSchema,
       &nexthopSchema, RTM_NEWNEXTHOP},
  };
}

std::vector<EventMessage> nexthopEvents() {
  return {
      {"nexthop.new", NETLINK_ROUTE, RTM_NEWNEXTHOP, &nexthopSchema},
      {"nexthop.delete", NETLINK_ROUTE, RTM_DELNEXTHOP, &nexthopSchema},
  };
}

}  // namespace netloom
