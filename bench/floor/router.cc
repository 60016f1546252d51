#include "router.h"

#include <netinet/in.h>  // ahead of linux/in.h, which gives way to it

#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <unistd.h>

#include "expressions.h"
#include "ruleset.h"
#include "scenario.h"

namespace bench {
namespace {

constexpr uint32_t kPool = 0xc6120000;  // 198.18.0.0/15
constexpr uint8_t kPoolLength = 15;
constexpr uint32_t kPoolPriority = 100;
constexpr uint32_t kNexthop = 0xc613fffe;  // 198.19.255.254
constexpr uint32_t kInterface = 0x0a000001;  // 10.0.0.1
constexpr uint8_t kInterfaceLength = 15;

constexpr int kGatewayDevice = 10, kInterfaceDevice = 11;
constexpr int kFirstTap = 1000;

constexpr size_t kRules = 8;

void writeSysctl(const std::string& path, const char* value, int directory = AT_FDCWD) {
  const Fd file(openat(directory, path.c_str(), O_WRONLY | O_CLOEXEC));
  if (file.get() < 0 || write(file.get(), value, 1) != 1) failed(path);
}

}  // namespace

std::string namespaceName(size_t i) {
  return "bench-floor-" + std::to_string(getpid()) + "-" + std::to_string(i);
}

Host::Host()
    : socket(NETLINK_ROUTE), ipv6(::open("/proc/sys/net/ipv6/conf", O_PATH | O_DIRECTORY | O_CLOEXEC)) {}

Router::Router(const Description& description)
    : netns_(namespaceName(description.number)),
      floatingIps_(description.floatingIps),
      number_(std::to_string(1'000'000'000 + description.number)),
      tap_(kFirstTap + 2 * static_cast<int>(description.number)),
      tables_(Batch::kOneForAll),
      reading_("qg-" + number_, "qr-" + number_),
      moved_(Batch::kOneForAll) {
  const std::string gateway = "qg-" + number_, interface = "qr-" + number_;
  const std::string outer = "tap" + number_ + "g", inner = "tap" + number_ + "r";
  const uint32_t address = description.gateway;

  addVeth(host_, {.name = outer.c_str(), .index = tap_, .master = kExternalBridge},
          {.name = gateway.c_str(), .index = kGatewayDevice, .process = getpid()});
  addVeth(host_, {.name = inner.c_str(), .index = tap_ + 1, .master = description.tenantBridge},
          {.name = interface.c_str(), .index = kInterfaceDevice, .process = getpid()});

  setUp(taps_, tap_);
  setUp(taps_, tap_ + 1);
  noIpv6_ = {outer + "/disable_ipv6", inner + "/disable_ipv6"};

  std::vector<Element> back, answered{{address, 0}};
  for (const auto& [floating, fixed] : floatingIps_) {
    back.push_back({fixed, floating});
    answered.push_back({floating, 0});
  }
  begin(tables_);
  addRuleset(tables_, gateway, address, capacityFor(floatingIps_.size()));
  addElements(tables_, kDnatMap, floatingIps_);
  addElements(tables_, kSnatMap, back);
  addElements(tables_, kArpSet, answered);
  end(tables_);

  setUp(routes_, kLoopback);
  if (description.mark) setAlias(routes_, kLoopback, description.mark);
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
               {"/proc/sys/net/ipv4/conf/all/promote_secondaries", "1"},
               {"/proc/sys/net/netfilter/nf_conntrack_tcp_be_liberal", "1"}}};
  acceptRa_ = "/proc/sys/net/ipv6/conf/" + gateway + "/accept_ra";
}

void Router::create(Host& host) {
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

Router::Sockets& Router::open() {
  sockets_ = std::make_unique<Sockets>();
  return *sockets_;
}

void Router::verify() {
  sockets_.reset();
  enterNamespace();
  Socket route(NETLINK_ROUTE), netfilter(NETLINK_NETFILTER);
  expect("devices", countLinks(route), 3);
  expect("gateway addresses", countAddresses(route, kGatewayDevice), 1);
  expect("interface addresses", countAddresses(route, kInterfaceDevice), 1);
  expect("default routes", countRoutes(route, RT_TABLE_MAIN), 1);
  expect("pool routes", countRoutes(route, kPoolTable), 1);
  expect("rules", countRules(netfilter), kRules);
  expect("fip_dnat", countElements(netfilter, kDnatMap), floatingIps_.size());
  expect("fip_snat", countElements(netfilter, kSnatMap), floatingIps_.size());
  expect("fip_arp", countElements(netfilter, kArpSet), floatingIps_.size() + 1);
}

void Router::read() {
  enterNamespace();
  auto& [route, netfilter] = open();
  reading_.read(route, netfilter);
}

void Router::move(size_t floatingIp, uint32_t fixed) {
  const auto [floating, before] = floatingIps_[floatingIp];
  begin(moved_);
  deleteElements(moved_, kDnatMap, std::array{Element{floating, 0}});
  deleteElements(moved_, kSnatMap, std::array{Element{before, 0}});
  addElements(moved_, kDnatMap, std::array{Element{floating, fixed}});
  addElements(moved_, kSnatMap, std::array{Element{fixed, floating}});
  end(moved_);
}

void Router::setMtu(uint32_t mtu) {
  bench::setMtu(mtu_, kInterfaceDevice, mtu);
  bench::setMtu(tapMtu_, tap_ + 1, mtu);
}

void Router::change(Host& host) {
  enterNamespace();
  auto& [route, netfilter] = open();
  reading_.read(route, netfilter);
  netfilter.transact(moved_);
  route.transact(mtu_);
  host.socket.transact(tapMtu_);
}

}  // namespace bench
