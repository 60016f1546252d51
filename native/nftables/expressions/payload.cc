// A packet's bytes: loads them into dreg, or writes sreg over them and mends the checksum.
#include <netinet/in.h>  // ahead of linux/in.h, which gives way to it

#include <linux/netfilter/nf_tables.h>

#include "nftables/expressions/expressions.h"

namespace netloom {
namespace {

const Names baseNames{"payloadBase",
                      false,
                      {{"link", NFT_PAYLOAD_LL_HEADER},
                       {"network", NFT_PAYLOAD_NETWORK_HEADER},
                       {"transport", NFT_PAYLOAD_TRANSPORT_HEADER},
                       {"inner", NFT_PAYLOAD_INNER_HEADER}}};

}  // namespace

const Schema payloadSchema{
    "payload",
    0,
    {attribute("dreg", Type::Be32, NFTA_PAYLOAD_DREG), attribute("base", Type::Be32, NFTA_PAYLOAD_BASE, &baseNames),
     attribute("offset", Type::Be32, NFTA_PAYLOAD_OFFSET), attribute("len", Type::Be32, NFTA_PAYLOAD_LEN),
     attribute("sreg", Type::Be32, NFTA_PAYLOAD_SREG), attribute("csumType", Type::Be32, NFTA_PAYLOAD_CSUM_TYPE),
     attribute("csumOffset", Type::Be32, NFTA_PAYLOAD_CSUM_OFFSET),
     attribute("csumFlags", Type::Be32, NFTA_PAYLOAD_CSUM_FLAGS)}};

}  // namespace netloom
