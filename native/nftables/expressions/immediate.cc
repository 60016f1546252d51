// Loads a constant, or a verdict into register 0.
#include <netinet/in.h>  // ahead of linux/in.h, which gives way to it

#include <linux/netfilter/nf_tables.h>

#include "nftables/expressions/expressions.h"

namespace netloom {

const Schema immediateSchema{
    "immediate",
    0,
    {attribute("dreg", Type::Be32, NFTA_IMMEDIATE_DREG), nest("data", NFTA_IMMEDIATE_DATA, &dataSchema)}};

}  // namespace netloom
