// RTM_GETNSID: linux/net_namespace.h, rtnetlink(7). The number under which one namespace knows another, as
// IFLA_LINK_NETNSID has it.
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>

#include "netlink/operation.h"
#include "rtnetlink/names.h"

namespace netloom {
namespace {

const Schema namespaceIdSchema{"namespaceId",
                               sizeof(rtgenmsg),
                               {header("family", Type::U8, offsetof(rtgenmsg, rtgen_family), &addressFamilyNames),
                                attribute("id", Type::S32, NETNSA_NSID), attribute("fd", Type::U32, NETNSA_FD)}};

}  // namespace

std::vector<Operation> namespaceIdOperations() {
  return {{"namespaceIds.get", "RTM_GETNSID", NETLINK_ROUTE, RTM_GETNSID, 0, Kind::Get, &namespaceIdSchema,
           &namespaceIdSchema, RTM_NEWNSID}};
}

}  // namespace netloom
