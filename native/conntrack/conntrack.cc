// ctnetlink's flows: linux/netfilter/nfnetlink_conntrack.h.
#include <netinet/in.h>  // ahead of linux/in.h, which gives way to it

#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#include "conntrack/protocol_state.h"
#include "conntrack/tuple.h"
#include "netlink/event.h"
#include "netlink/operation.h"
#include "rtnetlink/names.h"

namespace netloom {
namespace {

constexpr uint16_t message(int type) {
  return netfilterMessage(NFNL_SUBSYS_CTNETLINK, type);
}

// CTA_TIMESTAMP_EVENT, which headers before Linux 6.14 lack.
constexpr int kTimestampEvent = 27;

const Names statusNames{"conntrackStatus",
                        true,
                        {{"expected", IPS_EXPECTED},
                         {"seen-reply", IPS_SEEN_REPLY},
                         {"assured", IPS_ASSURED},
                         {"confirmed", IPS_CONFIRMED},
                         {"snat", IPS_SRC_NAT},
                         {"dnat", IPS_DST_NAT},
                         {"seq-adjust", IPS_SEQ_ADJUST},
                         {"snat-done", IPS_SRC_NAT_DONE},
                         {"dnat-done", IPS_DST_NAT_DONE},
                         {"dying", IPS_DYING},
                         {"fixed-timeout", IPS_FIXED_TIMEOUT},
                         {"template", IPS_TEMPLATE},
                         {"helper", IPS_HELPER},
                         {"offload", IPS_OFFLOAD},
                         {"hw-offload", IPS_HW_OFFLOAD}}};

const Schema countersSchema{
    "conntrackCounters",
    0,
    {attribute("packets", Type::Be64, CTA_COUNTERS_PACKETS), attribute("bytes", Type::Be64, CTA_COUNTERS_BYTES)}};

const Schema timestampSchema{
    "conntrackTimestamp",
    0,
    {attribute("start", Type::Be64, CTA_TIMESTAMP_START), attribute("stop", Type::Be64, CTA_TIMESTAMP_STOP)}};

const Schema helperSchema{"conntrackHelper", 0, {attribute("name", Type::String, CTA_HELP_NAME)}};

const Schema sequenceSchema{"conntrackSequence",
                            0,
                            {attribute("position", Type::Be32, CTA_SEQADJ_CORRECTION_POS),
                             attribute("before", Type::SBe32, CTA_SEQADJ_OFFSET_BEFORE),
                             attribute("after", Type::SBe32, CTA_SEQADJ_OFFSET_AFTER)}};

const Schema synproxySchema{
    "conntrackSynproxy",
    0,
    {attribute("isn", Type::Be32, CTA_SYNPROXY_ISN), attribute("its", Type::Be32, CTA_SYNPROXY_ITS),
     attribute("tsoff", Type::Be32, CTA_SYNPROXY_TSOFF)}};

const Schema securitySchema{"conntrackSecurity", 0, {attribute("name", Type::String, CTA_SECCTX_NAME)}};

// ---- what only requests hold

const Schema natPortsSchema{
    "conntrackNatPorts",
    0,
    {attribute("min", Type::Be16, CTA_PROTONAT_PORT_MIN), attribute("max", Type::Be16, CTA_PROTONAT_PORT_MAX)}};

const Schema natSchema{
    "conntrackNat",
    0,
    {attribute("v4min", Type::Bytes, CTA_NAT_V4_MINIP), attribute("v4max", Type::Bytes, CTA_NAT_V4_MAXIP),
     attribute("v6min", Type::Bytes, CTA_NAT_V6_MINIP), attribute("v6max", Type::Bytes, CTA_NAT_V6_MAXIP),
     nest("ports", CTA_NAT_PROTO, &natPortsSchema)}};

// Which of a tuple's fields a filter is about. CTA_FILTER_F_* of the kernel's own net/netfilter/nf_internals.h, which
// no header for programs has.
const Names tupleFieldNames{"conntrackTupleFields",
                            true,
                            {{"src", 1 << 0},
                             {"dst", 1 << 1},
                             {"num", 1 << 3},
                             {"srcPort", 1 << 4},
                             {"dstPort", 1 << 5},
                             {"icmpType", 1 << 6},
                             {"icmpCode", 1 << 7},
                             {"icmpId", 1 << 8},
                             {"icmpv6Type", 1 << 9},
                             {"icmpv6Code", 1 << 10},
                             {"icmpv6Id", 1 << 11}}};

const Schema filterFieldsSchema{"conntrackFilterFields",
                                0,
                                {attribute("original", Type::U32, CTA_FILTER_ORIG_FLAGS, &tupleFieldNames),
                                 attribute("reply", Type::U32, CTA_FILTER_REPLY_FLAGS, &tupleFieldNames)}};

// Of dumps and flushes. A flush heeds the family where the version is not zero (ctnetlink_del_conntrack).
const Schema filterSchema{
    "flowFilter",
    sizeof(nfgenmsg),
    {header("family", Type::U8, offsetof(nfgenmsg, nfgen_family), &addressFamilyNames),
     header("version", Type::U8, offsetof(nfgenmsg, version)), nest("original", CTA_TUPLE_ORIG, &tupleSchema),
     nest("reply", CTA_TUPLE_REPLY, &tupleSchema), attribute("status", Type::Be32, CTA_STATUS, &statusNames),
     attribute("statusMask", Type::Be32, CTA_STATUS_MASK, &statusNames), attribute("mark", Type::Be32, CTA_MARK),
     attribute("markMask", Type::Be32, CTA_MARK_MASK), attribute("zone", Type::Be16, CTA_ZONE),
     nest("fields", CTA_FILTER, &filterFieldsSchema)}};

const Schema changeSchema{
    "flowChange",
    sizeof(nfgenmsg),
    {header("family", Type::U8, offsetof(nfgenmsg, nfgen_family), &addressFamilyNames),
     nest("original", CTA_TUPLE_ORIG, &tupleSchema), nest("reply", CTA_TUPLE_REPLY, &tupleSchema),
     attribute("id", Type::Be32, CTA_ID), attribute("zone", Type::Be16, CTA_ZONE),
     attribute("status", Type::Be32, CTA_STATUS, &statusNames), attribute("timeout", Type::Be32, CTA_TIMEOUT),
     attribute("mark", Type::Be32, CTA_MARK), attribute("markMask", Type::Be32, CTA_MARK_MASK),
     attribute("labels", Type::Bytes, CTA_LABELS), attribute("labelsMask", Type::Bytes, CTA_LABELS_MASK),
     nest("helper", CTA_HELP, &helperSchema), nest("master", CTA_TUPLE_MASTER, &tupleSchema),
     nest("natSrc", CTA_NAT_SRC, &natSchema), nest("natDst", CTA_NAT_DST, &natSchema),
     nest("state", CTA_PROTOINFO, &protocolStateSchema), nest("originalSequence", CTA_SEQ_ADJ_ORIG, &sequenceSchema),
     nest("replySequence", CTA_SEQ_ADJ_REPLY, &sequenceSchema), nest("synproxy", CTA_SYNPROXY, &synproxySchema)}};

// ---- replies

const Schema flowSchema{"flow",
                        sizeof(nfgenmsg),
                        {header("family", Type::U8, offsetof(nfgenmsg, nfgen_family), &addressFamilyNames),
                         nest("original", CTA_TUPLE_ORIG, &tupleSchema),
                         nest("reply", CTA_TUPLE_REPLY, &tupleSchema),
                         attribute("status", Type::Be32, CTA_STATUS, &statusNames),
                         attribute("timeout", Type::Be32, CTA_TIMEOUT),
                         attribute("mark", Type::Be32, CTA_MARK),
                         attribute("use", Type::Be32, CTA_USE),
                         attribute("id", Type::Be32, CTA_ID),
                         attribute("zone", Type::Be16, CTA_ZONE),
                         nest("originalCounters", CTA_COUNTERS_ORIG, &countersSchema),
                         nest("replyCounters", CTA_COUNTERS_REPLY, &countersSchema),
                         nest("timestamp", CTA_TIMESTAMP, &timestampSchema),
                         attribute("eventTimestamp", Type::Be64, kTimestampEvent),
                         attribute("labels", Type::Bytes, CTA_LABELS),
                         nest("helper", CTA_HELP, &helperSchema),
                         nest("master", CTA_TUPLE_MASTER, &tupleSchema),
                         nest("state", CTA_PROTOINFO, &protocolStateSchema),
                         nest("originalSequence", CTA_SEQ_ADJ_ORIG, &sequenceSchema),
                         nest("replySequence", CTA_SEQ_ADJ_REPLY, &sequenceSchema),
                         nest("synproxy", CTA_SYNPROXY, &synproxySchema),
                         nest("security", CTA_SECCTX, &securitySchema)}};

const Schema countSchema{"conntrackCount",
                         sizeof(nfgenmsg),
                         {attribute("entries", Type::Be32, CTA_STATS_GLOBAL_ENTRIES),
                          attribute("maxEntries", Type::Be32, CTA_STATS_GLOBAL_MAX_ENTRIES)}};

const Schema cpuSchema{
    "conntrackCpu",
    sizeof(nfgenmsg),
    {header("cpu", Type::Be16, offsetof(nfgenmsg, res_id)), attribute("found", Type::Be32, CTA_STATS_FOUND),
     attribute("invalid", Type::Be32, CTA_STATS_INVALID), attribute("insert", Type::Be32, CTA_STATS_INSERT),
     attribute("insertFailed", Type::Be32, CTA_STATS_INSERT_FAILED), attribute("drop", Type::Be32, CTA_STATS_DROP),
     attribute("earlyDrop", Type::Be32, CTA_STATS_EARLY_DROP), attribute("error", Type::Be32, CTA_STATS_ERROR),
     attribute("searchRestart", Type::Be32, CTA_STATS_SEARCH_RESTART),
     attribute("clashResolve", Type::Be32, CTA_STATS_CLASH_RESOLVE),
     attribute("chainTooLong", Type::Be32, CTA_STATS_CHAIN_TOOLONG)}};

// Whatever is asked for, a flow comes as IPCTNL_MSG_CT_NEW (ctnetlink_fill_info).
Operation dump(const char* name, const char* messageName, int type) {
  return {name,          messageName, NETLINK_NETFILTER,         message(type), NLM_F_DUMP, Kind::Dump,
          &filterSchema, &flowSchema, message(IPCTNL_MSG_CT_NEW)};
}

Operation get(const char* name, const char* messageName, int type) {
  return {name,          messageName, NETLINK_NETFILTER,         message(type), 0, Kind::Get,
          &changeSchema, &flowSchema, message(IPCTNL_MSG_CT_NEW)};
}

Operation change(const char* name, const char* messageName, int type, int flags, const Schema* schema) {
  return {name, messageName, NETLINK_NETFILTER, message(type), static_cast<uint16_t>(flags), Kind::Change, schema};
}

}  // namespace

std::vector<Operation> conntrackOperations() {
  return {
      dump("conntrack.list", "IPCTNL_MSG_CT_GET", IPCTNL_MSG_CT_GET),
      dump("conntrack.listReset", "IPCTNL_MSG_CT_GET_CTRZERO", IPCTNL_MSG_CT_GET_CTRZERO),
      dump("conntrack.dying", "IPCTNL_MSG_CT_GET_DYING", IPCTNL_MSG_CT_GET_DYING),
      dump("conntrack.unconfirmed", "IPCTNL_MSG_CT_GET_UNCONFIRMED", IPCTNL_MSG_CT_GET_UNCONFIRMED),
      get("conntrack.get", "IPCTNL_MSG_CT_GET", IPCTNL_MSG_CT_GET),
      get("conntrack.reset", "IPCTNL_MSG_CT_GET_CTRZERO", IPCTNL_MSG_CT_GET_CTRZERO),
      change("conntrack.add", "IPCTNL_MSG_CT_NEW", IPCTNL_MSG_CT_NEW, NLM_F_CREATE | NLM_F_EXCL, &changeSchema),
      change("conntrack.update", "IPCTNL_MSG_CT_NEW", IPCTNL_MSG_CT_NEW, 0, &changeSchema),
      change("conntrack.delete", "IPCTNL_MSG_CT_DELETE", IPCTNL_MSG_CT_DELETE, 0, &changeSchema),
      change("conntrack.flush", "IPCTNL_MSG_CT_DELETE", IPCTNL_MSG_CT_DELETE, 0, &filterSchema),
      {"conntrack.count", "IPCTNL_MSG_CT_GET_STATS", NETLINK_NETFILTER, message(IPCTNL_MSG_CT_GET_STATS), 0, Kind::Get,
       &countSchema, &countSchema, message(IPCTNL_MSG_CT_GET_STATS)},
      {"conntrack.cpus", "IPCTNL_MSG_CT_GET_STATS_CPU", NETLINK_NETFILTER, message(IPCTNL_MSG_CT_GET_STATS_CPU),
       NLM_F_DUMP, Kind::Dump, &cpuSchema, &cpuSchema, message(IPCTNL_MSG_CT_GET_STATS_CPU)},
  };
}

std::vector<EventMessage> conntrackEvents() {
  return {
      // ctnetlink_conntrack_event: one type of message for both.
      {"flow.new", NETLINK_NETFILTER, message(IPCTNL_MSG_CT_NEW), &flowSchema, NLM_F_CREATE},
      {"flow.update", NETLINK_NETFILTER, message(IPCTNL_MSG_CT_NEW), &flowSchema},
      {"flow.destroy", NETLINK_NETFILTER, message(IPCTNL_MSG_CT_DELETE), &flowSchema},
  };
}

}  // namespace netloom
