// A named object: by its name, or by what a map gives for a register.
#include <netinet/in.h>  // ahead of linux/in.h, which gives way to it

#include <linux/netfilter/nf_tables.h>

#include "nftables/expressions/expressions.h"

namespace netloom {

const Schema objrefSchema{
    "objref",
    0,
    {attribute("object", Type::Be32, NFTA_OBJREF_IMM_TYPE, &objectTypeNames),
     attribute("name", Type::String, NFTA_OBJREF_IMM_NAME), attribute("sreg", Type::Be32, NFTA_OBJREF_SET_SREG),
     attribute("set", Type::String, NFTA_OBJREF_SET_NAME), attribute("setId", Type::Be32, NFTA_OBJREF_SET_ID)}};

}  // namespace netloom
