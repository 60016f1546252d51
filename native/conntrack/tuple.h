// What flows and expectations are known by: one direction's addresses, protocol and ports.
#pragma once

#include <linux/netfilter/nfnetlink.h>

#include <cstdint>

#include "netlink/schema.h"

namespace netloom {

extern const Schema tupleSchema;

// A message's type: NFNL_SUBSYS_CTNETLINK or NFNL_SUBSYS_CTNETLINK_EXP, and the number in it.
constexpr uint16_t netfilterMessage(int subsystem, int type) {
  return static_cast<uint16_t>((subsystem << 8) | type);
}

}  // namespace netloom
