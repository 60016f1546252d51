// A large firewall: what src/cli/bench/worker/firewall.ts says in JSON.
#include "firewall.h"

#include <netinet/in.h>  // ahead of linux/in.h, which gives way to it

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>

#include <array>
#include <charconv>
#include <cstdio>
#include <deque>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "expressions.h"
#include "netns.h"
#include "nftables.h"
#include "scenario.h"

namespace bench {
namespace {

constexpr uint8_t kFamily = NFPROTO_INET;
constexpr Set kBlocked{kFamily, "blocked", false};
constexpr uint32_t kBlockedId = 1;
constexpr size_t kBlockedElements = 100;
constexpr size_t kChainLength = 100;
constexpr Chain kForward{kFamily, "forward", "filter", NF_INET_FORWARD, 0};

std::string groupOf(size_t rule) {
  return "group" + std::to_string(rule / kChainLength);
}

size_t chainsFor(size_t rules) {
  return (rules + kChainLength - 1) / kChainLength;
}

std::string networkOrder(uint32_t value, size_t octets = 4) {
  const uint32_t ordered = htonl(value);
  return {reinterpret_cast<const char*>(&ordered), octets};
}

// Two expressions each, as a rule is a flat list.
struct Pair {
  Expression load, compare;
  void operator()(nl_msg* message) const {
    load(message);
    compare(message);
  }
};

Expression network(uint8_t family) {
  return Pair{loadMeta(NFT_META_NFPROTO), compareBytes(NFT_CMP_EQ, std::string(1, static_cast<char>(family)))};
}

Expression transport(uint8_t protocol) {
  return Pair{loadMeta(NFT_META_L4PROTO), compareBytes(NFT_CMP_EQ, std::string(1, static_cast<char>(protocol)))};
}

Expression port() {
  return loadTransport(2, 2);  // of destination, in TCP as in UDP
}

// All but two kinds of rules are one message each; anonymous sets take a number.
void addRuleNumber(Batch& batch, const Chain& chain, uint32_t i, uint32_t& sets) {
  constexpr uint32_t source = 12, destination = 16, source6 = 8;
  const uint32_t host = 0x0a000000 + i;
  const auto number = static_cast<uint16_t>(1024 + i % 50'000);
  const std::string device = "tap" + std::to_string(i);
  const auto isHost = Pair{loadPayload(destination, 4), compareBytes(NFT_CMP_EQ, networkOrder(host))};
  switch (i % 10) {
    case 0:
      return addRule(batch, chain,
                     {network(NFPROTO_IPV4), loadPayload(source, 4), compareBytes(NFT_CMP_EQ, networkOrder(host)),
                      transport(IPPROTO_TCP), port(), comparePort(NFT_CMP_EQ, number), verdict(NF_ACCEPT)});
    case 1:
      return addRule(batch, chain,
                     {network(NFPROTO_IPV4), loadPayload(source, 3),
                      compareBytes(NFT_CMP_EQ, networkOrder(0xac100000 + (i % 4096 << 8), 3)), isHost, counter(),
                      verdict(NF_DROP)});
    case 2: {
      constexpr uint32_t states = NF_CT_STATE_BIT(IP_CT_ESTABLISHED) | NF_CT_STATE_BIT(IP_CT_RELATED);
      return addRule(batch, chain,
                     {loadDevice(NFT_META_IIFNAME, device, NFT_CMP_EQ), loadConntrack(NFT_CT_STATE), bitwise(states, 0),
                      compare(NFT_CMP_NEQ, 0), verdict(NF_ACCEPT)});
    }
    case 3: {
      const std::array<uint16_t, 3> ports{number, static_cast<uint16_t>(number + 1000),
                                          static_cast<uint16_t>(number + 2000)};
      const std::string set = "__set" + std::to_string(sets++ - kBlockedId);
      addPorts(batch, kFamily, set, sets, ports);
      return addRule(batch, chain, {transport(IPPROTO_TCP), port(), in(set, sets), verdict(NF_ACCEPT)});
    }
    case 4:
      return addRule(batch, chain,
                     {transport(IPPROTO_ICMP), network(NFPROTO_IPV4), isHost, limit(10, 5), verdict(NF_ACCEPT)});
    case 5:
      return addRule(batch, chain,
                     {network(NFPROTO_IPV4), loadPayload(source, 4), in(kBlocked.name, kBlockedId),
                      transport(IPPROTO_UDP), port(), comparePort(NFT_CMP_EQ, number), verdict(NF_DROP)});
    case 6: {
      const std::string address = networkOrder(0x20010db8) + std::string(8, '\0') + networkOrder(i);
      return addRule(batch, chain,
                     {network(NFPROTO_IPV6), loadPayload(source6, 16), compareBytes(NFT_CMP_EQ, address),
                      transport(IPPROTO_TCP), port(), comparePort(NFT_CMP_EQ, 443), counter(), verdict(NF_ACCEPT)});
    }
    case 7:
      return addRule(
          batch, chain,
          {transport(IPPROTO_UDP), port(), comparePort(NFT_CMP_GTE, number),
           comparePort(NFT_CMP_LTE, static_cast<uint16_t>(number + 100)), loadNumber(i), storeMeta(NFT_META_MARK)});
    case 8:
      return addRule(batch, chain, {network(NFPROTO_IPV4), isHost, log("denied "), verdict(NF_DROP)},
                     ("rule " + std::to_string(i)).c_str());
    default:
      return addRule(batch, chain,
                     {loadMeta(NFT_META_MARK), bitwise(0xff, 0), compare(NFT_CMP_EQ, i % 256),
                      loadDevice(NFT_META_OIFNAME, device, NFT_CMP_NEQ), verdict(NFT_RETURN)});
  }
}

// One transaction.
Batch firewallOf(size_t rules) {
  Batch batch(Batch::kOneForAll);
  begin(batch);
  addTable(batch, kFamily);
  addSet(batch, kBlocked, 0);
  std::vector<Element> blocked;
  for (uint32_t i = 0; i < kBlockedElements; ++i) blocked.push_back({0xc0000200 + i, 0});
  addElements(batch, kBlocked, blocked);
  addChain(batch, kForward);
  for (size_t i = 0; i < rules; i += kChainLength) addChain(batch, {kFamily, groupOf(i).c_str()});
  for (size_t i = 0; i < rules; i += kChainLength) addRule(batch, kForward, {verdict(NFT_JUMP, groupOf(i))});
  uint32_t sets = kBlockedId;
  for (size_t i = 0; i < rules; ++i) {
    const auto group = groupOf(i);
    addRuleNumber(batch, {kFamily, group.c_str()}, i, sets);
  }
  end(batch);
  return batch;
}

Answer apply(const Request& request) {
  Sandbox sandbox;
  Socket socket(NETLINK_NETFILTER);
  const Batch batch = firewallOf(request.size);
  const auto time = timed([&] { socket.transact(batch); });
  expect("rules", countRules(socket), request.size + chainsFor(request.size));
  return {time, request.size};
}

// As netloom lists, and nft: a dump of each table, and one of each set's elements. No message is looked into.
Answer list(const Request& request) {
  Sandbox sandbox;
  Socket socket(NETLINK_NETFILTER);
  socket.transact(firewallOf(request.size));
  std::vector<Batch> requests;
  for (auto make : {tablesRequest, chainsRequest, rulesetRequest, setsRequest, objectsRequest, flowtablesRequest}) {
    requests.push_back(make());
  }
  socket.dump(setsRequest(), [&](const nlmsghdr* message) {
    requests.push_back(elementsRequest({kFamily, setName(message), false}));
  });
  const auto time = timed([&] {
    for (const auto& dump : requests) socket.dump(dump, [](const nlmsghdr*) {});
  });
  expect("rules", countRules(socket), request.size + chainsFor(request.size));
  return {time, request.size};
}

}  // namespace

Scenarios firewallScenarios() {
  return {{"nft-apply", apply}, {"nft-list", list}};
}

int firewall(int count, char** arguments) {
  size_t rules = 0;
  const std::string_view text = count == 1 ? arguments[0] : "";
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), rules);
  if (error != std::errc() || end != text.data() + text.size()) {
    std::fputs("usage: floor firewall RULES\n", stderr);
    return 2;
  }
  try {
    Socket(NETLINK_NETFILTER).transact(firewallOf(rules));
    return 0;
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "floor: %s\n", failure.what());
    return 1;
  }
}

}  // namespace bench
