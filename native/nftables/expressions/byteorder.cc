// Swaps the bytes of each `size` in `len`.
#include <netinet/in.h>  // ahead of linux/in.h, which gives way to it

#include <linux/netfilter/nf_tables.h>

#include "nftables/expressions/expressions.h"

namespace netloom {
namespace {

const Names opNames{"byteorderOp", false, {{"ntoh", NFT_BYTEORDER_NTOH}, {"hton", NFT_BYTEORDER_HTON}}};

}  // namespace

const Schema byteorderSchema{
    "byteorder",
    0,
    {attribute("sreg", Type::Be32, NFTA_BYTEORDER_SREG), attribute("dreg", Type::Be32, NFTA_BYTEORDER_DREG),
     attribute("op", Type::Be32, NFTA_BYTEORDER_OP, &opNames), attribute("len", Type::Be32, NFTA_BYTEORDER_LEN),
     attribute("size", Type::Be32, NFTA_BYTEORDER_SIZE)}};

}  // namespace netloom
