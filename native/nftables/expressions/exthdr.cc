// An option or extension header: loads its bytes, or whether it is there; writes it; strips it.
#include <netinet/in.h>  // ahead of linux/in.h, which gives way to it

#include <linux/netfilter/nf_tables.h>

#include "nftables/expressions/expressions.h"

namespace netloom {
namespace {

const Names flagNames{"exthdrFlags", true, {{"present", NFT_EXTHDR_F_PRESENT}}};
const Names opNames{"exthdrOp",
                    false,
                    {{"ipv6", NFT_EXTHDR_OP_IPV6},
                     {"tcpopt", NFT_EXTHDR_OP_TCPOPT},
                     {"ipv4", NFT_EXTHDR_OP_IPV4},
                     {"sctp", NFT_EXTHDR_OP_SCTP},
                     {"dccp", NFT_EXTHDR_OP_DCCP}}};

}  // namespace

const Schema exthdrSchema{
    "exthdr",
    0,
    {attribute("dreg", Type::Be32, NFTA_EXTHDR_DREG), attribute("kind", Type::U8, NFTA_EXTHDR_TYPE),
     attribute("offset", Type::Be32, NFTA_EXTHDR_OFFSET), attribute("len", Type::Be32, NFTA_EXTHDR_LEN),
     attribute("flags", Type::Be32, NFTA_EXTHDR_FLAGS, &flagNames),
     attribute("op", Type::Be32, NFTA_EXTHDR_OP, &opNames), attribute("sreg", Type::Be32, NFTA_EXTHDR_SREG)}};

}  // namespace netloom
