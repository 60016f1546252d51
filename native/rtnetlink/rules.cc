// RTM_*RULE: linux/fib_rules.h, ip-rule(8).
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>

#include "netlink/event.h"
#include "netlink/operation.h"
#include "rtnetlink/names.h"

namespace netloom {
namespace {

const Names actionNames{"ruleAction",
                        false,
                        {{"table", FR_ACT_TO_TBL},
                         {"goto", FR_ACT_GOTO},
                         {"nop", FR_ACT_NOP},
                         {"blackhole", FR_ACT_BLACKHOLE},
                         {"unreachable", FR_ACT_UNREACHABLE},
                         {"prohibit", FR_ACT_PROHIBIT}}};

const Names flagNames{
    "ruleFlags",
    true,
    {{"permanent", FIB_RULE_PERMANENT}, {"not", FIB_RULE_INVERT}, {"unresolved", FIB_RULE_UNRESOLVED}}};

const Schema ruleSchema{
    "rule",
    sizeof(fib_rule_hdr),
    {header("family", Type::U8, offsetof(fib_rule_hdr, family), &addressFamilyNames),
     header("dstLength", Type::U8, offsetof(fib_rule_hdr, dst_len)),
     header("srcLength", Type::U8, offsetof(fib_rule_hdr, src_len)),
     header("tos", Type::U8, offsetof(fib_rule_hdr, tos)),
     header("action", Type::U8, offsetof(fib_rule_hdr, action), &actionNames),
     header("flags", Type::U32, offsetof(fib_rule_hdr, flags), &flagNames), attribute("dst", Type::Bytes, FRA_DST),
     attribute("src", Type::Bytes, FRA_SRC), attribute("iif", Type::String, FRA_IIFNAME),
     attribute("oif", Type::String, FRA_OIFNAME), attribute("priority", Type::U32, FRA_PRIORITY),
     attribute("goto", Type::U32, FRA_GOTO), attribute("fwmark", Type::U32, FRA_FWMARK),
     attribute("fwmask", Type::U32, FRA_FWMASK), attribute("table", Type::U32, FRA_TABLE),
     attribute("protocol", Type::U8, FRA_PROTOCOL, &routeProtocolNames),
     attribute("suppressPrefixLength", Type::S32, FRA_SUPPRESS_PREFIXLEN)}};

}  // namespace

std::vector<Operation> ruleOperations() {
  return {
      {"rules.add", "RTM_NEWRULE", NETLINK_ROUTE, RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, Kind::Change, &ruleSchema},
      {"rules.delete", "RTM_DELRULE", NETLINK_ROUTE, RTM_DELRULE, 0, Kind::Change, &ruleSchema},
      {"rules.list", "RTM_GETRULE", NETLINK_ROUTE, RTM_GETRULE, NLM_F_DUMP, Kind::Dump, &ruleSchema, &ruleSchema,
       RTM_NEWRULE},
  };
}

std::vector<EventMessage> ruleEvents() {
  return {
      {"rule.new", NETLINK_ROUTE, RTM_NEWRULE, &ruleSchema},
      {"rule.delete", NETLINK_ROUTE, RTM_DELRULE, &ruleSchema},
  };
}

}  // namespace netloom
