// Named objects of a table: counters, quotas, limits, what conntrack is told, ...
#pragma once

#include "netlink/schema.h"

namespace netloom {

extern const std::vector<Variant> namedObjects;  // by their numbers: NFT_OBJECT_*

}  // namespace netloom
