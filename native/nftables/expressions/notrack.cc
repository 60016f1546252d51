// Keeps conntrack from the packet. Nothing to say of it.
#include <netinet/in.h>  // ahead of linux/in.h, which gives way to it

#include <linux/netfilter/nf_tables.h>

#include "nftables/expressions/expressions.h"

namespace netloom {

const Schema notrackSchema{"notrack", 0, {}};

}  // namespace netloom
