// Tables read: from the request to the last message, with no more than a look at each message's header.
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <vector>

#include "netns.h"
#include "nftables.h"
#include "rtnetlink.h"
#include "scenario.h"

namespace bench {
namespace {

constexpr uint32_t kFirst = 0x0a000100;  // 10.0.1.0

Answer dumpRoutes(const Request& request) {
  Sandbox sandbox;
  Socket socket(NETLINK_ROUTE);
  Batch batch;
  for (size_t i = 0; i < request.size; ++i) {
    addRoute(batch, {.destination = static_cast<uint32_t>(kFirst + i),
                     .type = RTN_UNICAST,
                     .scope = RT_SCOPE_LINK,
                     .table = RT_TABLE_MAIN,
                     .device = kLoopback});
  }
  socket.transact(batch);
  const Batch dump = routesRequest(RT_TABLE_MAIN);
  size_t found = 0;
  const auto time = timed([&] { socket.dump(dump, [&](const nlmsghdr*) { ++found; }); });
  expect("routes", found, request.size);
  return {time, request.size};
}

Answer dumpNeighbours(const Request& request) {
  Sandbox sandbox;
  Socket socket(NETLINK_ROUTE);
  Batch batch;
  // Permanent ones are exempt from net.ipv4.neigh.default.gc_thresh3 (neigh_alloc), which is the whole machine's.
  for (size_t i = 0; i < request.size; ++i) addNeighbour(batch, Sandbox::kGatewayIndex, kFirst + i);
  socket.transact(batch);
  const Batch dump = neighboursRequest(Sandbox::kGatewayIndex);
  size_t found = 0;
  const auto time = timed([&] { socket.dump(dump, [&](const nlmsghdr*) { ++found; }); });
  expect("neighbours", found, request.size);
  return {time, request.size};
}

Answer dumpElements(const Request& request) {
  Sandbox sandbox;
  Socket socket(NETLINK_NETFILTER);
  std::vector<Element> list;
  for (size_t i = 0; i < request.size; ++i) {
    const auto key = static_cast<uint32_t>(kFirst + i);
    list.push_back({key, ~key});
  }
  Batch batch(Batch::kOneForAll);
  begin(batch);
  addTable(batch, NFPROTO_IPV4);
  addSet(batch, kDnatMap, capacityFor(request.size));
  addElements(batch, kDnatMap, list);
  end(batch);
  socket.transact(batch);
  const Batch dump = elementsRequest(kDnatMap);
  size_t messages = 0;
  const auto time = timed([&] { socket.dump(dump, [&](const nlmsghdr*) { ++messages; }); });
  expect("elements", countElements(socket, kDnatMap), request.size);
  return {time, request.size};
}

}  // namespace

Scenarios dumpScenarios() {
  return {{"dump-routes", dumpRoutes}, {"dump-neighbours", dumpNeighbours}, {"dump-elements", dumpElements}};
}

}  // namespace bench
