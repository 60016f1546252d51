// A router as Router.apply makes it (src/router), by no more system calls than that takes.
#pragma once

#include <linux/netlink.h>

#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "netns.h"
#include "nftables.h"
#include "reading.h"
#include "rtnetlink.h"

namespace bench {

// Where the bridges are, as a router's own namespace sees it.
struct Host {
  Host();

  Socket socket;
  // Its files stay this namespace's wherever the thread goes.
  Fd ipv6;
};

class Router {
 public:
  static constexpr uint32_t kPoolTable = 78;
  // Indexes are asked for, so that all messages are there before any device is.
  static constexpr int kExternalBridge = 10, kTenantBridge = 11;
  // The gateway's address of the first of many; the next has the next.
  static constexpr uint32_t kGatewayFirst = 0xc6138001;  // 198.19.128.1

  struct Description {
    size_t number;                     // tells it from the others
    uint32_t gateway;                  // its address
    std::vector<Element> floatingIps;  // floating -> fixed
    int tenantBridge = kTenantBridge;
    const char* mark = nullptr;  // of the loopback device
  };

  explicit Router(const Description& description);

  void create(Host& host);
  // As create leaves it, with so many floating IPs. The calling thread is in its namespace afterwards.
  void verify();

  // Enters its namespace and reads it.
  void read();
  // One floating IP leads to another fixed address.
  void move(size_t floatingIp, uint32_t fixed);
  // Of the port to the tenant's network, and of its other end.
  void setMtu(uint32_t mtu);
  // Enters its namespace, reads it, and sends what `move` and `setMtu` have prepared.
  void change(Host& host);

  void enterNamespace() { enter(openNetns(netns_.path())); }

 private:
  // To close the one of netfilter waits until the kernel has freed what a transaction has deleted (nft_rcv_nl_event), which may as well be
  // later.
  struct Sockets {
    Socket route{NETLINK_ROUTE};
    Socket netfilter{NETLINK_NETFILTER};
  };

  Sockets& open();

  NamedNetns netns_;
  std::unique_ptr<Sockets> sockets_;
  std::vector<Element> floatingIps_;
  std::string number_;
  int tap_;
  Batch host_;
  Batch taps_;
  Batch tables_;
  Batch routes_;
  std::array<std::pair<const char*, const char*>, 8> sysctls_;
  std::array<std::string, 2> noIpv6_;
  std::string acceptRa_;
  Reading reading_;
  Batch moved_;
  Batch mtu_;
  Batch tapMtu_;
};

std::string namespaceName(size_t i);

}  // namespace bench
