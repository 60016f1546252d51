// Looks a register up in a set; with a map, loads what it maps to.
#include <netinet/in.h>  // ahead of linux/in.h, which gives way to it

#include <linux/netfilter/nf_tables.h>

#include "nftables/expressions/expressions.h"

namespace netloom {
namespace {

const Names flagNames{"lookupFlags", true, {{"inv", NFT_LOOKUP_F_INV}}};

}  // namespace

const Schema lookupSchema{
    "lookup",
    0,
    {attribute("set", Type::String, NFTA_LOOKUP_SET), attribute("sreg", Type::Be32, NFTA_LOOKUP_SREG),
     attribute("dreg", Type::Be32, NFTA_LOOKUP_DREG), attribute("setId", Type::Be32, NFTA_LOOKUP_SET_ID),
     attribute("flags", Type::Be32, NFTA_LOOKUP_FLAGS, &flagNames)}};

}  // namespace netloom
