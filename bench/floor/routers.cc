// Routers between two bridges: many with a few floating IPs each, and one with very many.
#include <linux/netlink.h>

#include <deque>

#include "netns.h"
#include "nftables.h"
#include "router.h"
#include "rtnetlink.h"
#include "scenario.h"

namespace bench {
namespace {

constexpr size_t kMostRouters = 1'000;  // a bridge has 1,024 ports at the most
constexpr size_t kMostFloatingIps = 130'000;
constexpr size_t kFloatingIps = 10;
constexpr uint32_t kFloating = 0xc6120100;  // 198.18.1.0
constexpr uint32_t kFixed = 0x0a000100;     // 10.0.1.0
constexpr uint32_t kGatewayAddress = 0xc613ff01;  // 198.19.255.1, behind all floating IPs

std::vector<Element> floatingIps(size_t first, size_t count) {
  std::vector<Element> list;
  for (size_t i = first; i < first + count; ++i) {
    list.push_back({static_cast<uint32_t>(kFloating + i), static_cast<uint32_t>(kFixed + i)});
  }
  return list;
}

void addBridges(Host& host) {
  Batch bridges;
  addBridge(bridges, "br-ex", Router::kExternalBridge);
  addBridge(bridges, "br-int", Router::kTenantBridge);
  host.socket.transact(bridges);
}

Answer makeRouters(const Request& request) {
  if (request.size == 0 || request.size > kMostRouters) throw Skip("there are 1 to 1,000 routers");
  Sandbox sandbox;
  const Fd inside = currentNetns();
  Host host;
  addBridges(host);
  std::deque<Router> routers;
  for (size_t i = 0; i < request.size; ++i) {
    const auto gateway = static_cast<uint32_t>(Router::kGatewayFirst + i);
    routers.emplace_back(Router::Description{i, gateway, floatingIps(i * kFloatingIps, kFloatingIps)});
  }
  const auto time = timed([&] {
    for (auto& router : routers) router.create(host);
  });
  for (auto& router : routers) router.verify();
  enter(inside);
  expect("devices", countLinks(host.socket), 2 * request.size + 4);  // lo, the sandbox's port, bridges
  return {time, request.size};
}

// ---- one router with as many floating IPs as are asked for

struct Large {
  explicit Large(size_t size) : inside(currentNetns()), router({0, kGatewayAddress, floatingIps(0, size)}) { addBridges(host); }
  ~Large() { enter(inside); }

  Sandbox sandbox;
  Fd inside;
  Host host;
  Router router;
};

void check(const Request& request) {
  if (request.size == 0 || request.size > kMostFloatingIps) throw Skip("there are 1 to 130,000 floating IPs");
}

Answer makeRouter(const Request& request) {
  check(request);
  Large large(request.size);
  const auto answer = counted(request.size, [&] { large.router.create(large.host); });
  large.router.verify();
  return answer;
}

Answer listRouter(const Request& request) {
  check(request);
  Large large(request.size);
  large.router.create(large.host);
  large.router.enterNamespace();
  Socket netfilter(NETLINK_NETFILTER);
  const Batch dump = elementsRequest(kDnatMap);
  const auto answer = counted(request.size, [&] { netfilter.dump(dump, [](const nlmsghdr*) {}); });
  large.router.verify();
  return answer;
}

Answer readRouter(const Request& request) {
  check(request);
  Large large(request.size);
  large.router.create(large.host);
  const auto answer = counted(request.size, [&] {
    large.host.socket.dump(linksRequest(), [](const nlmsghdr*) {});
    large.router.read();
  });
  large.router.verify();
  return answer;
}

}  // namespace

Scenarios routerScenarios() {
  return {{"routers", makeRouters},
          {"router-apply", makeRouter},
          {"router-list", listRouter},
          {"router-plan", readRouter}};
}

}  // namespace bench
