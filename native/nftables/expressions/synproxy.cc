// Answers SYNs in the server's stead. Also the data of a named synproxy.
#include <netinet/in.h>  // ahead of linux/in.h, which gives way to it

#include <linux/netfilter/nf_synproxy.h>
#include <linux/netfilter/nf_tables.h>

#include "nftables/expressions/expressions.h"

namespace netloom {
namespace {

const Names flagNames{"synproxyFlags",
                      true,
                      {{"mss", NF_SYNPROXY_OPT_MSS},
                       {"wscale", NF_SYNPROXY_OPT_WSCALE},
                       {"sack-perm", NF_SYNPROXY_OPT_SACK_PERM},
                       {"timestamp", NF_SYNPROXY_OPT_TIMESTAMP}}};

}  // namespace

const Schema synproxySchema{
    "synproxy",
    0,
    {attribute("mss", Type::Be16, NFTA_SYNPROXY_MSS), attribute("wscale", Type::U8, NFTA_SYNPROXY_WSCALE),
     attribute("flags", Type::Be32, NFTA_SYNPROXY_FLAGS, &flagNames)}};

}  // namespace netloom
