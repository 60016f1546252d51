// Conntrack: loads a key into dreg, or sets it from sreg. Keys are named as nft names them.
#include <netinet/in.h>  // ahead of linux/in.h, which gives way to it

#include <linux/netfilter/nf_conntrack_tuple_common.h>
#include <linux/netfilter/nf_tables.h>
#include "nftables/expressions/expressions.h"

namespace netloom {
namespace {

const Names keyNames{"ctKey",
                     false,
                     {{"state", NFT_CT_STATE},
                      {"direction", NFT_CT_DIRECTION},
                      {"status", NFT_CT_STATUS},
                      {"mark", NFT_CT_MARK},
                      {"secmark", NFT_CT_SECMARK},
                      {"expiration", NFT_CT_EXPIRATION},
                      {"helper", NFT_CT_HELPER},
                      {"l3proto", NFT_CT_L3PROTOCOL},
                      {"src", NFT_CT_SRC},
                      {"dst", NFT_CT_DST},
                      {"protocol", NFT_CT_PROTOCOL},
                      {"proto_src", NFT_CT_PROTO_SRC},
                      {"proto_dst", NFT_CT_PROTO_DST},
                      {"labels", NFT_CT_LABELS},
                      {"pkts", NFT_CT_PKTS},
                      {"bytes", NFT_CT_BYTES},
                      {"avgpkt", NFT_CT_AVGPKT},
                      {"zone", NFT_CT_ZONE},
                      {"event", NFT_CT_EVENTMASK},
                      {"src_ip", NFT_CT_SRC_IP},
                      {"dst_ip", NFT_CT_DST_IP},
                      {"src_ip6", NFT_CT_SRC_IP6},
                      {"dst_ip6", NFT_CT_DST_IP6},
                      {"id", NFT_CT_ID}}};

const Names directionNames{"ctDirection", false, {{"original", IP_CT_DIR_ORIGINAL}, {"reply", IP_CT_DIR_REPLY}}};

}  // namespace

const Schema ctSchema{
    "ct",
    0,
    {attribute("dreg", Type::Be32, NFTA_CT_DREG), attribute("key", Type::Be32, NFTA_CT_KEY, &keyNames),
     attribute("direction", Type::U8, NFTA_CT_DIRECTION, &directionNames),
     attribute("sreg", Type::Be32, NFTA_CT_SREG)}};

}  // namespace netloom
