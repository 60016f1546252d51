// Many objects of one kind, added in one call, or one after the other.
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

template <typename Add>
Answer add(const Request& request, size_t datagramBytes, Add addOne, size_t (*count)(Socket&)) {
  Sandbox sandbox;
  Socket socket(NETLINK_ROUTE);
  const size_t before = count(socket);
  Batch batch(datagramBytes);
  for (size_t i = 0; i < request.size; ++i) addOne(batch, kFirst + i);
  const auto time = timed([&] { socket.transact(batch); });
  expect("objects", count(socket), before + request.size);
  return {time, request.size};
}

template <size_t datagramBytes>
Answer routes(const Request& request) {
  return add(
      request, datagramBytes, [](Batch& batch, uint32_t address) { addRoute(batch, localRoute(address, kLoopback)); },
      [](Socket& socket) { return countRoutes(socket, RT_TABLE_LOCAL); });
}

Answer addresses(const Request& request) {
  return add(
      request, Batch::kDatagramBytes, [](Batch& batch, uint32_t address) { addAddress(batch, kLoopback, address, 32); },
      [](Socket& socket) { return countAddresses(socket, kLoopback); });
}

Answer neighbours(const Request& request) {
  return add(
      request, Batch::kDatagramBytes,
      [](Batch& batch, uint32_t address) { addNeighbour(batch, Sandbox::kGatewayIndex, address); },
      [](Socket& socket) { return countNeighbours(socket, Sandbox::kGatewayIndex); });
}

Answer elements(const Request& request) {
  Sandbox sandbox;
  Socket socket(NETLINK_NETFILTER);
  constexpr Set set{NFPROTO_IPV4, "addresses", false};
  Batch tables;
  begin(tables);
  addTable(tables, NFPROTO_IPV4);
  addSet(tables, set, capacityFor(request.size));
  end(tables);
  socket.transact(tables);
  std::vector<Element> list;
  for (size_t i = 0; i < request.size; ++i) list.push_back({static_cast<uint32_t>(kFirst + i), 0});
  Batch batch(Batch::kOneForAll);
  begin(batch);
  addElements(batch, set, list);
  end(batch);
  const auto time = timed([&] { socket.transact(batch); });
  expect("elements", countElements(socket, set), request.size);
  return {time, request.size};
}

}  // namespace

Scenarios bulkScenarios() {
  return {{"route-add", routes<Batch::kDatagramBytes>},
          {"route-add-sequential", routes<Batch::kOneEach>},
          // Begun in one tick and awaited together, requests leave as a batch.
          {"route-add-concurrent", routes<Batch::kDatagramBytes>},
          {"address-add", addresses},
          {"neighbour-add", neighbours},
          {"element-add", elements}};
}

}  // namespace bench
