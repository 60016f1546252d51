// The local socket that the packet belongs to.
#include <netinet/in.h>  // ahead of linux/in.h, which gives way to it

#include <linux/netfilter/nf_tables.h>

#include "nftables/expressions/expressions.h"

namespace netloom {
namespace {

const Names keyNames{"socketKey",
                     false,
                     {{"transparent", NFT_SOCKET_TRANSPARENT},
                      {"mark", NFT_SOCKET_MARK},
                      {"wildcard", NFT_SOCKET_WILDCARD},
                      {"cgroupv2", NFT_SOCKET_CGROUPV2}}};

}  // namespace

const Schema socketSchema{
    "socket",
    0,
    {attribute("key", Type::Be32, NFTA_SOCKET_KEY, &keyNames), attribute("dreg", Type::Be32, NFTA_SOCKET_DREG),
     attribute("level", Type::Be32, NFTA_SOCKET_LEVEL)}};

}  // namespace netloom
