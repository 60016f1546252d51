// The sender's operating system, by the fingerprint of its SYN.
#include <netinet/in.h>  // ahead of linux/in.h, which gives way to it

#include <linux/netfilter/nf_tables.h>

#include "nftables/expressions/expressions.h"

namespace netloom {
namespace {

const Names flagNames{"osfFlags", true, {{"version", NFT_OSF_F_VERSION}}};

}  // namespace

const Schema osfSchema{"osf",
                       0,
                       {attribute("dreg", Type::Be32, NFTA_OSF_DREG), attribute("ttl", Type::U8, NFTA_OSF_TTL),
                        attribute("flags", Type::Be32, NFTA_OSF_FLAGS, &flagNames)}};

}  // namespace netloom
