// nf_tables requests, between a transaction's begin and its end.
#pragma once

#include <netinet/in.h>  // ahead of linux/in.h, which gives way to it

#include <linux/netfilter.h>

#include <cstdint>
#include <span>
#include <string>

#include "batch.h"

namespace bench {

struct Set {
  uint8_t family;  // NFPROTO_*
  const char* name;
  bool map;  // ipv4_addr : ipv4_addr; else a set of ipv4_addr
};

constexpr char kTable[] = "netloom";
extern const Set kDnatMap;
extern const Set kSnatMap;
extern const Set kArpSet;

// nft's own, of rules as of tables.
void putComment(nl_msg* message, int attribute, const char* comment);

// What sets are made for: the power of two above the number of elements, 1024 at the least.
size_t capacityFor(size_t elements);

void begin(Batch& batch);
void end(Batch& batch);

void addTable(Batch& batch, uint8_t family, const char* comment = nullptr);
// Of any size where that is 0.
void addSet(Batch& batch, const Set& set, size_t size);

// Ports of one rule: no set of the user's. It is named as the kernel would name it, which then need not look for a
// name.
void addPorts(Batch& batch, uint8_t family, const std::string& name, uint32_t id, std::span<const uint16_t> ports);

struct Element {
  uint32_t key;
  uint32_t value;
};

// As many in each message as a list of them holds, which is 64 KiB.
void addElements(Batch& batch, const Set& set, std::span<const Element> elements);
void deleteElements(Batch& batch, const Set& set, std::span<const Element> elements);

// Requests for the definitions that a namespace has.
Batch tablesRequest();
Batch chainsRequest();
Batch rulesetRequest();
Batch setsRequest();
Batch objectsRequest();
Batch flowtablesRequest();

Batch elementsRequest(const Set& set);
// Within the message.
const char* setName(const nlmsghdr* definition);
size_t countIn(const nlmsghdr* elements);
size_t countElements(Socket& socket, const Set& set);

}  // namespace bench
