// Operations: what can be asked of the kernel, each by the name that TypeScript uses for it.
#pragma once

#include "netlink/schema.h"

namespace netloom {

enum class Kind : uint8_t {
  Change,           // settled by an ack
  Get,              // one reply
  Dump,             // replies until NLMSG_DONE
  DumpRows,         // the same of set elements, as packed rows
  DumpCountedRows,  // the same of elements that each have a counter
  Begin,            // opens an nfnetlink batch: a transaction, sent as one datagram
  End,              // closes it
  Columns,          // sends nothing: columns for the packed requests behind it
  GetRows,          // looks rows of columns up in a set: those that it has, as packed rows
  Rows,             // rows of columns that become as many NFT_MSG_*SETELEM messages as they need
};

struct Operation {
  const char* name;     // "addresses.add"
  const char* message;  // "RTM_NEWADDR"
  int protocol;         // NETLINK_ROUTE, NETLINK_NETFILTER
  uint16_t type;
  uint16_t flags;  // besides NLM_F_REQUEST
  Kind kind;
  const Schema* schema;
  const Schema* reply = nullptr;
  uint16_t replyType = 0;
};

// All of them; a request names its operation by its index here. Built once, before any thread starts.
const std::vector<Operation>& operations();

// The families' parts of it.
std::vector<Operation> linkOperations();
std::vector<Operation> addressOperations();
std::vector<Operation> routeOperations();
std::vector<Operation> nexthopOperations();
std::vector<Operation> namespaceIdOperations();
std::vector<Operation> ruleOperations();
std::vector<Operation> neighbourOperations();
std::vector<Operation> nftablesOperations();
std::vector<Operation> conntrackOperations();
std::vector<Operation> expectationOperations();

}  // namespace netloom
