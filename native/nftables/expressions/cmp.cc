// Ends the rule unless the register compares with the data; as bytes, so in network order.
#include <netinet/in.h>  // ahead of linux/in.h, which gives way to it

#include <linux/netfilter/nf_tables.h>

#include "nftables/expressions/expressions.h"

namespace netloom {
namespace {

const Names opNames{"cmpOp",
                    false,
                    {{"eq", NFT_CMP_EQ},
                     {"neq", NFT_CMP_NEQ},
                     {"lt", NFT_CMP_LT},
                     {"lte", NFT_CMP_LTE},
                     {"gt", NFT_CMP_GT},
                     {"gte", NFT_CMP_GTE}}};

}  // namespace

const Schema cmpSchema{"cmp",
                       0,
                       {attribute("sreg", Type::Be32, NFTA_CMP_SREG),
                        attribute("op", Type::Be32, NFTA_CMP_OP, &opNames), nest("data", NFTA_CMP_DATA, &dataSchema)}};

}  // namespace netloom
