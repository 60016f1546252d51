// Destination NAT to this machine.
#include <netinet/in.h>  // ahead of linux/in.h, which gives way to it

#include <linux/netfilter/nf_tables.h>

#include "nftables/expressions/expressions.h"

namespace netloom {

const Schema redirSchema{"redir",
                         0,
                         {attribute("regProtoMin", Type::Be32, NFTA_REDIR_REG_PROTO_MIN),
                          attribute("regProtoMax", Type::Be32, NFTA_REDIR_REG_PROTO_MAX),
                          attribute("flags", Type::Be32, NFTA_REDIR_FLAGS, &natFlagNames)}};

}  // namespace netloom
