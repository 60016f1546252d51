#include "conntrack/tuple.h"

#include <netinet/in.h>  // ahead of linux/in.h, which gives way to it

#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

namespace netloom {
namespace {

// Those that the kernel tracks by more than their addresses (net/netfilter/nf_conntrack_proto_*.c).
const Names protocolNames{"conntrackProtocol",
                          false,
                          {{"icmp", IPPROTO_ICMP},
                           {"tcp", IPPROTO_TCP},
                           {"udp", IPPROTO_UDP},
                           {"dccp", IPPROTO_DCCP},
                           {"gre", IPPROTO_GRE},
                           {"icmpv6", IPPROTO_ICMPV6},
                           {"sctp", IPPROTO_SCTP},
                           {"udplite", IPPROTO_UDPLITE}}};

const Schema ipSchema{"tupleIp",
                      0,
                      {attribute("v4src", Type::Bytes, CTA_IP_V4_SRC), attribute("v4dst", Type::Bytes, CTA_IP_V4_DST),
                       attribute("v6src", Type::Bytes, CTA_IP_V6_SRC), attribute("v6dst", Type::Bytes, CTA_IP_V6_DST)}};

const Schema protoSchema{
    "tupleProto",
    0,
    {attribute("num", Type::U8, CTA_PROTO_NUM, &protocolNames), attribute("srcPort", Type::Be16, CTA_PROTO_SRC_PORT),
     attribute("dstPort", Type::Be16, CTA_PROTO_DST_PORT), attribute("icmpId", Type::Be16, CTA_PROTO_ICMP_ID),
     attribute("icmpType", Type::U8, CTA_PROTO_ICMP_TYPE), attribute("icmpCode", Type::U8, CTA_PROTO_ICMP_CODE),
     attribute("icmpv6Id", Type::Be16, CTA_PROTO_ICMPV6_ID), attribute("icmpv6Type", Type::U8, CTA_PROTO_ICMPV6_TYPE),
     attribute("icmpv6Code", Type::U8, CTA_PROTO_ICMPV6_CODE)}};

}  // namespace

const Schema tupleSchema{"tuple",
                         0,
                         {nest("ip", CTA_TUPLE_IP, &ipSchema), nest("proto", CTA_TUPLE_PROTO, &protoSchema),
                          attribute("zone", Type::Be16, CTA_TUPLE_ZONE)}};

}  // namespace netloom
