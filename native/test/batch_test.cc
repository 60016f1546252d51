// How requests are gathered into datagrams: silently, in order, cut where the socket's buffers end.
#include <doctest/doctest.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <numeric>

#include "test/faults.h"
#include "test/own_namespace.h"
#include "test/submission.h"

using namespace netloom;

namespace {

// The send buffer may not grow beyond so many bytes: an ordinary user's, with net.core.wmem_max.
auto sendBufferOf(int most) {
  return [most](int fd, int level, int option, int value) -> Instead {
    if (level != SOL_SOCKET) return std::nullopt;
    if (option == SO_SNDBUFFORCE) return -EPERM;
    if (option == SO_SNDBUF) return Faults::setOption(fd, level, option, std::min(value, most)) < 0 ? -errno : 0;
    return std::nullopt;
  };
}

struct Setup {
  explicit Setup(int mostSendBytes = 0, int receiveBytes = 0)
      : transport((enterNewNamespace(), limit(mostSendBytes), openSocket(NETLINK_ROUTE, receiveBytes)), NETLINK_ROUTE) {
  }

  void limit(int mostSendBytes) {
    if (mostSendBytes) faults.onSetOption = sendBufferOf(mostSendBytes);
  }
  std::vector<Result> run(const Submission& submission) { return execute(transport, submission, scratch); }

  Faults faults;
  Scratch scratch;
  Transport transport;
};

Submission routes(uint32_t count) {
  Submission submission;
  for (uint32_t i = 0; i < count; ++i) submission.add("routes.add", route(host(i)));
  return submission;
}

std::vector<const nlmsghdr*> allMessages(const Faults& faults) {
  std::vector<const nlmsghdr*> all;
  for (const auto& datagram : faults.sent) {
    for (const auto* message : messagesOf(datagram)) all.push_back(message);
  }
  return all;
}

void checkAscending(const std::vector<const nlmsghdr*>& messages) {
  CHECK(std::ranges::adjacent_find(
            messages, [](const auto* a, const auto* b) { return b->nlmsg_seq != a->nlmsg_seq + 1; }) == messages.end());
}

}  // namespace

TEST_CASE("small requests leave in one sendmsg, and none of them asks for an ack" NEEDS_NAMESPACE) {
  Setup setup;
  CHECK(setup.run(routes(1000)).empty());
  REQUIRE(setup.faults.sent.size() == 1);
  const auto messages = allMessages(setup.faults);
  CHECK(messages.size() == 1000);
  for (const auto* message : messages) {
    CHECK((message->nlmsg_flags & NLM_F_ACK) == 0);
    CHECK((message->nlmsg_flags & NLM_F_REQUEST) != 0);
  }
  checkAscending(messages);
  CHECK(routesInKernel().size() == 1000);
}

TEST_CASE("of a submission, what is behind a dump leaves behind it" NEEDS_NAMESPACE) {
  Setup setup;
  Submission submission;
  submission.add("routes.add", route(host(1)));
  const auto listing = submission.add("routes.list", mainTable());
  submission.add("routes.add", route(host(2)));
  const auto results = setup.run(submission);
  CHECK(destinations(results) == std::vector{host(1)});
  for (const auto& result : results) CHECK(result.request == listing);
  CHECK(routesInKernel().size() == 2);
}

TEST_CASE("a batch is cut where the send buffer ends, in order" NEEDS_NAMESPACE) {
  Setup setup;
  CHECK(setup.run(routes(10'000)).empty());
  CHECK(setup.faults.sent.size() > 1);
  for (const auto& datagram : setup.faults.sent) CHECK(datagram.size() <= 256 * 1024);
  const auto messages = allMessages(setup.faults);
  CHECK(messages.size() == 10'000);
  checkAscending(messages);
  CHECK(routesInKernel().size() == 10'000);
}

TEST_CASE("a batch is cut where the receive buffer could not hold its errors, in order" NEEDS_NAMESPACE) {
  Setup setup(0, 32 * 1024);
  CHECK(setup.run(routes(1000)).empty());
  // SO_RCVBUF doubles what it is given; a kilobyte for each error.
  for (const auto& datagram : setup.faults.sent) CHECK(messagesOf(datagram).size() <= 64);
  CHECK(setup.faults.sent.size() == (1000 + 63) / 64);
  checkAscending(allMessages(setup.faults));
  CHECK(routesInKernel().size() == 1000);
}

TEST_CASE("requests are carried out in order, across the cuts" NEEDS_NAMESPACE) {
  Setup setup(0, 1);
  Submission submission;
  for (uint32_t i = 0; i < 500; ++i) {
    submission.add("routes.add", route(host(1), 7));
    submission.add("routes.add", route(host(1), 8));
    submission.add("routes.delete", route(host(1), 7));
    submission.add("routes.delete", route(host(1), 8));
  }
  CHECK(setup.run(submission).empty());
  CHECK(setup.faults.sent.size() > 50);
  CHECK(routesInKernel().empty());
}

TEST_CASE("where the send buffer may not be forced, a batch goes through in more datagrams" NEEDS_NAMESPACE) {
  Setup setup(16 * 1024);
  CHECK(setup.run(routes(2000)).empty());
  CHECK(setup.faults.sent.size() > 1);
  for (const auto& datagram : setup.faults.sent) CHECK(datagram.size() <= 16 * 1024);
  checkAscending(allMessages(setup.faults));
  CHECK(routesInKernel().size() == 2000);
}

TEST_CASE("where it may, the same batch is one datagram" NEEDS_NAMESPACE) {
  Setup setup;
  CHECK(setup.run(routes(2000)).empty());
  CHECK(setup.faults.sent.size() == 1);
}

TEST_CASE("requests whose caller has gone are passed over" NEEDS_NAMESPACE) {
  Setup setup;
  Submission submission;
  submission.add("routes.add", route(host(1)));
  submission.add("routes.add", route(host(2)));
  std::vector<uint8_t> bytes(submission.bytes().begin(), submission.bytes().end());
  bytes[4] = bytes[5] = 0xff;  // the first one's operation
  setup.transport.execute(bytes, setup.scratch);
  CHECK(setup.scratch.results.empty());
  CHECK(routesInKernel() == std::vector{host(2)});
}

TEST_CASE("a request may name a device that one before it makes, and an unknown name fails alone" NEEDS_NAMESPACE) {
  Setup setup;
  auto bridge = [](std::string_view name) {
    Fields kind(
        *operationCalled("links.add").schema->fields[fieldCalled(*operationCalled("links.add").schema, "info")].schema);
    kind.variant("kind", 1);
    Fields fields(*operationCalled("links.add").schema);
    return std::move(fields.text("name", name).nest("info", kind));
  };
  auto address = [](std::string_view device, uint32_t number) {
    Fields fields(*operationCalled("addresses.add").schema);
    fields.u8("family", AF_INET).u8("prefixLength", 32).device("index", device);
    return std::move(fields.ipv4("local", number).ipv4("address", number));
  };
  Submission submission;
  submission.add("routes.add", route(host(1)));
  submission.add("links.add", bridge("br-made"));
  submission.add("addresses.add", address("br-made", host(10)));
  const auto unknown = submission.add("addresses.add", address("br-none", host(11)));
  submission.add("addresses.add", address("br-made", host(12)));
  Fields renamed(*operationCalled("links.set").schema);
  renamed.device("index", "br-made").text("name", "br-again");
  submission.add("links.set", renamed);
  const auto gone = submission.add("addresses.add", address("br-made", host(13)));
  submission.add("addresses.add", address("br-again", host(14)));
  const auto results = setup.run(submission);
  REQUIRE(results.size() == 2);
  CHECK(results[0].request == unknown);
  CHECK(results[0].status == ENODEV);
  CHECK(results[0].message == "no device is called br-none");
  CHECK(results[1].request == gone);
  CHECK(results[1].status == ENODEV);
  Submission listing;
  listing.add("addresses.list", Fields(*operationCalled("addresses.list").schema).u8("family", AF_INET));
  CHECK(setup.run(listing).size() == 3);
  CHECK(routesInKernel() == std::vector{host(1)});
}
