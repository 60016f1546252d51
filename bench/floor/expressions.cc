#include "expressions.h"

#include <arpa/inet.h>
#include <endian.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include <cstring>
#include <utility>

namespace bench {
namespace {

constexpr uint32_t kRegister = NFT_REG_1;

void putNumber(nl_msg* message, int attribute, uint32_t value) {
  nla_put_u32(message, attribute, htonl(value));
}

void putLong(nl_msg* message, int attribute, uint64_t value) {
  nla_put_u64(message, attribute, htobe64(value));
}

void putData(nl_msg* message, int attribute, const void* value, size_t size) {
  auto* nest = nla_nest_start(message, attribute);
  nla_put(message, NFTA_DATA_VALUE, static_cast<int>(size), value);
  nla_nest_end(message, nest);
}

template <typename Attributes>
Expression expression(const char* name, Attributes attributes) {
  return [=](nl_msg* message) {
    auto* element = nla_nest_start(message, NFTA_LIST_ELEM);
    nla_put_string(message, NFTA_EXPR_NAME, name);
    auto* data = nla_nest_start(message, NFTA_EXPR_DATA);
    attributes(message);
    nla_nest_end(message, data);
    nla_nest_end(message, element);
  };
}

Expression load(uint32_t base, uint32_t offset, uint32_t size) {
  return expression("payload", [=](nl_msg* message) {
    putNumber(message, NFTA_PAYLOAD_DREG, kRegister);
    putNumber(message, NFTA_PAYLOAD_BASE, base);
    putNumber(message, NFTA_PAYLOAD_OFFSET, offset);
    putNumber(message, NFTA_PAYLOAD_LEN, size);
  });
}

Expression loadBytes(std::string bytes) {
  return expression("immediate", [=](nl_msg* message) {
    putNumber(message, NFTA_IMMEDIATE_DREG, kRegister);
    putData(message, NFTA_IMMEDIATE_DATA, bytes.data(), bytes.size());
  });
}

template <typename Number>
std::string bytesOf(Number number) {
  return {reinterpret_cast<const char*>(&number), sizeof(number)};
}

nfgenmsg header(uint8_t family) {
  return {.nfgen_family = family, .version = NFNETLINK_V0, .res_id = 0};
}

constexpr uint16_t type(int message) {
  return NFNL_SUBSYS_NFTABLES << 8 | message;
}

}  // namespace

Expression loadMeta(uint32_t key) {
  return expression("meta", [=](nl_msg* message) {
    putNumber(message, NFTA_META_KEY, key);
    putNumber(message, NFTA_META_DREG, kRegister);
  });
}

Expression storeMeta(uint32_t key) {
  return expression("meta", [=](nl_msg* message) {
    putNumber(message, NFTA_META_KEY, key);
    putNumber(message, NFTA_META_SREG, kRegister);
  });
}

Expression loadDevice(uint32_t key, const std::string& name, uint32_t operation) {
  std::string padded = name;
  padded.resize(16);  // IFNAMSIZ, as the kernel loads it
  return [load = loadMeta(key), compare = compareBytes(operation, padded)](nl_msg* message) {
    load(message);
    compare(message);
  };
}

Expression loadPayload(uint32_t offset, uint32_t size) {
  return load(NFT_PAYLOAD_NETWORK_HEADER, offset, size);
}

Expression loadTransport(uint32_t offset, uint32_t size) {
  return load(NFT_PAYLOAD_TRANSPORT_HEADER, offset, size);
}

Expression loadConntrack(uint32_t key) {
  return expression("ct", [=](nl_msg* message) {
    putNumber(message, NFTA_CT_KEY, key);
    putNumber(message, NFTA_CT_DREG, kRegister);
  });
}

Expression loadAddress(uint32_t address) {
  return loadBytes(bytesOf(htonl(address)));
}

Expression loadNumber(uint32_t value) {
  return loadBytes(bytesOf(value));
}

Expression bitwise(uint32_t mask, uint32_t flip) {
  return expression("bitwise", [=](nl_msg* message) {
    putNumber(message, NFTA_BITWISE_SREG, kRegister);
    putNumber(message, NFTA_BITWISE_DREG, kRegister);
    putNumber(message, NFTA_BITWISE_LEN, sizeof(mask));
    putData(message, NFTA_BITWISE_MASK, &mask, sizeof(mask));
    putData(message, NFTA_BITWISE_XOR, &flip, sizeof(flip));
  });
}

Expression compareBytes(uint32_t operation, std::string bytes) {
  return expression("cmp", [=](nl_msg* message) {
    putNumber(message, NFTA_CMP_SREG, kRegister);
    putNumber(message, NFTA_CMP_OP, operation);
    putData(message, NFTA_CMP_DATA, bytes.data(), bytes.size());
  });
}

Expression compare(uint32_t operation, uint32_t value) {
  return compareBytes(operation, bytesOf(value));
}

Expression comparePort(uint32_t operation, uint16_t value) {
  return compareBytes(operation, bytesOf(htons(value)));
}

Expression translateBy(const Set& map) {
  return expression("lookup", [name = map.name](nl_msg* message) {
    nla_put_string(message, NFTA_LOOKUP_SET, name);
    putNumber(message, NFTA_LOOKUP_SREG, kRegister);
    putNumber(message, NFTA_LOOKUP_DREG, kRegister);
  });
}

Expression notIn(const Set& set) {
  return expression("lookup", [name = set.name](nl_msg* message) {
    nla_put_string(message, NFTA_LOOKUP_SET, name);
    putNumber(message, NFTA_LOOKUP_SREG, kRegister);
    putNumber(message, NFTA_LOOKUP_FLAGS, NFT_LOOKUP_F_INV);
  });
}

Expression in(const std::string& set, uint32_t id) {
  return expression("lookup", [=](nl_msg* message) {
    nla_put_string(message, NFTA_LOOKUP_SET, set.c_str());
    putNumber(message, NFTA_LOOKUP_SREG, kRegister);
    putNumber(message, NFTA_LOOKUP_SET_ID, id);
  });
}

Expression nat(uint32_t type, uint32_t flags) {
  return expression("nat", [=](nl_msg* message) {
    putNumber(message, NFTA_NAT_TYPE, type);
    putNumber(message, NFTA_NAT_FAMILY, NFPROTO_IPV4);
    putNumber(message, NFTA_NAT_REG_ADDR_MIN, kRegister);
    if (flags) putNumber(message, NFTA_NAT_FLAGS, flags);
  });
}

Expression counter() {
  return expression("counter", [](nl_msg* message) {
    putLong(message, NFTA_COUNTER_BYTES, 0);
    putLong(message, NFTA_COUNTER_PACKETS, 0);
  });
}

Expression limit(uint64_t rate, uint32_t burst) {
  return expression("limit", [=](nl_msg* message) {
    putLong(message, NFTA_LIMIT_RATE, rate);
    putLong(message, NFTA_LIMIT_UNIT, 1);
    putNumber(message, NFTA_LIMIT_BURST, burst);
    putNumber(message, NFTA_LIMIT_TYPE, NFT_LIMIT_PKTS);
  });
}

Expression log(const std::string& prefix) {
  return expression("log", [=](nl_msg* message) { nla_put_string(message, NFTA_LOG_PREFIX, prefix.c_str()); });
}

Expression verdict(int32_t code, const std::string& chain) {
  return expression("immediate", [=](nl_msg* message) {
    putNumber(message, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
    auto* data = nla_nest_start(message, NFTA_IMMEDIATE_DATA);
    auto* nest = nla_nest_start(message, NFTA_DATA_VERDICT);
    putNumber(message, NFTA_VERDICT_CODE, code);
    if (!chain.empty()) nla_put_string(message, NFTA_VERDICT_CHAIN, chain.c_str());
    nla_nest_end(message, nest);
    nla_nest_end(message, data);
  });
}

void addChain(Batch& batch, const Chain& chain) {
  batch.add(type(NFT_MSG_NEWCHAIN), NLM_F_CREATE, header(chain.family), [&](nl_msg* message) {
    nla_put_string(message, NFTA_CHAIN_TABLE, kTable);
    nla_put_string(message, NFTA_CHAIN_NAME, chain.name);
    if (!chain.type) return;
    auto* hook = nla_nest_start(message, NFTA_CHAIN_HOOK);
    putNumber(message, NFTA_HOOK_HOOKNUM, chain.hook);
    putNumber(message, NFTA_HOOK_PRIORITY, chain.priority);
    nla_nest_end(message, hook);
    nla_put_string(message, NFTA_CHAIN_TYPE, chain.type);
  });
}

void addRule(Batch& batch, const Chain& chain, std::initializer_list<Expression> expressions, const char* comment) {
  batch.add(type(NFT_MSG_NEWRULE), NLM_F_CREATE | NLM_F_APPEND, header(chain.family), [&](nl_msg* message) {
    nla_put_string(message, NFTA_RULE_TABLE, kTable);
    nla_put_string(message, NFTA_RULE_CHAIN, chain.name);
    auto* list = nla_nest_start(message, NFTA_RULE_EXPRESSIONS);
    for (const auto& expression : expressions) expression(message);
    nla_nest_end(message, list);
    if (comment) putComment(message, NFTA_RULE_USERDATA, comment);
  });
}

size_t countRules(Socket& socket) {
  Batch request;
  request.add(type(NFT_MSG_GETRULE), NLM_F_DUMP, header(NFPROTO_UNSPEC));
  size_t found = 0;
  socket.dump(request, [&](const nlmsghdr*) { ++found; });
  return found;
}

}  // namespace bench
