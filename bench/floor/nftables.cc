#include "nftables.h"

#include <arpa/inet.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <vector>

namespace bench {
namespace {

// nft's own numbers, which it reads back from the kernel.
constexpr uint32_t kIpv4Type = 7;
constexpr uint32_t kIpv4Bytes = 4;
constexpr uint32_t kPortType = 13;
constexpr uint8_t kCommentUserdata = 0;

constexpr size_t kListBytes = UINT16_MAX - 64;

nfgenmsg header(uint8_t family) {
  return {.nfgen_family = family, .version = NFNETLINK_V0, .res_id = 0};
}

constexpr uint16_t type(int message) {
  return NFNL_SUBSYS_NFTABLES << 8 | message;
}

void putNumber(nl_msg* message, int attribute, uint32_t value) {
  nla_put_u32(message, attribute, htonl(value));
}

void putSize(nl_msg* message, size_t size) {
  auto* description = nla_nest_start(message, NFTA_SET_DESC);
  putNumber(message, NFTA_SET_DESC_SIZE, size);
  nla_nest_end(message, description);
}

void putAddress(nl_msg* message, int attribute, uint32_t address) {
  auto* nest = nla_nest_start(message, attribute);
  putNumber(message, NFTA_DATA_VALUE, address);
  nla_nest_end(message, nest);
}

void elements(Batch& batch, uint16_t messageType, uint16_t flags, const Set& set, bool values,
              std::span<const Element> list) {
  for (size_t at = 0; at < list.size();) {
    batch.add(messageType, flags, header(set.family), [&](nl_msg* message) {
      nla_put_string(message, NFTA_SET_ELEM_LIST_TABLE, kTable);
      nla_put_string(message, NFTA_SET_ELEM_LIST_SET, set.name);
      auto* nest = nla_nest_start(message, NFTA_SET_ELEM_LIST_ELEMENTS);
      const size_t start = nlmsg_hdr(message)->nlmsg_len;
      for (; at < list.size() && nlmsg_hdr(message)->nlmsg_len - start < kListBytes; ++at) {
        auto* element = nla_nest_start(message, NFTA_LIST_ELEM);
        putAddress(message, NFTA_SET_ELEM_KEY, list[at].key);
        if (values) putAddress(message, NFTA_SET_ELEM_DATA, list[at].value);
        nla_nest_end(message, element);
      }
      nla_nest_end(message, nest);
    });
  }
}

Batch dumpRequest(int message) {
  Batch request;
  request.add(type(message), NLM_F_DUMP, header(NFPROTO_UNSPEC));
  return request;
}

void bound(Batch& batch, int message) {
  // The resource id names the subsystem, in network order.
  const nfgenmsg header{.nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0, .res_id = htons(NFNL_SUBSYS_NFTABLES)};
  batch.add(message, 0, header);
}

}  // namespace

const Set kDnatMap{NFPROTO_IPV4, "fip_dnat", true};
const Set kSnatMap{NFPROTO_IPV4, "fip_snat", true};
const Set kArpSet{NFPROTO_ARP, "fip_arp", false};

size_t capacityFor(size_t elements) {
  return std::max<size_t>(1024, std::bit_ceil(elements + 1));
}

void begin(Batch& batch) {
  bound(batch, NFNL_MSG_BATCH_BEGIN);
}

void end(Batch& batch) {
  bound(batch, NFNL_MSG_BATCH_END);
}

void putComment(nl_msg* message, int attribute, const char* comment) {
  // One octet of type, one of length, the text with its end.
  std::string userdata{static_cast<char>(kCommentUserdata), static_cast<char>(strlen(comment) + 1)};
  userdata.append(comment).push_back('\0');
  nla_put(message, attribute, userdata.size(), userdata.data());
}

void addTable(Batch& batch, uint8_t family, const char* comment) {
  batch.add(type(NFT_MSG_NEWTABLE), NLM_F_CREATE, header(family), [&](nl_msg* message) {
    nla_put_string(message, NFTA_TABLE_NAME, kTable);
    if (comment) putComment(message, NFTA_TABLE_USERDATA, comment);
  });
}

void addSet(Batch& batch, const Set& set, size_t size) {
  batch.add(type(NFT_MSG_NEWSET), NLM_F_CREATE, header(set.family), [&](nl_msg* message) {
    nla_put_string(message, NFTA_SET_TABLE, kTable);
    nla_put_string(message, NFTA_SET_NAME, set.name);
    putNumber(message, NFTA_SET_FLAGS, set.map ? NFT_SET_MAP : 0);
    putNumber(message, NFTA_SET_KEY_TYPE, kIpv4Type);
    putNumber(message, NFTA_SET_KEY_LEN, kIpv4Bytes);
    if (set.map) {
      putNumber(message, NFTA_SET_DATA_TYPE, kIpv4Type);
      putNumber(message, NFTA_SET_DATA_LEN, kIpv4Bytes);
    }
    if (size > 0) putSize(message, size);
    putNumber(message, NFTA_SET_ID, 1);
  });
}

void addPorts(Batch& batch, uint8_t family, const std::string& name, uint32_t id, std::span<const uint16_t> ports) {
  batch.add(type(NFT_MSG_NEWSET), NLM_F_CREATE, header(family), [&](nl_msg* message) {
    nla_put_string(message, NFTA_SET_TABLE, kTable);
    nla_put_string(message, NFTA_SET_NAME, name.c_str());
    putNumber(message, NFTA_SET_FLAGS, NFT_SET_ANONYMOUS | NFT_SET_CONSTANT);
    putNumber(message, NFTA_SET_KEY_TYPE, kPortType);
    putNumber(message, NFTA_SET_KEY_LEN, sizeof(uint16_t));
    putSize(message, ports.size());
    putNumber(message, NFTA_SET_ID, id);
  });
  batch.add(type(NFT_MSG_NEWSETELEM), NLM_F_CREATE, header(family), [&](nl_msg* message) {
    nla_put_string(message, NFTA_SET_ELEM_LIST_TABLE, kTable);
    nla_put_string(message, NFTA_SET_ELEM_LIST_SET, name.c_str());
    putNumber(message, NFTA_SET_ELEM_LIST_SET_ID, id);
    auto* list = nla_nest_start(message, NFTA_SET_ELEM_LIST_ELEMENTS);
    for (const uint16_t port : ports) {
      auto* element = nla_nest_start(message, NFTA_LIST_ELEM);
      auto* key = nla_nest_start(message, NFTA_SET_ELEM_KEY);
      nla_put_u16(message, NFTA_DATA_VALUE, htons(port));
      nla_nest_end(message, key);
      nla_nest_end(message, element);
    }
    nla_nest_end(message, list);
  });
}

void addElements(Batch& batch, const Set& set, std::span<const Element> list) {
  elements(batch, type(NFT_MSG_NEWSETELEM), NLM_F_CREATE, set, set.map, list);
}

void deleteElements(Batch& batch, const Set& set, std::span<const Element> list) {
  elements(batch, type(NFT_MSG_DELSETELEM), 0, set, false, list);
}

Batch tablesRequest() {
  return dumpRequest(NFT_MSG_GETTABLE);
}

Batch chainsRequest() {
  return dumpRequest(NFT_MSG_GETCHAIN);
}

Batch rulesetRequest() {
  return dumpRequest(NFT_MSG_GETRULE);
}

Batch setsRequest() {
  return dumpRequest(NFT_MSG_GETSET);
}

Batch objectsRequest() {
  return dumpRequest(NFT_MSG_GETOBJ);
}

Batch flowtablesRequest() {
  return dumpRequest(NFT_MSG_GETFLOWTABLE);
}

Batch elementsRequest(const Set& set) {
  Batch request;
  request.add(type(NFT_MSG_GETSETELEM), NLM_F_DUMP, header(set.family), [&](nl_msg* message) {
    nla_put_string(message, NFTA_SET_ELEM_LIST_TABLE, kTable);
    nla_put_string(message, NFTA_SET_ELEM_LIST_SET, set.name);
  });
  return request;
}

const char* setName(const nlmsghdr* definition) {
  return nla_get_string(nlmsg_find_attr(const_cast<nlmsghdr*>(definition), sizeof(nfgenmsg), NFTA_SET_NAME));
}

size_t countIn(const nlmsghdr* message) {
  auto* list = nlmsg_find_attr(const_cast<nlmsghdr*>(message), sizeof(nfgenmsg), NFTA_SET_ELEM_LIST_ELEMENTS);
  size_t found = 0;
  if (!list) return found;
  nlattr* element;
  int left;
  nla_for_each_nested(element, list, left)++ found;
  return found;
}

size_t countElements(Socket& socket, const Set& set) {
  size_t found = 0;
  socket.dump(elementsRequest(set), [&](const nlmsghdr* message) { found += countIn(message); });
  return found;
}

}  // namespace bench
