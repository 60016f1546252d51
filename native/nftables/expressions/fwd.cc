// Sends the packet out of a device, to a neighbour if one is named.
#include <netinet/in.h>  // ahead of linux/in.h, which gives way to it

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "nftables/expressions/expressions.h"

namespace netloom {
namespace {

const Names familyNames{"fwdFamily", false, {{"ip", NFPROTO_IPV4}, {"ip6", NFPROTO_IPV6}}};

}  // namespace

const Schema fwdSchema{
    "fwd",
    0,
    {attribute("sregDev", Type::Be32, NFTA_FWD_SREG_DEV), attribute("sregAddr", Type::Be32, NFTA_FWD_SREG_ADDR),
     attribute("family", Type::Be32, NFTA_FWD_NFPROTO, &familyNames)}};

}  // namespace netloom
