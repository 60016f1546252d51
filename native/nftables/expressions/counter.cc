// Counts what reaches it.
#include <netinet/in.h>  // ahead of linux/in.h, which gives way to it

#include <linux/netfilter/nf_tables.h>

#include "nftables/expressions/expressions.h"

namespace netloom {

const Schema counterSchema{
    "counter",
    0,
    {attribute("bytes", Type::Be64, NFTA_COUNTER_BYTES), attribute("packets", Type::Be64, NFTA_COUNTER_PACKETS)}};

}  // namespace netloom
