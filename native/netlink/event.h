// Events: what the kernel tells the members of a multicast group unasked. netlink(7), rtnetlink(7).
#pragma once

#include <netlink/msg.h>

#include <vector>

#include "netlink/record.h"
#include "netlink/schema.h"

namespace netloom {

// A message that may come.
struct EventMessage {
  const char* name;  // "link.new"
  int protocol;      // NETLINK_ROUTE, NETLINK_NETFILTER
  uint16_t type;
  const Schema* schema;
  uint16_t flags = 0;  // that it must have (NLM_F_*), where those tell it from another behind it in the table
};

// What can be listened to, by the name that TypeScript uses for it: one multicast group, or one for each family.
struct EventGroup {
  const char* name;
  int protocol;
  std::vector<uint32_t> numbers;
};

// All of them, built once, before any thread starts. An event names its message by its index here.
const std::vector<EventMessage>& eventMessages();
const std::vector<EventGroup>& eventGroups();

// In place of a message's index: something was lost here.
inline constexpr uint16_t kOverrun = UINT16_MAX;

// Appends a message as an event: u32 length of what follows, u16 message, a record by its schema. One that is none of
// the protocol's events is passed over; one that its schema does not fit is an overrun.
void writeEvent(int protocol, const nlmsghdr* message, RecordWriter& events);
void writeOverrun(RecordWriter& events);

// The families' parts of the table.
std::vector<EventMessage> linkEvents();
std::vector<EventMessage> addressEvents();
std::vector<EventMessage> routeEvents();
std::vector<EventMessage> nexthopEvents();
std::vector<EventMessage> ruleEvents();
std::vector<EventMessage> neighbourEvents();
std::vector<EventMessage> nftablesEvents();
std::vector<EventMessage> conntrackEvents();
std::vector<EventMessage> expectationEvents();

}  // namespace netloom
