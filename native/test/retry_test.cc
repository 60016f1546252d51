// Interrupted system calls and full buffers: asked again, and nothing is done twice.
#include <doctest/doctest.h>

#include "test/faults.h"
#include "test/own_namespace.h"
#include "test/submission.h"

using namespace netloom;

namespace {

struct Setup {
  Setup() : transport((enterNewNamespace(), openSocket(NETLINK_ROUTE)), NETLINK_ROUTE) {}

  std::vector<Result> run(const Submission& submission) { return execute(transport, submission, scratch); }

  Faults faults;
  Scratch scratch;
  Transport transport;
};

constexpr auto kInterrupted = [](auto&&...) -> ssize_t { return -EINTR; };
constexpr auto kAgain = [](auto&&...) -> ssize_t { return -EAGAIN; };

}  // namespace

TEST_CASE("sendmsg that a signal interrupts is called again" NEEDS_NAMESPACE) {
  Setup setup;
  setup.faults.onSend = times(3, kInterrupted);
  Submission submission;
  submission.add("routes.add", route(host(1)));
  CHECK(setup.run(submission).empty());
  CHECK(setup.faults.sends == 4);
  CHECK(routesInKernel() == std::vector{host(1)});
}

TEST_CASE("sendmsg that would block waits for room and is called again" NEEDS_NAMESPACE) {
  Setup setup;
  setup.faults.onSend = times(2, kAgain);
  setup.faults.onPoll = [](pollfd* poller) -> Instead {
    CHECK(poller->events == POLLOUT);
    return std::nullopt;
  };
  Submission submission;
  submission.add("routes.add", route(host(1)));
  CHECK(setup.run(submission).empty());
  CHECK(setup.faults.sends == 3);
  CHECK(setup.faults.polls == 2);
  CHECK(routesInKernel() == std::vector{host(1)});
}

TEST_CASE("poll that a signal interrupts is called again" NEEDS_NAMESPACE) {
  Setup setup;
  setup.faults.onSend = times(1, kAgain);
  setup.faults.onPoll = times(3, kInterrupted);
  Submission submission;
  submission.add("routes.add", route(host(1)));
  CHECK(setup.run(submission).empty());
  CHECK(setup.faults.polls == 4);
  CHECK(routesInKernel() == std::vector{host(1)});
}

TEST_CASE("a socket that never has room fails what was to be sent" NEEDS_NAMESPACE) {
  Setup setup;
  setup.faults.onSend = kAgain;
  // As after the ten seconds.
  setup.faults.onPoll = [](pollfd*) -> Instead { return 0; };
  Submission submission;
  submission.add("routes.add", route(host(1)));
  submission.add("routes.add", route(host(2)));
  const auto results = setup.run(submission);
  REQUIRE(results.size() == 2);
  CHECK(results[0].status == ETIMEDOUT);
  CHECK(results[1].status == ETIMEDOUT);
  CHECK(routesInKernel().empty());
}

TEST_CASE("recvmsg that a signal interrupts is called again, and no error is missed" NEEDS_NAMESPACE) {
  Setup setup;
  setup.faults.onReceive = times(3, kInterrupted);
  Submission submission;
  submission.add("routes.add", route(host(1)));
  submission.add("routes.delete", route(host(2)));
  const auto results = setup.run(submission);
  REQUIRE(results.size() == 1);
  CHECK(results[0].request == 1);
  CHECK(results[0].status == ESRCH);
}

TEST_CASE("a dump waits for the part that has not come yet" NEEDS_NAMESPACE) {
  Setup setup;
  Submission routes;
  for (uint32_t i = 0; i < 3000; ++i) routes.add("routes.add", route(host(i)));
  REQUIRE(setup.run(routes).empty());
  setup.faults.polls = setup.faults.receives = 0;
  // Between any two datagrams there is nothing, and then a signal.
  setup.faults.onReceive = [&](int, msghdr*) -> Instead {
    if (setup.faults.receives % 3 == 1) return -EAGAIN;
    if (setup.faults.receives % 3 == 2) return -EINTR;
    return std::nullopt;
  };
  Submission listing;
  listing.add("routes.list", mainTable());
  CHECK(destinations(setup.run(listing)) == routesInKernel());
  CHECK(setup.faults.polls > 1);
}

TEST_CASE("a dump that stays silent ends with ETIMEDOUT" NEEDS_NAMESPACE) {
  Setup setup;
  setup.faults.onReceive = kAgain;
  setup.faults.onPoll = [](pollfd* poller) -> Instead {
    CHECK(poller->events == POLLIN);
    return 0;
  };
  Submission listing;
  listing.add("routes.list", mainTable());
  const auto results = setup.run(listing);
  REQUIRE(results.size() == 1);
  CHECK(results[0].status == ETIMEDOUT);
}

TEST_CASE("a batch without errors reads once and never waits" NEEDS_NAMESPACE) {
  Setup setup;
  Submission submission;
  for (uint32_t i = 0; i < 100; ++i) submission.add("routes.add", route(host(i)));
  CHECK(setup.run(submission).empty());
  CHECK(setup.faults.receives == 1);
  CHECK(setup.faults.polls == 0);
}
