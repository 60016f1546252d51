// What a transport has sent, counted; and whether closing it may take long.
#include <doctest/doctest.h>
#include <linux/netfilter/nfnetlink.h>
#include <netinet/in.h>

#include "test/own_namespace.h"
#include "test/submission.h"

using namespace netloom;

namespace {

struct Setup {
  explicit Setup(int protocol) : transport((enterNewNamespace(), openSocket(protocol)), protocol, &traffic) {}

  void run(const Submission& submission) { CHECK(execute(transport, submission, scratch).size() <= 1); }

  Traffic traffic;
  Scratch scratch;
  Transport transport;
};

Submission tables() {
  Submission submission;
  submission.add("nft.tables", Fields(*operationCalled("nft.tables").schema));
  return submission;
}

// Opened and closed, with nothing between.
Submission transaction() {
  const auto& schema = *operationCalled("nft.begin").schema;
  Submission submission;
  for (const char* operation : {"nft.begin", "nft.end"}) {
    submission.add(operation, Fields(schema).u16("subsystem", NFNL_SUBSYS_NFTABLES));
  }
  return submission;
}

}  // namespace

TEST_CASE("messages are counted by whether they change something, datagrams by themselves" NEEDS_NAMESPACE) {
  Setup setup(NETLINK_ROUTE);
  Submission submission;
  for (uint32_t i = 0; i < 3; ++i) submission.add("routes.add", route(host(i)));
  submission.add("routes.list", mainTable());
  CHECK(execute(setup.transport, submission, setup.scratch).size() == 3);
  CHECK(setup.traffic.changes == 3);
  CHECK(setup.traffic.reads == 1);
  CHECK(setup.traffic.datagrams == 2);
}

TEST_CASE("a netfilter socket closes slowly once it has changed something, others do not" NEEDS_NAMESPACE) {
  Setup setup(NETLINK_NETFILTER);
  setup.run(tables());
  CHECK(!setup.transport.closesSlowly());
  setup.run(transaction());
  CHECK(setup.transport.closesSlowly());

  Setup other(NETLINK_ROUTE);
  Submission routes;
  routes.add("routes.add", route(host(0)));
  other.run(routes);
  CHECK(!other.transport.closesSlowly());
}
