// Source NAT to the outgoing device's address.
#include <netinet/in.h>  // ahead of linux/in.h, which gives way to it

#include <linux/netfilter/nf_tables.h>

#include "nftables/expressions/expressions.h"

namespace netloom {

const Schema masqSchema{"masq",
                        0,
                        {attribute("flags", Type::Be32, NFTA_MASQ_FLAGS, &natFlagNames),
                         attribute("regProtoMin", Type::Be32, NFTA_MASQ_REG_PROTO_MIN),
                         attribute("regProtoMax", Type::Be32, NFTA_MASQ_REG_PROTO_MAX)}};

}  // namespace netloom
