// Ends the rule once so many bytes have passed (or until then, inverted). Also the data of a named quota.
#include <netinet/in.h>  // ahead of linux/in.h, which gives way to it

#include <linux/netfilter/nf_tables.h>

#include "nftables/expressions/expressions.h"

namespace netloom {
namespace {

const Names flagNames{"quotaFlags", true, {{"inv", NFT_QUOTA_F_INV}, {"depleted", NFT_QUOTA_F_DEPLETED}}};

}  // namespace

const Schema quotaSchema{
    "quota",
    0,
    {attribute("bytes", Type::Be64, NFTA_QUOTA_BYTES), attribute("flags", Type::Be32, NFTA_QUOTA_FLAGS, &flagNames),
     attribute("consumed", Type::Be64, NFTA_QUOTA_CONSUMED)}};

}  // namespace netloom
