// Adds, updates or deletes the set element that the registers hold, with expressions of its own.
#include <netinet/in.h>  // ahead of linux/in.h, which gives way to it

#include <linux/netfilter/nf_tables.h>

#include "nftables/expressions/expressions.h"

namespace netloom {
namespace {

const Names opNames{"dynsetOp",
                    false,
                    {{"add", NFT_DYNSET_OP_ADD}, {"update", NFT_DYNSET_OP_UPDATE}, {"delete", NFT_DYNSET_OP_DELETE}}};
const Names flagNames{"dynsetFlags", true, {{"inv", NFT_DYNSET_F_INV}, {"expr", NFT_DYNSET_F_EXPR}}};

}  // namespace

const Schema dynsetSchema{
    "dynset",
    0,
    {attribute("set", Type::String, NFTA_DYNSET_SET_NAME), attribute("setId", Type::Be32, NFTA_DYNSET_SET_ID),
     attribute("op", Type::Be32, NFTA_DYNSET_OP, &opNames), attribute("sregKey", Type::Be32, NFTA_DYNSET_SREG_KEY),
     attribute("sregData", Type::Be32, NFTA_DYNSET_SREG_DATA), attribute("timeout", Type::Be64, NFTA_DYNSET_TIMEOUT),
     nest("expr", NFTA_DYNSET_EXPR, &expressionSchema), attribute("flags", Type::Be32, NFTA_DYNSET_FLAGS, &flagNames),
     list("expressions", NFTA_DYNSET_EXPRESSIONS, NFTA_LIST_ELEM, &expressionSchema)}};

}  // namespace netloom
