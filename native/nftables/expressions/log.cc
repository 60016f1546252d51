// Logs, to the kernel log or to a group of nfnetlink_log.
#include <netinet/in.h>  // ahead of linux/in.h, which gives way to it

#include <linux/netfilter/nf_tables.h>

#include "nftables/expressions/expressions.h"

namespace netloom {

const Schema logSchema{
    "log",
    0,
    {attribute("group", Type::Be16, NFTA_LOG_GROUP), attribute("prefix", Type::String, NFTA_LOG_PREFIX),
     attribute("snaplen", Type::Be32, NFTA_LOG_SNAPLEN), attribute("qthreshold", Type::Be16, NFTA_LOG_QTHRESHOLD),
     attribute("level", Type::Be32, NFTA_LOG_LEVEL), attribute("flags", Type::Be32, NFTA_LOG_FLAGS)}};

}  // namespace netloom
