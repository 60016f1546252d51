// Link kinds: each has a file of its own with the schema of its IFLA_INFO_DATA; `linkKinds` is their register.
#pragma once

#include "netlink/schema.h"

namespace netloom {

extern const std::vector<Variant> linkKinds;
extern const Schema linkSchema;  // of a veth's peer, too

extern const Schema bridgeSchema;
extern const Schema vethSchema;
extern const Schema ifbSchema;

}  // namespace netloom
