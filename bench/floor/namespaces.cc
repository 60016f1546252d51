// Namespaces with veth pairs.
#include <linux/netlink.h>
#include <unistd.h>

#include <deque>
#include <vector>

#include "netns.h"
#include "router.h"
#include "rtnetlink.h"
#include "scenario.h"

namespace bench {
namespace {

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

}  // namespace

Scenarios namespaceScenarios() {
  return {{"netns-veth", makeNamespaces}};
}

}  // namespace bench
