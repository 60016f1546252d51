// What the kernel knows of a packet besides its bytes. Keys are named as nft names them.
#include <netinet/in.h>  // ahead of linux/in.h, which gives way to it

#include <linux/netfilter/nf_tables.h>

#include "nftables/expressions/expressions.h"

namespace netloom {
namespace {

const Names keyNames{"metaKey",
                     false,
                     {{"length", NFT_META_LEN},
                      {"protocol", NFT_META_PROTOCOL},
                      {"priority", NFT_META_PRIORITY},
                      {"mark", NFT_META_MARK},
                      {"iif", NFT_META_IIF},
                      {"oif", NFT_META_OIF},
                      {"iifname", NFT_META_IIFNAME},
                      {"oifname", NFT_META_OIFNAME},
                      {"iiftype", NFT_META_IIFTYPE},
                      {"oiftype", NFT_META_OIFTYPE},
                      {"skuid", NFT_META_SKUID},
                      {"skgid", NFT_META_SKGID},
                      {"nftrace", NFT_META_NFTRACE},
                      {"rtclassid", NFT_META_RTCLASSID},
                      {"secmark", NFT_META_SECMARK},
                      {"nfproto", NFT_META_NFPROTO},
                      {"l4proto", NFT_META_L4PROTO},
                      {"ibrname", NFT_META_BRI_IIFNAME},
                      {"obrname", NFT_META_BRI_OIFNAME},
                      {"pkttype", NFT_META_PKTTYPE},
                      {"cpu", NFT_META_CPU},
                      {"iifgroup", NFT_META_IIFGROUP},
                      {"oifgroup", NFT_META_OIFGROUP},
                      {"cgroup", NFT_META_CGROUP},
                      {"random", NFT_META_PRANDOM},
                      {"ipsec", NFT_META_SECPATH},
                      {"iifkind", NFT_META_IIFKIND},
                      {"oifkind", NFT_META_OIFKIND},
                      {"ibrpvid", NFT_META_BRI_IIFPVID},
                      {"ibrvproto", NFT_META_BRI_IIFVPROTO},
                      {"time", NFT_META_TIME_NS},
                      {"day", NFT_META_TIME_DAY},
                      {"hour", NFT_META_TIME_HOUR},
                      {"sdif", NFT_META_SDIF},
                      {"sdifname", NFT_META_SDIFNAME}}};

}  // namespace

const Schema metaSchema{
    "meta",
    0,
    {attribute("dreg", Type::Be32, NFTA_META_DREG), attribute("key", Type::Be32, NFTA_META_KEY, &keyNames),
     attribute("sreg", Type::Be32, NFTA_META_SREG)}};

}  // namespace netloom
