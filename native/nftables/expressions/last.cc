// Remembers when it was reached last.
#include <netinet/in.h>  // ahead of linux/in.h, which gives way to it

#include <linux/netfilter/nf_tables.h>

#include "nftables/expressions/expressions.h"

namespace netloom {

const Schema lastSchema{
    "last", 0, {attribute("set", Type::Be32, NFTA_LAST_SET), attribute("msecs", Type::Be64, NFTA_LAST_MSECS)}};

}  // namespace netloom
