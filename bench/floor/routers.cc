// Namespaces with veth pairs, and whole routers as Router.apply makes them (src/router), by no more system calls than
// that takes.
#include <netinet/in.h>  // ahead of linux/in.h, which gives way to it

#include <fcntl.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <unistd.h>

#include <array>
#include <deque>
#include <vector>

#include "expressions.h"
#include "netns.h"
#include "nftables.h"
#include "rtnetlink.h"
#include "ruleset.h"
#include "scenario.h"

namespace bench {
namespace {

std::string namespaceName(size_t i) {
  return "bench-floor-" + std::to_string(getpid()) + "-" + std::to_string(i);
}

// ---- a namespace and a veth pair

Answer makeNamespaces(const Request& request) {
  Sandbox sandbox;
  const Fd inside = currentNetns();
  Socket socket(NETLINK_ROUTE);
  std::deque<NamedNetns> namespaces;
  for (size_t i = 0; i < request.size; ++i) namespaces.emplace_back(namespaceName(i));
  std::vector<std::string> names;
  for (size_t i = 0; i < request.size; ++i) names.push_back("tap" + std::to_string(i));
  std::vector<Batch> batches(request.size);
  for (size_t i = 0; i < request.size; ++i) {
    addVeth(batches[i], {.name = names[i].c_str()}, {.name = "eth0", .process = getpid()});
  }
  const auto time = timed([&] {
    for (size_t i = 0; i < request.size; ++i) {
      namespaces[i].create();
      socket.transact(batches[i]);
    }
  });
  enter(inside);
  expect("devices", countLinks(socket), request.size + 2);  // and lo, and the gateway port
  return {time, request.size};
}

// ---- routers

constexpr size_t kFloatingIps = 10;
constexpr uint32_t kPool = 0xc6120000;  // 198.18.0.0/15
constexpr uint8_t kPoolLength = 15;
constexpr uint32_t kPoolTable = 78;
constexpr uint32_t kPoolPriority = 100;
constexpr uint32_t kNexthop = 0xc613fffe;   // 198.19.255.254
constexpr uint32_t kFloating = 0xc6120100;  // 198.18.1.0
constexpr uint32_t kGatewayFirst = 0xc6138001;
constexpr uint32_t kFixed = 0x0a000100;      // 10.0.1.0
constexpr uint32_t kInterface = 0x0a000001;  // 10.0.0.1
constexpr uint8_t kInterfaceLength = 16;

// Indexes are asked for, so that all messages are there before any device is.
constexpr int kExternalBridge = 10, kTenantBridge = 11;
constexpr int kGatewayDevice = 10, kInterfaceDevice = 11;
constexpr int kFirstTap = 1000;

constexpr size_t kRules = 8;

// Where the bridges are, as a router's own namespace sees it.
struct Host {
  Socket socket{NETLINK_ROUTE};
  // Its files stay this namespace's wherever the thread goes.
  Fd ipv6{open("/proc/sys/net/ipv6/conf", O_PATH | O_DIRECTORY | O_CLOEXEC)};
};

void writeSysctl(const std::string& path, const char* value, int directory = AT_FDCWD) {
  const Fd file(openat(directory, path.c_str(), O_WRONLY | O_CLOEXEC));
  if (file.get() < 0 || write(file.get(), value, 1) != 1) failed(path);
}

class Router {
 public:
  explicit Router(size_t i)
      : netns_(namespaceName(i)), number_(std::to_string(1'000'000'000 + i)), tables_(Batch::kOneForAll) {
    const std::string gateway = "qg-" + number_, interface = "qr-" + number_;
    const std::string outer = "tap" + number_ + "g", inner = "tap" + number_ + "r";
    const auto address = static_cast<uint32_t>(kGatewayFirst + i);

    const int tap = kFirstTap + 2 * static_cast<int>(i);
    addVeth(host_, {.name = outer.c_str(), .index = tap, .master = kExternalBridge},
            {.name = gateway.c_str(), .index = kGatewayDevice, .process = getpid()});
    addVeth(host_, {.name = inner.c_str(), .index = tap + 1, .master = kTenantBridge},
            {.name = interface.c_str(), .index = kInterfaceDevice, .process = getpid()});

    setUp(taps_, tap);
    setUp(taps_, tap + 1);
    noIpv6_ = {outer + "/disable_ipv6", inner + "/disable_ipv6"};

    std::vector<Element> forward, back, answered{{address, 0}};
    for (size_t k = 0; k < kFloatingIps; ++k) {
      const auto offset = static_cast<uint32_t>(i * kFloatingIps + k);
      forward.push_back({kFloating + offset, kFixed + offset});
      back.push_back({kFixed + offset, kFloating + offset});
      answered.push_back({kFloating + offset, 0});
    }
    begin(tables_);
    addRuleset(tables_, gateway, address, capacityFor(kFloatingIps));
    addElements(tables_, kDnatMap, forward);
    addElements(tables_, kSnatMap, back);
    addElements(tables_, kArpSet, answered);
    end(tables_);

    setUp(routes_, kLoopback);
    setUp(routes_, kInterfaceDevice);
    setUp(routes_, kGatewayDevice, {.answersForOthers = true});
    addAddress(routes_, kInterfaceDevice, kInterface, kInterfaceLength);
    addAddress(routes_, kGatewayDevice, address, kPoolLength);
    addRoute(routes_, {.destination = 0,
                       .length = 0,
                       .type = RTN_UNICAST,
                       .scope = RT_SCOPE_UNIVERSE,
                       .table = RT_TABLE_MAIN,
                       .device = kGatewayDevice,
                       .via = kNexthop});
    addRoute(routes_, {.destination = kPool,
                       .length = kPoolLength,
                       .type = RTN_LOCAL,
                       .scope = RT_SCOPE_HOST,
                       .table = kPoolTable,
                       .device = kLoopback});
    addRule(routes_, kPoolPriority, gateway.c_str(), kPoolTable);

    // Devices take the default as they are made, so that only the gateway port's arp_ignore is left: see setUp.
    sysctls_ = {{{"/proc/sys/net/ipv4/ip_forward", "1"},
                 {"/proc/sys/net/ipv6/conf/all/forwarding", "1"},
                 {"/proc/sys/net/ipv6/conf/default/accept_dad", "0"},
                 {"/proc/sys/net/ipv4/conf/all/arp_announce", "2"},
                 {"/proc/sys/net/ipv4/conf/all/arp_ignore", "0"},
                 {"/proc/sys/net/ipv4/conf/default/arp_ignore", "1"},
                 {"/proc/sys/net/netfilter/nf_conntrack_tcp_be_liberal", "1"}}};
    acceptRa_ = "/proc/sys/net/ipv6/conf/" + gateway + "/accept_ra";
  }

  void create(Host& host) {
    netns_.create();
    for (const auto& [path, value] : sysctls_) writeSysctl(path, value);
    host.socket.transact(host_);
    // A tap with an IPv6 address of its own has the host walk all its IPv6 routes (rt6_sync_up), and the bridge flood.
    for (const auto& path : noIpv6_) writeSysctl(path, "1", host.ipv6.get());
    host.socket.transact(taps_);
    writeSysctl(acceptRa_, "2");
    // Before the gateway port answers: what it may answer, and how it is translated.
    Socket(NETLINK_NETFILTER).transact(tables_);
    Socket(NETLINK_ROUTE).transact(routes_);
  }

  void verify() {
    enter(openNetns(netns_.path()));
    Socket route(NETLINK_ROUTE), netfilter(NETLINK_NETFILTER);
    expect("devices", countLinks(route), 3);
    expect("gateway addresses", countAddresses(route, kGatewayDevice), 1);
    expect("interface addresses", countAddresses(route, kInterfaceDevice), 1);
    expect("default routes", countRoutes(route, RT_TABLE_MAIN), 1);
    expect("pool routes", countRoutes(route, kPoolTable), 1);
    expect("rules", countRules(netfilter), kRules);
    expect("fip_dnat", countElements(netfilter, kDnatMap), kFloatingIps);
    expect("fip_snat", countElements(netfilter, kSnatMap), kFloatingIps);
    expect("fip_arp", countElements(netfilter, kArpSet), kFloatingIps + 1);
  }

 private:
  NamedNetns netns_;
  std::string number_;
  Batch host_;
  Batch taps_;
  Batch tables_;
  Batch routes_;
  std::array<std::pair<const char*, const char*>, 7> sysctls_;
  std::array<std::string, 2> noIpv6_;
  std::string acceptRa_;
};

Answer makeRouters(const Request& request) {
  constexpr size_t most = 1'000;  // a bridge has 1,024 ports at the most
  if (request.size == 0 || request.size > most) throw Skip("there are 1 to 1,000 routers");
  Sandbox sandbox;
  const Fd inside = currentNetns();
  Host host;
  Batch bridges;
  addBridge(bridges, "br-ex", kExternalBridge);
  addBridge(bridges, "br-int", kTenantBridge);
  host.socket.transact(bridges);
  std::deque<Router> routers;
  for (size_t i = 0; i < request.size; ++i) routers.emplace_back(i);
  const auto time = timed([&] {
    for (auto& router : routers) router.create(host);
  });
  for (auto& router : routers) router.verify();
  enter(inside);
  expect("devices", countLinks(host.socket), 2 * request.size + 4);  // lo, the sandbox's port, bridges
  return {time, request.size};
}

}  // namespace

Scenarios routerScenarios() {
  return {{"netns-veth", makeNamespaces}, {"routers", makeRouters}};
}

}  // namespace bench
