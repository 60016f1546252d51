// CTA_PROTOINFO: how far a connection has come, where the kernel follows that.
#pragma once

#include "netlink/schema.h"

namespace netloom {

extern const Schema protocolStateSchema;

}  // namespace netloom
