// Hands the packet to a local socket, whatever address it is for.
#include <netinet/in.h>  // ahead of linux/in.h, which gives way to it

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "nftables/expressions/expressions.h"

namespace netloom {
namespace {

const Names familyNames{
    "tproxyFamily", false, {{"unspec", NFPROTO_UNSPEC}, {"ip", NFPROTO_IPV4}, {"ip6", NFPROTO_IPV6}}};

}  // namespace

const Schema tproxySchema{
    "tproxy",
    0,
    {attribute("family", Type::Be32, NFTA_TPROXY_FAMILY, &familyNames),
     attribute("regAddr", Type::Be32, NFTA_TPROXY_REG_ADDR), attribute("regPort", Type::Be32, NFTA_TPROXY_REG_PORT)}};

}  // namespace netloom
