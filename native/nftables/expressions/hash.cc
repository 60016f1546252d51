// Hashes registers, or takes the packet's own flow hash.
#include <netinet/in.h>  // ahead of linux/in.h, which gives way to it

#include <linux/netfilter/nf_tables.h>

#include "nftables/expressions/expressions.h"

namespace netloom {
namespace {

const Names kindNames{"hashKind", false, {{"jenkins", NFT_HASH_JENKINS}, {"sym", NFT_HASH_SYM}}};

}  // namespace

const Schema hashSchema{
    "hash",
    0,
    {attribute("sreg", Type::Be32, NFTA_HASH_SREG), attribute("dreg", Type::Be32, NFTA_HASH_DREG),
     attribute("len", Type::Be32, NFTA_HASH_LEN), attribute("modulus", Type::Be32, NFTA_HASH_MODULUS),
     attribute("seed", Type::Be32, NFTA_HASH_SEED), attribute("offset", Type::Be32, NFTA_HASH_OFFSET),
     attribute("kind", Type::Be32, NFTA_HASH_TYPE, &kindNames)}};

}  // namespace netloom
