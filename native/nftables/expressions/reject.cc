// Drops and tells the sender.
#include <netinet/in.h>  // ahead of linux/in.h, which gives way to it

#include <linux/netfilter/nf_tables.h>

#include "nftables/expressions/expressions.h"

namespace netloom {

const Schema rejectSchema{
    "reject",
    0,
    {attribute("kind", Type::Be32, NFTA_REJECT_TYPE), attribute("icmpCode", Type::U8, NFTA_REJECT_ICMP_CODE)}};

}  // namespace netloom
