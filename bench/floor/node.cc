// A whole node as Node.apply makes it (src/node): routers that each have a network of their own, and one external one.
#include <linux/netlink.h>

#include <deque>
#include <string>

#include "netns.h"
#include "nftables.h"
#include "router.h"
#include "rtnetlink.h"
#include "scenario.h"

namespace bench {
namespace {

constexpr size_t kMost = 400;  // of whose sockets two each stay open
constexpr size_t kFloatingIps = 50;
constexpr uint32_t kFloating = 0xc6120100;    // 198.18.1.0
constexpr uint32_t kFixed = 0x0a000100;       // 10.0.1.0, the same for all
constexpr uint32_t kOtherFixed = 0x0a0004e8;  // 10.0.4.232
constexpr int kFirstBridge = 100'000;
constexpr uint32_t kMtu = 1450;
constexpr char kMark[] = "netloom:bench";

class Node {
 public:
  explicit Node(size_t size) : inside_(currentNetns()) {
    addNetwork(networks_, "brq-external", Router::kExternalBridge, kMark);
    for (size_t i = 0; i < size; ++i) {
      const int bridge = kFirstBridge + static_cast<int>(i);
      addNetwork(networks_, ("brq" + std::to_string(i)).c_str(), bridge, kMark);
      std::vector<Element> floatingIps;
      for (size_t k = 0; k < kFloatingIps; ++k) {
        floatingIps.push_back({static_cast<uint32_t>(kFloating + i * kFloatingIps + k), static_cast<uint32_t>(kFixed + k)});
      }
      const auto gateway = static_cast<uint32_t>(Router::kGatewayFirst + i);
      routers_.emplace_back(Router::Description{i, gateway, floatingIps, bridge, kMark});
    }
  }
  ~Node() { enter(inside_); }

  void create() {
    host_.socket.transact(networks_);
    for (auto& router : routers_) router.create(host_);
  }

  // One floating IP of every second router leads elsewhere; the first two of the others have another mtu.
  void prepareChange() {
    for (size_t i = 0; i < routers_.size(); ++i) {
      const size_t which = i % kFloatingIps;
      if (i % 2 == 1) routers_[i].move(which, kOtherFixed + which);
      else if (i <= 2) routers_[i].setMtu(kMtu);
    }
  }

  void change() {
    readHost();
    for (auto& router : routers_) router.change(host_);
  }

  void read() {
    readHost();
    for (auto& router : routers_) router.read();
  }

  void verify() {
    for (auto& router : routers_) router.verify();
    enter(inside_);
    // lo, the sandbox's port, bridges
    expect("devices", countLinks(host_.socket), 3 * routers_.size() + 3);
  }

 private:
  void readHost() {
    host_.socket.dump(linksRequest(), [](const nlmsghdr*) {});
  }

  Sandbox sandbox_;
  Fd inside_;
  Host host_;
  Batch networks_;
  std::deque<Router> routers_;
};

void check(const Request& request) {
  if (request.size == 0 || request.size > kMost) throw Skip("there are 1 to 400 routers");
}

Answer make(const Request& request) {
  check(request);
  Node node(request.size);
  const auto answer = counted(request.size, [&] { node.create(); });
  node.verify();
  return answer;
}

Answer change(const Request& request) {
  check(request);
  Node node(request.size);
  node.create();
  node.prepareChange();
  const auto answer = counted(request.size, [&] { node.change(); });
  node.verify();
  return answer;
}

Answer read(const Request& request) {
  check(request);
  Node node(request.size);
  node.create();
  const auto answer = counted(request.size, [&] { node.read(); });
  node.verify();
  return answer;
}

}  // namespace

Scenarios nodeScenarios() {
  return {{"node-apply", make}, {"node-change", change}, {"node-unchanged", read}};
}

}  // namespace bench
