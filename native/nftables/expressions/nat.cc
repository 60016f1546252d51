// Source and destination NAT, to what the registers hold.
#include <netinet/in.h>  // ahead of linux/in.h, which gives way to it

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include "nftables/expressions/expressions.h"

namespace netloom {
namespace {

const Names kindNames{"natKind", false, {{"snat", NFT_NAT_SNAT}, {"dnat", NFT_NAT_DNAT}}};
const Names familyNames{"natFamily", false, {{"ip", NFPROTO_IPV4}, {"ip6", NFPROTO_IPV6}, {"inet", NFPROTO_INET}}};

}  // namespace

const Schema natSchema{"nat",
                       0,
                       {attribute("kind", Type::Be32, NFTA_NAT_TYPE, &kindNames),
                        attribute("family", Type::Be32, NFTA_NAT_FAMILY, &familyNames),
                        attribute("regAddrMin", Type::Be32, NFTA_NAT_REG_ADDR_MIN),
                        attribute("regAddrMax", Type::Be32, NFTA_NAT_REG_ADDR_MAX),
                        attribute("regProtoMin", Type::Be32, NFTA_NAT_REG_PROTO_MIN),
                        attribute("regProtoMax", Type::Be32, NFTA_NAT_REG_PROTO_MAX),
                        attribute("flags", Type::Be32, NFTA_NAT_FLAGS, &natFlagNames)}};

}  // namespace netloom
