// ctnetlink's expectations: flows that a helper waits for. linux/netfilter/nfnetlink_conntrack.h.
#include <netinet/in.h>  // ahead of linux/in.h, which gives way to it

#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tuple_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#include "conntrack/tuple.h"
#include "netlink/event.h"
#include "netlink/operation.h"
#include "rtnetlink/names.h"

namespace netloom {
namespace {

constexpr uint16_t message(int type) {
  return netfilterMessage(NFNL_SUBSYS_CTNETLINK_EXP, type);
}

const Names flagNames{"expectationFlags",
                      true,
                      {{"permanent", NF_CT_EXPECT_PERMANENT},
                       {"inactive", NF_CT_EXPECT_INACTIVE},
                       {"userspace", NF_CT_EXPECT_USERSPACE}}};

const Names directionNames{"conntrackDirection", false, {{"original", IP_CT_DIR_ORIGINAL}, {"reply", IP_CT_DIR_REPLY}}};

const Schema natSchema{"expectationNat",
                       0,
                       {attribute("direction", Type::Be32, CTA_EXPECT_NAT_DIR, &directionNames),
                        nest("tuple", CTA_EXPECT_NAT_TUPLE, &tupleSchema)}};

const Schema expectationSchema{
    "expectation",
    sizeof(nfgenmsg),
    {header("family", Type::U8, offsetof(nfgenmsg, nfgen_family), &addressFamilyNames),
     nest("tuple", CTA_EXPECT_TUPLE, &tupleSchema), nest("mask", CTA_EXPECT_MASK, &tupleSchema),
     nest("master", CTA_EXPECT_MASTER, &tupleSchema), attribute("timeout", Type::Be32, CTA_EXPECT_TIMEOUT),
     attribute("id", Type::Be32, CTA_EXPECT_ID), attribute("zone", Type::Be16, CTA_EXPECT_ZONE),
     attribute("flags", Type::Be32, CTA_EXPECT_FLAGS, &flagNames), attribute("class", Type::Be32, CTA_EXPECT_CLASS),
     attribute("helper", Type::String, CTA_EXPECT_HELP_NAME), attribute("function", Type::String, CTA_EXPECT_FN),
     nest("nat", CTA_EXPECT_NAT, &natSchema)}};

const Schema cpuSchema{
    "expectationCpu",
    sizeof(nfgenmsg),
    {header("cpu", Type::Be16, offsetof(nfgenmsg, res_id)), attribute("new", Type::Be32, CTA_STATS_EXP_NEW),
     attribute("create", Type::Be32, CTA_STATS_EXP_CREATE), attribute("delete", Type::Be32, CTA_STATS_EXP_DELETE)}};

}  // namespace

std::vector<Operation> expectationOperations() {
  const auto change = [](const char* name, const char* messageName, int type, int flags) -> Operation {
    return {name,         messageName,       NETLINK_NETFILTER, message(type), static_cast<uint16_t>(flags),
            Kind::Change, &expectationSchema};
  };
  return {
      {"expectations.list", "IPCTNL_MSG_EXP_GET", NETLINK_NETFILTER, message(IPCTNL_MSG_EXP_GET), NLM_F_DUMP,
       Kind::Dump, &expectationSchema, &expectationSchema, message(IPCTNL_MSG_EXP_NEW)},
      {"expectations.get", "IPCTNL_MSG_EXP_GET", NETLINK_NETFILTER, message(IPCTNL_MSG_EXP_GET), 0, Kind::Get,
       &expectationSchema, &expectationSchema, message(IPCTNL_MSG_EXP_NEW)},
      change("expectations.add", "IPCTNL_MSG_EXP_NEW", IPCTNL_MSG_EXP_NEW, NLM_F_CREATE | NLM_F_EXCL),
      change("expectations.update", "IPCTNL_MSG_EXP_NEW", IPCTNL_MSG_EXP_NEW, 0),
      change("expectations.delete", "IPCTNL_MSG_EXP_DELETE", IPCTNL_MSG_EXP_DELETE, 0),
      // The kernel answers in the name of the other subsystem (ctnetlink_exp_stat_fill_info).
      {"expectations.cpus", "IPCTNL_MSG_EXP_GET_STATS_CPU", NETLINK_NETFILTER, message(IPCTNL_MSG_EXP_GET_STATS_CPU),
       NLM_F_DUMP, Kind::Dump, &cpuSchema, &cpuSchema,
       netfilterMessage(NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_EXP_GET_STATS_CPU)},
  };
}

std::vector<EventMessage> expectationEvents() {
  return {
      {"expectation.new", NETLINK_NETFILTER, message(IPCTNL_MSG_EXP_NEW), &expectationSchema},
      {"expectation.destroy", NETLINK_NETFILTER, message(IPCTNL_MSG_EXP_DELETE), &expectationSchema},
  };
}

}  // namespace netloom
