// ctnetlink: linux/netfilter/nfnetlink_conntrack.h.
#include <netinet/in.h>  // ahead of linux/in.h, which gives way to it

#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#include "netlink/event.h"
#include "netlink/operation.h"
#include "rtnetlink/names.h"

namespace netloom {
namespace {

constexpr uint16_t message(int type) {
  return (NFNL_SUBSYS_CTNETLINK << 8) | type;
}

const Names statusNames{"conntrackStatus",
                        true,
                        {{"expected", IPS_EXPECTED},
                         {"seen-reply", IPS_SEEN_REPLY},
                         {"assured", IPS_ASSURED},
                         {"confirmed", IPS_CONFIRMED},
                         {"snat", IPS_SRC_NAT},
                         {"dnat", IPS_DST_NAT},
                         {"seq-adjust", IPS_SEQ_ADJUST},
                         {"snat-done", IPS_SRC_NAT_DONE},
                         {"dnat-done", IPS_DST_NAT_DONE},
                         {"dying", IPS_DYING},
                         {"fixed-timeout", IPS_FIXED_TIMEOUT},
                         {"template", IPS_TEMPLATE},
                         {"helper", IPS_HELPER},
                         {"offload", IPS_OFFLOAD}}};

const Schema ipSchema{"tupleIp",
                      0,
                      {attribute("v4src", Type::Bytes, CTA_IP_V4_SRC), attribute("v4dst", Type::Bytes, CTA_IP_V4_DST),
                       attribute("v6src", Type::Bytes, CTA_IP_V6_SRC), attribute("v6dst", Type::Bytes, CTA_IP_V6_DST)}};

const Schema protoSchema{
    "tupleProto",
    0,
    {attribute("num", Type::U8, CTA_PROTO_NUM), attribute("srcPort", Type::Be16, CTA_PROTO_SRC_PORT),
     attribute("dstPort", Type::Be16, CTA_PROTO_DST_PORT), attribute("icmpId", Type::Be16, CTA_PROTO_ICMP_ID),
     attribute("icmpType", Type::U8, CTA_PROTO_ICMP_TYPE), attribute("icmpCode", Type::U8, CTA_PROTO_ICMP_CODE),
     attribute("icmpv6Id", Type::Be16, CTA_PROTO_ICMPV6_ID), attribute("icmpv6Type", Type::U8, CTA_PROTO_ICMPV6_TYPE),
     attribute("icmpv6Code", Type::U8, CTA_PROTO_ICMPV6_CODE)}};

const Schema tupleSchema{"tuple",
                         0,
                         {nest("ip", CTA_TUPLE_IP, &ipSchema), nest("proto", CTA_TUPLE_PROTO, &protoSchema),
                          attribute("zone", Type::Be16, CTA_TUPLE_ZONE)}};

const Schema countersSchema{
    "conntrackCounters",
    0,
    {attribute("packets", Type::Be64, CTA_COUNTERS_PACKETS), attribute("bytes", Type::Be64, CTA_COUNTERS_BYTES)}};

const Schema flowSchema{
    "flow",
    sizeof(nfgenmsg),
    {header("family", Type::U8, offsetof(nfgenmsg, nfgen_family), &addressFamilyNames),
     nest("original", CTA_TUPLE_ORIG, &tupleSchema), nest("reply", CTA_TUPLE_REPLY, &tupleSchema),
     attribute("status", Type::Be32, CTA_STATUS, &statusNames), attribute("timeout", Type::Be32, CTA_TIMEOUT),
     attribute("mark", Type::Be32, CTA_MARK), attribute("markMask", Type::Be32, CTA_MARK_MASK),
     attribute("use", Type::Be32, CTA_USE), attribute("id", Type::Be32, CTA_ID),
     attribute("zone", Type::Be16, CTA_ZONE), nest("originalCounters", CTA_COUNTERS_ORIG, &countersSchema),
     nest("replyCounters", CTA_COUNTERS_REPLY, &countersSchema)}};

const Schema statisticsSchema{"conntrackStatistics",
                              sizeof(nfgenmsg),
                              {attribute("entries", Type::Be32, CTA_STATS_GLOBAL_ENTRIES),
                               attribute("maxEntries", Type::Be32, CTA_STATS_GLOBAL_MAX_ENTRIES)}};

}  // namespace

std::vector<Operation> conntrackOperations() {
  return {
      {"conntrack.list", "IPCTNL_MSG_CT_GET", NETLINK_NETFILTER, message(IPCTNL_MSG_CT_GET), NLM_F_DUMP, Kind::Dump,
       &flowSchema, &flowSchema, message(IPCTNL_MSG_CT_NEW)},
      {"conntrack.delete", "IPCTNL_MSG_CT_DELETE", NETLINK_NETFILTER, message(IPCTNL_MSG_CT_DELETE), 0, Kind::Change,
       &flowSchema},
      {"conntrack.statistics", "IPCTNL_MSG_CT_GET_STATS", NETLINK_NETFILTER, message(IPCTNL_MSG_CT_GET_STATS), 0,
       Kind::Get, &statisticsSchema, &statisticsSchema, message(IPCTNL_MSG_CT_GET_STATS)},
  };
}

std::vector<EventMessage> conntrackEvents() {
  return {
      // ctnetlink_conntrack_event: one type of message for both.
      {"flow.new", NETLINK_NETFILTER, message(IPCTNL_MSG_CT_NEW), &flowSchema, NLM_F_CREATE},
      {"flow.update", NETLINK_NETFILTER, message(IPCTNL_MSG_CT_NEW), &flowSchema},
      {"flow.destroy", NETLINK_NETFILTER, message(IPCTNL_MSG_CT_DELETE), &flowSchema},
  };
}

}  // namespace netloom
