// Words for rtnetlink's numbers, as `ip -j` prints them.
#pragma once

#include "netlink/schema.h"

namespace netloom {

extern const Names addressFamilyNames;
extern const Names routeFlagNames;
extern const Names routeProtocolNames;
extern const Names routeScopeNames;
extern const Names routeTypeNames;

}  // namespace netloom
