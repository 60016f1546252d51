// Ends the rule when more comes than the rate allows (or less, inverted). Also the data of a named limit.
#include <netinet/in.h>  // ahead of linux/in.h, which gives way to it

#include <linux/netfilter/nf_tables.h>

#include "nftables/expressions/expressions.h"

namespace netloom {
namespace {

const Names kindNames{"limitKind", false, {{"packets", NFT_LIMIT_PKTS}, {"bytes", NFT_LIMIT_PKT_BYTES}}};
const Names flagNames{"limitFlags", true, {{"inv", NFT_LIMIT_F_INV}}};

}  // namespace

const Schema limitSchema{
    "limit",
    0,
    {attribute("rate", Type::Be64, NFTA_LIMIT_RATE), attribute("unit", Type::Be64, NFTA_LIMIT_UNIT),
     attribute("burst", Type::Be32, NFTA_LIMIT_BURST), attribute("kind", Type::Be32, NFTA_LIMIT_TYPE, &kindNames),
     attribute("flags", Type::Be32, NFTA_LIMIT_FLAGS, &flagNames)}};

}  // namespace netloom
