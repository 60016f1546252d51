// nf_tables: tables, chains, rules, sets and their elements. linux/netfilter/nf_tables.h.
#include <netinet/in.h>  // ahead of linux/in.h, which gives way to it

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "netlink/event.h"
#include "netlink/operation.h"
#include "nftables/expressions/expressions.h"
#include "nftables/named_objects.h"

namespace netloom {
namespace {

const Names familyNames{"nftFamily",
                        false,
                        {{"unspec", NFPROTO_UNSPEC},
                         {"inet", NFPROTO_INET},
                         {"ip", NFPROTO_IPV4},
                         {"arp", NFPROTO_ARP},
                         {"netdev", NFPROTO_NETDEV},
                         {"bridge", NFPROTO_BRIDGE},
                         {"ip6", NFPROTO_IPV6}}};

Field familyField() {
  return header("family", Type::U8, offsetof(nfgenmsg, nfgen_family), &familyNames);
}

constexpr uint16_t message(int type) {
  return (NFNL_SUBSYS_NFTABLES << 8) | type;
}

// Messages that headers before Linux 6.2, 6.3 and 6.5 lack.
constexpr int kGetRuleReset = 25;
constexpr int kDestroyTable = 26;
constexpr int kDestroyChain = 27;
constexpr int kDestroyRule = 28;
constexpr int kDestroySet = 29;
constexpr int kDestroySetElem = 30;
constexpr int kDestroyObj = 31;
constexpr int kDestroyFlowtable = 32;
constexpr int kGetSetElemReset = 33;

// ---- transactions

// The batch's resource id names the subsystem, in network order, where other messages have zero.
const Schema batchSchema{"batch",
                         sizeof(nfgenmsg),
                         {header("subsystem", Type::Be16, offsetof(nfgenmsg, res_id)),
                          attribute("generation", Type::Be32, NFNL_BATCH_GENID)}};

const Schema generationSchema{
    "generation",
    sizeof(nfgenmsg),
    {attribute("id", Type::Be32, NFTA_GEN_ID), attribute("pid", Type::Be32, NFTA_GEN_PROC_PID),
     attribute("process", Type::String, NFTA_GEN_PROC_NAME)}};

// ---- tables

// NFT_TABLE_F_PERSIST, which headers before Linux 6.9 lack.
constexpr int kTablePersist = 4;

const Names tableFlagNames{
    "tableFlags", true, {{"dormant", NFT_TABLE_F_DORMANT}, {"owner", NFT_TABLE_F_OWNER}, {"persist", kTablePersist}}};

const Schema tableSchema{
    "table",
    sizeof(nfgenmsg),
    {familyField(), attribute("name", Type::String, NFTA_TABLE_NAME),
     attribute("flags", Type::Be32, NFTA_TABLE_FLAGS, &tableFlagNames), attribute("use", Type::Be32, NFTA_TABLE_USE),
     attribute("handle", Type::Be64, NFTA_TABLE_HANDLE), attribute("userdata", Type::Bytes, NFTA_TABLE_USERDATA),
     attribute("owner", Type::Be32, NFTA_TABLE_OWNER)}};

// ---- chains

const Names policyNames{"chainPolicy", false, {{"drop", NF_DROP}, {"accept", NF_ACCEPT}}};

const Schema hookSchema{
    "hook",
    0,
    {attribute("hooknum", Type::Be32, NFTA_HOOK_HOOKNUM), attribute("priority", Type::SBe32, NFTA_HOOK_PRIORITY),
     attribute("dev", Type::String, NFTA_HOOK_DEV), strings("devs", NFTA_HOOK_DEVS, NFTA_DEVICE_NAME)}};

const Schema chainSchema{
    "chain",
    sizeof(nfgenmsg),
    {familyField(), attribute("table", Type::String, NFTA_CHAIN_TABLE),
     attribute("handle", Type::Be64, NFTA_CHAIN_HANDLE), attribute("name", Type::String, NFTA_CHAIN_NAME),
     nest("hook", NFTA_CHAIN_HOOK, &hookSchema), attribute("policy", Type::Be32, NFTA_CHAIN_POLICY, &policyNames),
     attribute("use", Type::Be32, NFTA_CHAIN_USE), attribute("kind", Type::String, NFTA_CHAIN_TYPE),
     attribute("flags", Type::Be32, NFTA_CHAIN_FLAGS), attribute("id", Type::Be32, NFTA_CHAIN_ID),
     attribute("userdata", Type::Bytes, NFTA_CHAIN_USERDATA)}};

// ---- rules

// What xtables' matches and targets are checked against; the kernel asks for it and does not give it back.
const Schema compatSchema{
    "ruleCompat",
    0,
    {attribute("proto", Type::Be32, NFTA_RULE_COMPAT_PROTO), attribute("flags", Type::Be32, NFTA_RULE_COMPAT_FLAGS)}};

const Schema ruleSchema{
    "nftRule",
    sizeof(nfgenmsg),
    {familyField(), attribute("table", Type::String, NFTA_RULE_TABLE),
     attribute("chain", Type::String, NFTA_RULE_CHAIN), attribute("handle", Type::Be64, NFTA_RULE_HANDLE),
     list("expressions", NFTA_RULE_EXPRESSIONS, NFTA_LIST_ELEM, &expressionSchema),
     attribute("position", Type::Be64, NFTA_RULE_POSITION), attribute("userdata", Type::Bytes, NFTA_RULE_USERDATA),
     attribute("id", Type::Be32, NFTA_RULE_ID), attribute("positionId", Type::Be32, NFTA_RULE_POSITION_ID),
     nest("compat", NFTA_RULE_COMPAT, &compatSchema)}};

// ---- sets

// NFTA_SET_COUNT, which headers before Linux 6.16 lack.
constexpr int kSetCount = 20;

const Names setFlagNames{"setFlags",
                         true,
                         {{"anonymous", NFT_SET_ANONYMOUS},
                          {"constant", NFT_SET_CONSTANT},
                          {"interval", NFT_SET_INTERVAL},
                          {"map", NFT_SET_MAP},
                          {"timeout", NFT_SET_TIMEOUT},
                          {"eval", NFT_SET_EVAL},
                          {"object", NFT_SET_OBJECT},
                          {"concat", NFT_SET_CONCAT},
                          {"expr", NFT_SET_EXPR}}};

const Names setPolicyNames{
    "setPolicy", false, {{"performance", NFT_SET_POL_PERFORMANCE}, {"memory", NFT_SET_POL_MEMORY}}};

const Schema concatSchema{"setField", 0, {attribute("len", Type::Be32, NFTA_SET_FIELD_LEN)}};

const Schema descSchema{"setDescription",
                        0,
                        {attribute("size", Type::Be32, NFTA_SET_DESC_SIZE),
                         list("concat", NFTA_SET_DESC_CONCAT, NFTA_LIST_ELEM, &concatSchema)}};

const Schema setSchema{
    "set",
    sizeof(nfgenmsg),
    {familyField(), attribute("table", Type::String, NFTA_SET_TABLE), attribute("name", Type::String, NFTA_SET_NAME),
     attribute("flags", Type::Be32, NFTA_SET_FLAGS, &setFlagNames), attribute("keyType", Type::Be32, NFTA_SET_KEY_TYPE),
     attribute("keyLen", Type::Be32, NFTA_SET_KEY_LEN), attribute("dataType", Type::Be32, NFTA_SET_DATA_TYPE),
     attribute("dataLen", Type::Be32, NFTA_SET_DATA_LEN),
     attribute("policy", Type::Be32, NFTA_SET_POLICY, &setPolicyNames), nest("desc", NFTA_SET_DESC, &descSchema),
     attribute("id", Type::Be32, NFTA_SET_ID), attribute("timeout", Type::Be64, NFTA_SET_TIMEOUT),
     attribute("gcInterval", Type::Be32, NFTA_SET_GC_INTERVAL), attribute("userdata", Type::Bytes, NFTA_SET_USERDATA),
     attribute("handle", Type::Be64, NFTA_SET_HANDLE), attribute("count", Type::Be32, kSetCount),
     attribute("objectType", Type::Be32, NFTA_SET_OBJ_TYPE, &objectTypeNames),
     nest("expr", NFTA_SET_EXPR, &expressionSchema),
     list("expressions", NFTA_SET_EXPRESSIONS, NFTA_LIST_ELEM, &expressionSchema)}};

const Names elementFlagNames{
    "elementFlags", true, {{"interval-end", NFT_SET_ELEM_INTERVAL_END}, {"catchall", NFT_SET_ELEM_CATCHALL}}};

const Schema elementSchema{
    "element",
    0,
    {nest("key", NFTA_SET_ELEM_KEY, &dataSchema), nest("keyEnd", NFTA_SET_ELEM_KEY_END, &dataSchema),
     nest("data", NFTA_SET_ELEM_DATA, &dataSchema),
     attribute("flags", Type::Be32, NFTA_SET_ELEM_FLAGS, &elementFlagNames),
     attribute("timeout", Type::Be64, NFTA_SET_ELEM_TIMEOUT),
     attribute("expiration", Type::Be64, NFTA_SET_ELEM_EXPIRATION),
     attribute("userdata", Type::Bytes, NFTA_SET_ELEM_USERDATA),
     attribute("object", Type::String, NFTA_SET_ELEM_OBJREF), nest("expr", NFTA_SET_ELEM_EXPR, &expressionSchema),
     list("expressions", NFTA_SET_ELEM_EXPRESSIONS, NFTA_LIST_ELEM, &expressionSchema)}};

const Schema elementsSchema{
    "elements",
    sizeof(nfgenmsg),
    {familyField(), attribute("table", Type::String, NFTA_SET_ELEM_LIST_TABLE),
     attribute("set", Type::String, NFTA_SET_ELEM_LIST_SET), attribute("setId", Type::Be32, NFTA_SET_ELEM_LIST_SET_ID),
     list("elements", NFTA_SET_ELEM_LIST_ELEMENTS, NFTA_LIST_ELEM, &elementSchema)}};

// ---- named objects

const Schema objectSchema{
    "object",
    sizeof(nfgenmsg),
    {familyField(), attribute("table", Type::String, NFTA_OBJ_TABLE), attribute("name", Type::String, NFTA_OBJ_NAME),
     numbered("type", Type::Be32, NFTA_OBJ_TYPE, NFTA_OBJ_DATA, &namedObjects),
     attribute("use", Type::Be32, NFTA_OBJ_USE), attribute("handle", Type::Be64, NFTA_OBJ_HANDLE),
     attribute("userdata", Type::Bytes, NFTA_OBJ_USERDATA)}};

// ---- flowtables

const Names flowtableFlagNames{
    "flowtableFlags", true, {{"offload", NFT_FLOWTABLE_HW_OFFLOAD}, {"counter", NFT_FLOWTABLE_COUNTER}}};

const Schema flowtableHookSchema{"flowtableHook",
                                 0,
                                 {attribute("hooknum", Type::Be32, NFTA_FLOWTABLE_HOOK_NUM),
                                  attribute("priority", Type::SBe32, NFTA_FLOWTABLE_HOOK_PRIORITY),
                                  strings("devs", NFTA_FLOWTABLE_HOOK_DEVS, NFTA_DEVICE_NAME)}};

const Schema flowtableSchema{
    "flowtable",
    sizeof(nfgenmsg),
    {familyField(), attribute("table", Type::String, NFTA_FLOWTABLE_TABLE),
     attribute("name", Type::String, NFTA_FLOWTABLE_NAME), nest("hook", NFTA_FLOWTABLE_HOOK, &flowtableHookSchema),
     attribute("use", Type::Be32, NFTA_FLOWTABLE_USE), attribute("handle", Type::Be64, NFTA_FLOWTABLE_HANDLE),
     attribute("flags", Type::Be32, NFTA_FLOWTABLE_FLAGS, &flowtableFlagNames)}};

Operation change(const char* name, const char* words, int type, uint16_t flags, const Schema* schema) {
  return {name, words, NETLINK_NETFILTER, message(type), flags, Kind::Change, schema};
}

// A change that is told back to whoever made it, once it is done: with the handle that the kernel has given.
Operation echo(const char* name, const char* words, int type, uint16_t flags, const Schema* schema) {
  const auto all = static_cast<uint16_t>(flags | NLM_F_ECHO);
  return {name, words, NETLINK_NETFILTER, message(type), all, Kind::Change, schema, schema, message(type)};
}

Operation get(const char* name, const char* words, int type, int replyType, const Schema* schema) {
  return {name, words, NETLINK_NETFILTER, message(type), 0, Kind::Get, schema, schema, message(replyType)};
}

Operation dump(const char* name, const char* words, int type, int replyType, const Schema* schema) {
  return {name, words, NETLINK_NETFILTER, message(type), NLM_F_DUMP, Kind::Dump, schema, schema, message(replyType)};
}

Operation rows(const char* name, const char* words, int type, uint16_t flags) {
  return {name, words, NETLINK_NETFILTER, message(type), flags, Kind::Rows, nullptr, &elementsSchema};
}

}  // namespace

std::vector<Operation> nftablesOperations() {
  constexpr uint16_t add = NLM_F_CREATE;
  constexpr uint16_t create = NLM_F_CREATE | NLM_F_EXCL;
  return {
      {"nft.begin", "NFNL_MSG_BATCH_BEGIN", NETLINK_NETFILTER, NFNL_MSG_BATCH_BEGIN, 0, Kind::Begin, &batchSchema},
      {"nft.end", "NFNL_MSG_BATCH_END", NETLINK_NETFILTER, NFNL_MSG_BATCH_END, 0, Kind::End, &batchSchema},
      {"nft.generation", "NFT_MSG_GETGEN", NETLINK_NETFILTER, message(NFT_MSG_GETGEN), 0, Kind::Get, &generationSchema,
       &generationSchema, message(NFT_MSG_NEWGEN)},
      change("nft.newtable", "NFT_MSG_NEWTABLE", NFT_MSG_NEWTABLE, add, &tableSchema),
      echo("nft.newtable.echo", "NFT_MSG_NEWTABLE", NFT_MSG_NEWTABLE, add, &tableSchema),
      change("nft.createtable", "NFT_MSG_NEWTABLE", NFT_MSG_NEWTABLE, create, &tableSchema),
      echo("nft.createtable.echo", "NFT_MSG_NEWTABLE", NFT_MSG_NEWTABLE, create, &tableSchema),
      change("nft.deltable", "NFT_MSG_DELTABLE", NFT_MSG_DELTABLE, 0, &tableSchema),
      change("nft.destroytable", "NFT_MSG_DESTROYTABLE", kDestroyTable, 0, &tableSchema),
      dump("nft.tables", "NFT_MSG_GETTABLE", NFT_MSG_GETTABLE, NFT_MSG_NEWTABLE, &tableSchema),
      get("nft.table", "NFT_MSG_GETTABLE", NFT_MSG_GETTABLE, NFT_MSG_NEWTABLE, &tableSchema),
      change("nft.newchain", "NFT_MSG_NEWCHAIN", NFT_MSG_NEWCHAIN, add, &chainSchema),
      echo("nft.newchain.echo", "NFT_MSG_NEWCHAIN", NFT_MSG_NEWCHAIN, add, &chainSchema),
      change("nft.createchain", "NFT_MSG_NEWCHAIN", NFT_MSG_NEWCHAIN, create, &chainSchema),
      echo("nft.createchain.echo", "NFT_MSG_NEWCHAIN", NFT_MSG_NEWCHAIN, create, &chainSchema),
      change("nft.delchain", "NFT_MSG_DELCHAIN", NFT_MSG_DELCHAIN, 0, &chainSchema),
      change("nft.destroychain", "NFT_MSG_DESTROYCHAIN", kDestroyChain, 0, &chainSchema),
      dump("nft.chains", "NFT_MSG_GETCHAIN", NFT_MSG_GETCHAIN, NFT_MSG_NEWCHAIN, &chainSchema),
      get("nft.chain", "NFT_MSG_GETCHAIN", NFT_MSG_GETCHAIN, NFT_MSG_NEWCHAIN, &chainSchema),
      change("nft.addrule", "NFT_MSG_NEWRULE", NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, &ruleSchema),
      echo("nft.addrule.echo", "NFT_MSG_NEWRULE", NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, &ruleSchema),
      change("nft.insertrule", "NFT_MSG_NEWRULE", NFT_MSG_NEWRULE, NLM_F_CREATE, &ruleSchema),
      echo("nft.insertrule.echo", "NFT_MSG_NEWRULE", NFT_MSG_NEWRULE, NLM_F_CREATE, &ruleSchema),
      change("nft.replacerule", "NFT_MSG_NEWRULE", NFT_MSG_NEWRULE, NLM_F_REPLACE, &ruleSchema),
      echo("nft.replacerule.echo", "NFT_MSG_NEWRULE", NFT_MSG_NEWRULE, NLM_F_REPLACE, &ruleSchema),
      change("nft.delrule", "NFT_MSG_DELRULE", NFT_MSG_DELRULE, 0, &ruleSchema),
      change("nft.destroyrule", "NFT_MSG_DESTROYRULE", kDestroyRule, 0, &ruleSchema),
      dump("nft.rules", "NFT_MSG_GETRULE", NFT_MSG_GETRULE, NFT_MSG_NEWRULE, &ruleSchema),
      dump("nft.resetrules", "NFT_MSG_GETRULE_RESET", kGetRuleReset, NFT_MSG_NEWRULE, &ruleSchema),
      get("nft.resetrule", "NFT_MSG_GETRULE_RESET", kGetRuleReset, NFT_MSG_NEWRULE, &ruleSchema),
      change("nft.newset", "NFT_MSG_NEWSET", NFT_MSG_NEWSET, add, &setSchema),
      echo("nft.newset.echo", "NFT_MSG_NEWSET", NFT_MSG_NEWSET, add, &setSchema),
      change("nft.createset", "NFT_MSG_NEWSET", NFT_MSG_NEWSET, create, &setSchema),
      echo("nft.createset.echo", "NFT_MSG_NEWSET", NFT_MSG_NEWSET, create, &setSchema),
      change("nft.delset", "NFT_MSG_DELSET", NFT_MSG_DELSET, 0, &setSchema),
      change("nft.destroyset", "NFT_MSG_DESTROYSET", kDestroySet, 0, &setSchema),
      dump("nft.sets", "NFT_MSG_GETSET", NFT_MSG_GETSET, NFT_MSG_NEWSET, &setSchema),
      get("nft.set", "NFT_MSG_GETSET", NFT_MSG_GETSET, NFT_MSG_NEWSET, &setSchema),
      change("nft.newsetelem", "NFT_MSG_NEWSETELEM", NFT_MSG_NEWSETELEM, add, &elementsSchema),
      change("nft.createsetelem", "NFT_MSG_NEWSETELEM", NFT_MSG_NEWSETELEM, create, &elementsSchema),
      change("nft.delsetelem", "NFT_MSG_DELSETELEM", NFT_MSG_DELSETELEM, 0, &elementsSchema),
      change("nft.destroysetelem", "NFT_MSG_DESTROYSETELEM", kDestroySetElem, 0, &elementsSchema),
      dump("nft.setelems", "NFT_MSG_GETSETELEM", NFT_MSG_GETSETELEM, NFT_MSG_NEWSETELEM, &elementsSchema),
      dump("nft.resetelems", "NFT_MSG_GETSETELEM_RESET", kGetSetElemReset, NFT_MSG_NEWSETELEM, &elementsSchema),
      get("nft.resetelem", "NFT_MSG_GETSETELEM_RESET", kGetSetElemReset, NFT_MSG_NEWSETELEM, &elementsSchema),
      {"nft.setrows", "NFT_MSG_GETSETELEM", NETLINK_NETFILTER, message(NFT_MSG_GETSETELEM), NLM_F_DUMP, Kind::DumpRows,
       &elementsSchema, &elementsSchema, message(NFT_MSG_NEWSETELEM)},
      {"nft.countedrows", "NFT_MSG_GETSETELEM", NETLINK_NETFILTER, message(NFT_MSG_GETSETELEM), NLM_F_DUMP,
       Kind::DumpCountedRows, &elementsSchema, &elementsSchema, message(NFT_MSG_NEWSETELEM)},
      {"nft.getrows", "NFT_MSG_GETSETELEM", NETLINK_NETFILTER, message(NFT_MSG_GETSETELEM), 0, Kind::GetRows, nullptr,
       &elementsSchema, message(NFT_MSG_NEWSETELEM)},
      change("nft.newobj", "NFT_MSG_NEWOBJ", NFT_MSG_NEWOBJ, add, &objectSchema),
      echo("nft.newobj.echo", "NFT_MSG_NEWOBJ", NFT_MSG_NEWOBJ, add, &objectSchema),
      change("nft.createobj", "NFT_MSG_NEWOBJ", NFT_MSG_NEWOBJ, create, &objectSchema),
      echo("nft.createobj.echo", "NFT_MSG_NEWOBJ", NFT_MSG_NEWOBJ, create, &objectSchema),
      change("nft.delobj", "NFT_MSG_DELOBJ", NFT_MSG_DELOBJ, 0, &objectSchema),
      change("nft.destroyobj", "NFT_MSG_DESTROYOBJ", kDestroyObj, 0, &objectSchema),
      dump("nft.objs", "NFT_MSG_GETOBJ", NFT_MSG_GETOBJ, NFT_MSG_NEWOBJ, &objectSchema),
      get("nft.obj", "NFT_MSG_GETOBJ", NFT_MSG_GETOBJ, NFT_MSG_NEWOBJ, &objectSchema),
      dump("nft.resetobjs", "NFT_MSG_GETOBJ_RESET", NFT_MSG_GETOBJ_RESET, NFT_MSG_NEWOBJ, &objectSchema),
      get("nft.resetobj", "NFT_MSG_GETOBJ_RESET", NFT_MSG_GETOBJ_RESET, NFT_MSG_NEWOBJ, &objectSchema),
      change("nft.newflowtable", "NFT_MSG_NEWFLOWTABLE", NFT_MSG_NEWFLOWTABLE, add, &flowtableSchema),
      echo("nft.newflowtable.echo", "NFT_MSG_NEWFLOWTABLE", NFT_MSG_NEWFLOWTABLE, add, &flowtableSchema),
      change("nft.createflowtable", "NFT_MSG_NEWFLOWTABLE", NFT_MSG_NEWFLOWTABLE, create, &flowtableSchema),
      echo("nft.createflowtable.echo", "NFT_MSG_NEWFLOWTABLE", NFT_MSG_NEWFLOWTABLE, create, &flowtableSchema),
      change("nft.delflowtable", "NFT_MSG_DELFLOWTABLE", NFT_MSG_DELFLOWTABLE, 0, &flowtableSchema),
      change("nft.destroyflowtable", "NFT_MSG_DESTROYFLOWTABLE", kDestroyFlowtable, 0, &flowtableSchema),
      dump("nft.flowtables", "NFT_MSG_GETFLOWTABLE", NFT_MSG_GETFLOWTABLE, NFT_MSG_NEWFLOWTABLE, &flowtableSchema),
      get("nft.flowtable", "NFT_MSG_GETFLOWTABLE", NFT_MSG_GETFLOWTABLE, NFT_MSG_NEWFLOWTABLE, &flowtableSchema),
      rows("nft.newrows", "NFT_MSG_NEWSETELEM", NFT_MSG_NEWSETELEM, add),
      rows("nft.createrows", "NFT_MSG_NEWSETELEM", NFT_MSG_NEWSETELEM, create),
      rows("nft.delrows", "NFT_MSG_DELSETELEM", NFT_MSG_DELSETELEM, 0),
  };
}

std::vector<EventMessage> nftablesEvents() {
  return {
      {"nft.table.add", NETLINK_NETFILTER, message(NFT_MSG_NEWTABLE), &tableSchema},
      {"nft.table.delete", NETLINK_NETFILTER, message(NFT_MSG_DELTABLE), &tableSchema},
      {"nft.table.delete", NETLINK_NETFILTER, message(kDestroyTable), &tableSchema},
      {"nft.chain.add", NETLINK_NETFILTER, message(NFT_MSG_NEWCHAIN), &chainSchema},
      {"nft.chain.delete", NETLINK_NETFILTER, message(NFT_MSG_DELCHAIN), &chainSchema},
      {"nft.chain.delete", NETLINK_NETFILTER, message(kDestroyChain), &chainSchema},
      {"nft.rule.add", NETLINK_NETFILTER, message(NFT_MSG_NEWRULE), &ruleSchema, NLM_F_APPEND},
      {"nft.rule.insert", NETLINK_NETFILTER, message(NFT_MSG_NEWRULE), &ruleSchema},
      {"nft.rule.delete", NETLINK_NETFILTER, message(NFT_MSG_DELRULE), &ruleSchema},
      {"nft.rule.delete", NETLINK_NETFILTER, message(kDestroyRule), &ruleSchema},
      {"nft.set.add", NETLINK_NETFILTER, message(NFT_MSG_NEWSET), &setSchema},
      {"nft.set.delete", NETLINK_NETFILTER, message(NFT_MSG_DELSET), &setSchema},
      {"nft.set.delete", NETLINK_NETFILTER, message(kDestroySet), &setSchema},
      {"nft.element.add", NETLINK_NETFILTER, message(NFT_MSG_NEWSETELEM), &elementsSchema},
      {"nft.element.delete", NETLINK_NETFILTER, message(NFT_MSG_DELSETELEM), &elementsSchema},
      {"nft.element.delete", NETLINK_NETFILTER, message(kDestroySetElem), &elementsSchema},
      {"nft.object.add", NETLINK_NETFILTER, message(NFT_MSG_NEWOBJ), &objectSchema},
      {"nft.object.delete", NETLINK_NETFILTER, message(NFT_MSG_DELOBJ), &objectSchema},
      {"nft.object.delete", NETLINK_NETFILTER, message(kDestroyObj), &objectSchema},
      {"nft.flowtable.add", NETLINK_NETFILTER, message(NFT_MSG_NEWFLOWTABLE), &flowtableSchema},
      {"nft.flowtable.delete", NETLINK_NETFILTER, message(NFT_MSG_DELFLOWTABLE), &flowtableSchema},
      {"nft.flowtable.delete", NETLINK_NETFILTER, message(kDestroyFlowtable), &flowtableSchema},
      {"nft.generation", NETLINK_NETFILTER, message(NFT_MSG_NEWGEN), &generationSchema},
  };
}

}  // namespace netloom
