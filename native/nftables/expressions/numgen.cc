// Counts up, or throws dice.
#include <netinet/in.h>  // ahead of linux/in.h, which gives way to it

#include <linux/netfilter/nf_tables.h>

#include "nftables/expressions/expressions.h"

namespace netloom {
namespace {

const Names kindNames{"numgenKind", false, {{"inc", NFT_NG_INCREMENTAL}, {"random", NFT_NG_RANDOM}}};

}  // namespace

const Schema numgenSchema{
    "numgen",
    0,
    {attribute("dreg", Type::Be32, NFTA_NG_DREG), attribute("modulus", Type::Be32, NFTA_NG_MODULUS),
     attribute("kind", Type::Be32, NFTA_NG_TYPE, &kindNames), attribute("offset", Type::Be32, NFTA_NG_OFFSET)}};

}  // namespace netloom
