// Link kinds: each has a file of its own with the schema of its IFLA_INFO_DATA; `linkKinds` is their register.
#pragma once

#include "netlink/schema.h"

namespace netloom {

extern const std::vector<Variant> linkKinds;
extern const Schema linkSchema;  // of a veth's peer, too

extern const Schema bridgeSchema;
extern const Schema vethSchema;
extern const Schema ifbSchema;
extern const Schema dummySchema;
extern const Schema vlanSchema;
extern const Schema vxlanSchema;
extern const Schema macvlanSchema;
extern const Schema vrfSchema;
extern const Schema tunSchema;

}  // namespace netloom
