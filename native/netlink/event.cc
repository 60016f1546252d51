#include "netlink/event.h"

#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>

#include <algorithm>

#include "netlink/codec.h"

namespace netloom {

const std::vector<EventMessage>& eventMessages() {
  static const std::vector<EventMessage> all = [] {
    std::vector<EventMessage> list;
    for (auto family : {linkEvents, addressEvents, routeEvents, nexthopEvents, ruleEvents, neighbourEvents,
                        nftablesEvents, conntrackEvents, expectationEvents}) {
      for (auto& message : family()) list.push_back(message);
    }
    return list;
  }();
  return all;
}

const std::vector<EventGroup>& eventGroups() {
  static const std::vector<EventGroup> all{
      {"link", NETLINK_ROUTE, {RTNLGRP_LINK}},
      {"address", NETLINK_ROUTE, {RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR}},
      {"route", NETLINK_ROUTE, {RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE}},
      {"rule", NETLINK_ROUTE, {RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_RULE}},
      {"neighbour", NETLINK_ROUTE, {RTNLGRP_NEIGH}},
      {"nexthop", NETLINK_ROUTE, {RTNLGRP_NEXTHOP}},
      {"nft", NETLINK_NETFILTER, {NFNLGRP_NFTABLES}},
      {"conntrack.new", NETLINK_NETFILTER, {NFNLGRP_CONNTRACK_NEW}},
      {"conntrack.update", NETLINK_NETFILTER, {NFNLGRP_CONNTRACK_UPDATE}},
      {"conntrack.destroy", NETLINK_NETFILTER, {NFNLGRP_CONNTRACK_DESTROY}},
      {"expectation.new", NETLINK_NETFILTER, {NFNLGRP_CONNTRACK_EXP_NEW}},
      {"expectation.destroy", NETLINK_NETFILTER, {NFNLGRP_CONNTRACK_EXP_DESTROY}},
  };
  return all;
}

void writeEvent(int protocol, const nlmsghdr* message, RecordWriter& events) {
  const auto& known = eventMessages();
  const auto found = std::ranges::find_if(known, [&](const EventMessage& one) {
    return one.type == message->nlmsg_type && one.protocol == protocol &&
           (message->nlmsg_flags & one.flags) == one.flags;
  });
  if (found == known.end()) return;
  const size_t before = events.size();
  const size_t start = events.open();
  events.scalar(static_cast<uint16_t>(found - known.begin()));
  const Bytes payload{static_cast<const uint8_t*>(nlmsg_data(message)), static_cast<size_t>(nlmsg_datalen(message))};
  if (decode(*found->schema, payload, events)) {
    events.close(start);
  } else {
    events.truncate(before);
    writeOverrun(events);
  }
}

void writeOverrun(RecordWriter& events) {
  const size_t start = events.open();
  events.scalar(kOverrun);
  events.close(start);
}

}  // namespace netloom
