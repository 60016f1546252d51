// dreg = (sreg & mask) ^ xor, or a shift of it.
#include <netinet/in.h>  // ahead of linux/in.h, which gives way to it

#include <linux/netfilter/nf_tables.h>

#include "nftables/expressions/expressions.h"

namespace netloom {
namespace {

const Names opNames{"bitwiseOp",
                    false,
                    {{"mask-xor", NFT_BITWISE_BOOL}, {"lshift", NFT_BITWISE_LSHIFT}, {"rshift", NFT_BITWISE_RSHIFT}}};

}  // namespace

const Schema bitwiseSchema{
    "bitwise",
    0,
    {attribute("sreg", Type::Be32, NFTA_BITWISE_SREG), attribute("dreg", Type::Be32, NFTA_BITWISE_DREG),
     attribute("len", Type::Be32, NFTA_BITWISE_LEN), nest("mask", NFTA_BITWISE_MASK, &dataSchema),
     nest("xor", NFTA_BITWISE_XOR, &dataSchema), attribute("op", Type::Be32, NFTA_BITWISE_OP, &opNames),
     nest("data", NFTA_BITWISE_DATA, &dataSchema)}};

}  // namespace netloom
