// The route that the packet takes.
#include <netinet/in.h>  // ahead of linux/in.h, which gives way to it

#include <linux/netfilter/nf_tables.h>

#include "nftables/expressions/expressions.h"

namespace netloom {
namespace {

const Names keyNames{"rtKey",
                     false,
                     {{"classid", NFT_RT_CLASSID},
                      {"nexthop4", NFT_RT_NEXTHOP4},
                      {"nexthop6", NFT_RT_NEXTHOP6},
                      {"tcpmss", NFT_RT_TCPMSS},
                      {"xfrm", NFT_RT_XFRM}}};

}  // namespace

const Schema rtSchema{
    "rt", 0, {attribute("dreg", Type::Be32, NFTA_RT_DREG), attribute("key", Type::Be32, NFTA_RT_KEY, &keyNames)}};

}  // namespace netloom
