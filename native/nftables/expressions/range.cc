// Ends the rule unless the register is in (or outside) a range, both ends included.
#include <netinet/in.h>  // ahead of linux/in.h, which gives way to it

#include <linux/netfilter/nf_tables.h>

#include "nftables/expressions/expressions.h"

namespace netloom {
namespace {

const Names opNames{"rangeOp", false, {{"eq", NFT_RANGE_EQ}, {"neq", NFT_RANGE_NEQ}}};

}  // namespace

const Schema rangeSchema{
    "range",
    0,
    {attribute("sreg", Type::Be32, NFTA_RANGE_SREG), attribute("op", Type::Be32, NFTA_RANGE_OP, &opNames),
     nest("fromData", NFTA_RANGE_FROM_DATA, &dataSchema), nest("toData", NFTA_RANGE_TO_DATA, &dataSchema)}};

}  // namespace netloom
