// The IPsec state that the packet came by, or goes by.
#include <netinet/in.h>  // ahead of linux/in.h, which gives way to it

#include <linux/netfilter/nf_tables.h>
#include <linux/xfrm.h>

#include "nftables/expressions/expressions.h"

namespace netloom {
namespace {

const Names keyNames{"xfrmKey",
                     false,
                     {{"daddr_ip4", NFT_XFRM_KEY_DADDR_IP4},
                      {"daddr_ip6", NFT_XFRM_KEY_DADDR_IP6},
                      {"saddr_ip4", NFT_XFRM_KEY_SADDR_IP4},
                      {"saddr_ip6", NFT_XFRM_KEY_SADDR_IP6},
                      {"reqid", NFT_XFRM_KEY_REQID},
                      {"spi", NFT_XFRM_KEY_SPI}}};
const Names dirNames{"xfrmDirection", false, {{"in", XFRM_POLICY_IN}, {"out", XFRM_POLICY_OUT}}};

}  // namespace

const Schema xfrmSchema{
    "xfrm",
    0,
    {attribute("dreg", Type::Be32, NFTA_XFRM_DREG), attribute("key", Type::Be32, NFTA_XFRM_KEY, &keyNames),
     attribute("dir", Type::U8, NFTA_XFRM_DIR, &dirNames), attribute("spnum", Type::Be32, NFTA_XFRM_SPNUM)}};

}  // namespace netloom
