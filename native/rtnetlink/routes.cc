// RTM_*ROUTE: linux/rtnetlink.h, rtnetlink(7).
#include <linux/rtnetlink.h>

#include "netlink/event.h"
#include "netlink/operation.h"
#include "rtnetlink/names.h"

namespace netloom {
namespace {

const Names preferenceNames{"routePreference", false, {{"medium", 0}, {"high", 1}, {"low", 3}}};

const Schema metricsSchema{
    "routeMetrics",
    0,
    {attribute("mtu", Type::U32, RTAX_MTU), attribute("window", Type::U32, RTAX_WINDOW),
     attribute("rtt", Type::U32, RTAX_RTT), attribute("advmss", Type::U32, RTAX_ADVMSS),
     attribute("hoplimit", Type::U32, RTAX_HOPLIMIT), attribute("initcwnd", Type::U32, RTAX_INITCWND),
     attribute("initrwnd", Type::U32, RTAX_INITRWND)}};

const Schema nexthopSchema{"routeNexthop",
                           sizeof(rtnexthop),
                           {header("flags", Type::U8, offsetof(rtnexthop, rtnh_flags), &routeFlagNames),
                            header("hops", Type::U8, offsetof(rtnexthop, rtnh_hops)),
                            header("oif", Type::Device, offsetof(rtnexthop, rtnh_ifindex)),
                            attribute("gateway", Type::Bytes, RTA_GATEWAY), attribute("via", Type::Bytes, RTA_VIA)}};

const Schema cacheSchema{
    "routeCache", sizeof(rta_cacheinfo), {header("expires", Type::S32, offsetof(rta_cacheinfo, rta_expires))}};

const Schema routeSchema{
    "route",
    sizeof(rtmsg),
    {header("family", Type::U8, offsetof(rtmsg, rtm_family), &addressFamilyNames),
     header("dstLength", Type::U8, offsetof(rtmsg, rtm_dst_len)),
     header("srcLength", Type::U8, offsetof(rtmsg, rtm_src_len)),
     header("tos", Type::U8, offsetof(rtmsg, rtm_tos)),
     header("tableByte", Type::U8, offsetof(rtmsg, rtm_table)),
     header("protocol", Type::U8, offsetof(rtmsg, rtm_protocol), &routeProtocolNames),
     header("scope", Type::U8, offsetof(rtmsg, rtm_scope), &routeScopeNames),
     header("type", Type::U8, offsetof(rtmsg, rtm_type), &routeTypeNames),
     header("flags", Type::U32, offsetof(rtmsg, rtm_flags), &routeFlagNames),
     attribute("dst", Type::Bytes, RTA_DST),
     attribute("src", Type::Bytes, RTA_SRC),
     attribute("oif", Type::Device, RTA_OIF),
     attribute("iif", Type::Device, RTA_IIF),
     attribute("gateway", Type::Bytes, RTA_GATEWAY),
     attribute("via", Type::Bytes, RTA_VIA),
     attribute("metric", Type::U32, RTA_PRIORITY),
     attribute("prefsrc", Type::Bytes, RTA_PREFSRC),
     attribute("table", Type::U32, RTA_TABLE),
     attribute("nhid", Type::U32, RTA_NH_ID),
     attribute("preference", Type::U8, RTA_PREF, &preferenceNames),
     nest("metrics", RTA_METRICS, &metricsSchema),
     nest("cache", RTA_CACHEINFO, &cacheSchema),
     {.name = "multipath", .type = Type::Nexthops, .attr = RTA_MULTIPATH, .schema = &nexthopSchema}}};

}  // namespace

std::vector<Operation> routeOperations() {
  return {
      {"routes.add", "RTM_NEWROUTE", NETLINK_ROUTE, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, Kind::Change,
       &routeSchema},
      {"routes.replace", "RTM_NEWROUTE", NETLINK_ROUTE, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, Kind::Change,
       &routeSchema},
      {"routes.delete", "RTM_DELROUTE", NETLINK_ROUTE, RTM_DELROUTE, 0, Kind::Change, &routeSchema},
      {"routes.get", "RTM_GETROUTE", NETLINK_ROUTE, RTM_GETROUTE, 0, Kind::Get, &routeSchema, &routeSchema,
       RTM_NEWROUTE},
      {"routes.list", "RTM_GETROUTE", NETLINK_ROUTE, RTM_GETROUTE, NLM_F_DUMP, Kind::Dump, &routeSchema, &routeSchema,
       RTM_NEWROUTE},
  };
}

std::vector<EventMessage> routeEvents() {
  return {
      {"route.new", NETLINK_ROUTE, RTM_NEWROUTE, &routeSchema},
      {"route.delete", NETLINK_ROUTE, RTM_DELROUTE, &routeSchema},
  };
}

}  // namespace netloom
