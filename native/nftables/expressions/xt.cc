// What iptables-nft makes of matches and targets: kept as it is.
#include <netinet/in.h>  // ahead of linux/in.h, which gives way to it

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>

#include "nftables/expressions/expressions.h"

namespace netloom {

const Schema xtMatchSchema{
    "xtMatch",
    0,
    {attribute("name", Type::String, NFTA_MATCH_NAME), attribute("rev", Type::Be32, NFTA_MATCH_REV),
     attribute("info", Type::Bytes, NFTA_MATCH_INFO)}};

const Schema xtTargetSchema{
    "xtTarget",
    0,
    {attribute("name", Type::String, NFTA_TARGET_NAME), attribute("rev", Type::Be32, NFTA_TARGET_REV),
     attribute("info", Type::Bytes, NFTA_TARGET_INFO)}};

}  // namespace netloom
