// Ends the rule when there are more connections than so many.
#include <netinet/in.h>  // ahead of linux/in.h, which gives way to it

#include <linux/netfilter/nf_tables.h>

#include "nftables/expressions/expressions.h"

namespace netloom {
namespace {

const Names flagNames{"connlimitFlags", true, {{"inv", NFT_CONNLIMIT_F_INV}}};

}  // namespace

const Schema connlimitSchema{"connlimit",
                             0,
                             {attribute("count", Type::Be32, NFTA_CONNLIMIT_COUNT),
                              attribute("flags", Type::Be32, NFTA_CONNLIMIT_FLAGS, &flagNames)}};

}  // namespace netloom
