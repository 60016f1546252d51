// Floating IPs: associated, disassociated, churned, by each of the three bindings.
#include <linux/netlink.h>

#include <vector>

#include "netns.h"
#include "nftables.h"
#include "rtnetlink.h"
#include "ruleset.h"
#include "scenario.h"

namespace bench {
namespace {

enum class Binding { Prefix, Route, Address };

constexpr size_t kMost = 130'000;
constexpr size_t kChurned = 4'000;          // floating IPs in one run of a churn
constexpr uint32_t kFloating = 0xc6120100;  // 198.18.1.0
constexpr uint32_t kFixed = 0x0a000100;     // 10.0.1.0
constexpr uint32_t kNexthop = 78;
constexpr uint32_t kGatewayAddress = 0xc613ff01;  // 198.19.255.1
// Every sixteenth first: routes that go in the order of their addresses have fib_trie resize the same node again and
// again.
constexpr size_t kStride = 16;

// What one call to the kernel's two subsystems changes. The gateway port takes an address before it is translated.
struct Change {
  Change(Binding binding, bool add, size_t first, size_t count) : add(add), elements(Batch::kOneForAll) {
    std::vector<Element> forward, back;
    for (size_t start = 0; start < kStride; ++start) {
      for (size_t at = start; at < count; at += kStride) {
        const uint32_t floating = kFloating + first + at, fixed = kFixed + first + at;
        forward.push_back({floating, fixed});
        back.push_back({fixed, floating});
        constexpr int device = Sandbox::kGatewayIndex;
        auto route = localRoute(floating, device);
        route.nexthop = kNexthop;
        if (binding == Binding::Route) (add ? addRoute : deleteRoute)(routes, route);
        if (binding == Binding::Address) (add ? addAddress : deleteAddress)(routes, device, floating, 32);
      }
    }
    const auto change = add ? addElements : deleteElements;
    begin(elements);
    change(elements, kDnatMap, forward);
    change(elements, kSnatMap, back);
    if (binding == Binding::Prefix) change(elements, kArpSet, forward);
    end(elements);
  }

  bool add;
  Batch routes;
  Batch elements;
};

// A gateway port and empty maps.
struct Gateway {
  Gateway(Binding binding, size_t capacity) : binding(binding), route(NETLINK_ROUTE), netfilter(NETLINK_NETFILTER) {
    Batch tables;
    begin(tables);
    addRuleset(tables, Sandbox::kGateway, kGatewayAddress, capacity);
    end(tables);
    netfilter.transact(tables);
    if (binding != Binding::Route) return;
    Batch nexthop;
    addNexthop(nexthop, kNexthop, Sandbox::kGatewayIndex);
    route.transact(nexthop);
  }

  void apply(const Change& change) {
    if (change.add) route.transact(change.routes);
    netfilter.transact(change.elements);
    if (!change.add) route.transact(change.routes);
  }

  void verify(size_t floatingIps) {
    expect("fip_dnat", countElements(netfilter, kDnatMap), floatingIps);
    expect("fip_snat", countElements(netfilter, kSnatMap), floatingIps);
    if (binding == Binding::Prefix) expect("fip_arp", countElements(netfilter, kArpSet), floatingIps);
    if (binding == Binding::Route) expect("local routes", countRoutes(route, RT_TABLE_LOCAL), floatingIps);
    // And the gateway's own.
    if (binding == Binding::Address) {
      expect("addresses", countAddresses(route, Sandbox::kGatewayIndex), floatingIps + 1);
    }
  }

  Sandbox sandbox;
  Binding binding;
  Socket route;
  Socket netfilter;
};

void check(const Request& request) {
  if (request.size == 0 || request.size > kMost) throw Skip("there are 1 to 130,000 floating IPs");
}

template <Binding binding>
Answer associate(const Request& request) {
  check(request);
  Gateway gateway(binding, capacityFor(request.size));
  const Change change(binding, true, 0, request.size);
  const auto time = timed([&] { gateway.apply(change); });
  gateway.verify(request.size);
  return {time, request.size};
}

template <Binding binding>
Answer disassociate(const Request& request) {
  check(request);
  Gateway gateway(binding, capacityFor(request.size));
  gateway.apply(Change(binding, true, 0, request.size));
  const Change change(binding, false, 0, request.size);
  const auto time = timed([&] { gateway.apply(change); });
  gateway.verify(0);
  return {time, request.size};
}

// The oldest go and new ones come, so that there are always as many.
template <Binding binding>
Answer churn(const Request& request) {
  check(request);
  if (request.batch == 0 || request.size + kChurned > kMost)
    throw Skip("a churn needs a batch, and addresses to spare");
  Gateway gateway(binding, capacityFor(request.size + request.batch));
  gateway.apply(Change(binding, true, 0, request.size));
  std::vector<Change> changes;
  size_t churned = 0;
  for (; churned < kChurned; churned += request.batch) {
    changes.emplace_back(binding, false, churned, request.batch);
    changes.emplace_back(binding, true, request.size + churned, request.batch);
  }
  const auto time = timed([&] {
    for (const auto& change : changes) gateway.apply(change);
  });
  gateway.verify(request.size);
  return {time, churned};
}

}  // namespace

Scenarios fipScenarios() {
  return {{"fip-associate-prefix", associate<Binding::Prefix>},
          {"fip-associate-route", associate<Binding::Route>},
          {"fip-associate-address", associate<Binding::Address>},
          {"fip-disassociate-prefix", disassociate<Binding::Prefix>},
          {"fip-disassociate-route", disassociate<Binding::Route>},
          {"fip-disassociate-address", disassociate<Binding::Address>},
          {"fip-churn-prefix", churn<Binding::Prefix>},
          {"fip-churn-route", churn<Binding::Route>},
          {"fip-churn-address", churn<Binding::Address>}};
}

}  // namespace bench
