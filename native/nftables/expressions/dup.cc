// Sends a copy elsewhere.
#include <netinet/in.h>  // ahead of linux/in.h, which gives way to it

#include <linux/netfilter/nf_tables.h>

#include "nftables/expressions/expressions.h"

namespace netloom {

const Schema dupSchema{
    "dup",
    0,
    {attribute("sregAddr", Type::Be32, NFTA_DUP_SREG_ADDR), attribute("sregDev", Type::Be32, NFTA_DUP_SREG_DEV)}};

}  // namespace netloom
