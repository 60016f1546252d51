// RTM_*NEIGH: linux/neighbour.h, rtnetlink(7).
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include "netlink/event.h"
#include "netlink/operation.h"
#include "rtnetlink/names.h"

namespace netloom {
namespace {

const Names stateNames{"neighbourState",
                       true,
                       {{"incomplete", NUD_INCOMPLETE},
                        {"reachable", NUD_REACHABLE},
                        {"stale", NUD_STALE},
                        {"delay", NUD_DELAY},
                        {"probe", NUD_PROBE},
                        {"failed", NUD_FAILED},
                        {"noarp", NUD_NOARP},
                        {"permanent", NUD_PERMANENT}}};

const Names flagNames{"neighbourFlags",
                      true,
                      {{"use", NTF_USE},
                       {"self", NTF_SELF},
                       {"master", NTF_MASTER},
                       {"proxy", NTF_PROXY},
                       {"extern_learn", NTF_EXT_LEARNED},
                       {"offload", NTF_OFFLOADED},
                       {"sticky", NTF_STICKY},
                       {"router", NTF_ROUTER}}};

const Schema neighbourSchema{
    "neighbour",
    sizeof(ndmsg),
    {header("family", Type::U8, offsetof(ndmsg, ndm_family), &addressFamilyNames),
     header("index", Type::Device, offsetof(ndmsg, ndm_ifindex)),
     header("state", Type::U16, offsetof(ndmsg, ndm_state), &stateNames),
     header("flags", Type::U8, offsetof(ndmsg, ndm_flags), &flagNames), attribute("dst", Type::Bytes, NDA_DST),
     attribute("mac", Type::Bytes, NDA_LLADDR), attribute("vlan", Type::U16, NDA_VLAN),
     attribute("vni", Type::U32, NDA_VNI), attribute("port", Type::Be16, NDA_PORT),
     attribute("viaIndex", Type::Device, NDA_IFINDEX), attribute("master", Type::U32, NDA_MASTER),
     attribute("protocol", Type::U8, NDA_PROTOCOL)}};

}  // namespace

std::vector<Operation> neighbourOperations() {
  return {
      {"neighbours.add", "RTM_NEWNEIGH", NETLINK_ROUTE, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_EXCL, Kind::Change,
       &neighbourSchema},
      {"neighbours.replace", "RTM_NEWNEIGH", NETLINK_ROUTE, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, Kind::Change,
       &neighbourSchema},
      {"neighbours.delete", "RTM_DELNEIGH", NETLINK_ROUTE, RTM_DELNEIGH, 0, Kind::Change, &neighbourSchema},
      {"neighbours.list", "RTM_GETNEIGH", NETLINK_ROUTE, RTM_GETNEIGH, NLM_F_DUMP, Kind::Dump, &neighbourSchema,
       &neighbourSchema, RTM_NEWNEIGH},
  };
}

std::vector<EventMessage> neighbourEvents() {
  return {
      {"neighbour.new", NETLINK_ROUTE, RTM_NEWNEIGH, &neighbourSchema},
      {"neighbour.delete", NETLINK_ROUTE, RTM_DELNEIGH, &neighbourSchema},
  };
}

}  // namespace netloom
