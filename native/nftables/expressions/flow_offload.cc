// Puts the packet's flow into a flowtable.
#include <netinet/in.h>  // ahead of linux/in.h, which gives way to it

#include <linux/netfilter/nf_tables.h>

#include "nftables/expressions/expressions.h"

namespace netloom {

const Schema flowOffloadSchema{"flowOffload", 0, {attribute("flowtable", Type::String, NFTA_FLOW_TABLE_NAME)}};

}  // namespace netloom
