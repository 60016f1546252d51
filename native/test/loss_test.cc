// What the receive buffer could not hold, what was cut off, what belongs to somebody else, what changed meanwhile.
#include <doctest/doctest.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <map>
#include <set>

#include "test/faults.h"
#include "test/own_namespace.h"
#include "test/submission.h"

using namespace netloom;

namespace {

struct Setup {
  explicit Setup(int receiveBytes = 0)
      : socket((enterNewNamespace(), openSocket(NETLINK_ROUTE, receiveBytes))),
        descriptor(socket.get()),
        transport(std::move(socket), NETLINK_ROUTE) {}

  std::vector<Result> run(const Submission& submission) { return execute(transport, submission, scratch); }

  // So many routes, which a dump returns in several datagrams.
  void fill(uint32_t count) {
    Submission routes;
    for (uint32_t i = 0; i < count; ++i) routes.add("routes.add", route(host(i)));
    REQUIRE(run(routes).empty());
    faults.sent.clear();
    faults.receives = faults.sends = 0;
  }

  std::vector<Result> list() {
    Submission listing;
    listing.add("routes.list", mainTable());
    return run(listing);
  }

  Faults faults;
  Scratch scratch;
  Fd socket;
  int descriptor;
  Transport transport;
};

const nlmsghdr* headerOf(const msghdr* message) {
  return static_cast<const nlmsghdr*>(message->msg_iov[0].iov_base);
}

// Puts a message in the receiver's buffer as if it had come from `from`. Returns its size.
ssize_t deliver(msghdr* message, uint32_t from, uint16_t type, uint32_t sequence, const void* payload, size_t size) {
  const nlmsghdr header{.nlmsg_len = static_cast<uint32_t>(NLMSG_LENGTH(size)),
                        .nlmsg_type = type,
                        .nlmsg_flags = 0,
                        .nlmsg_seq = sequence,
                        .nlmsg_pid = 0};
  auto* to = static_cast<uint8_t*>(message->msg_iov[0].iov_base);
  std::memcpy(to, &header, sizeof(header));
  std::memcpy(to + NLMSG_HDRLEN, payload, size);
  static_cast<sockaddr_nl*>(message->msg_name)->nl_pid = from;
  message->msg_flags = 0;
  return NLMSG_SPACE(size);
}

ssize_t deliverError(msghdr* message, uint32_t from, uint32_t sequence, int error) {
  nlmsgerr payload{};
  payload.error = -error;
  return deliver(message, from, NLMSG_ERROR, sequence, &payload, sizeof(payload));
}

// The kernel's datagram, as a buffer of so many bytes would hold it.
ssize_t receiveCut(int fd, msghdr* message, size_t bytes) {
  const auto before = message->msg_iov[0].iov_len;
  message->msg_iov[0].iov_len = bytes;
  const auto size = Faults::receive(fd, message);
  message->msg_iov[0].iov_len = before;
  return size < 0 ? -errno : size;
}

int dumpsIn(const Faults& faults) {
  return static_cast<int>(std::ranges::count_if(faults.sent, [](const auto& datagram) {
    return (messagesOf(datagram)[0]->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
  }));
}

}  // namespace

TEST_CASE("errors that the receive buffer cannot hold are not known, and none of them is a success" NEEDS_NAMESPACE) {
  Setup setup(16 * 1024);
  // Less than the transport thinks it has; the kernel makes it its least.
  setReceiveBuffer(setup.descriptor, 1);
  Submission submission;
  std::set<uint32_t> failing;
  std::set<uint32_t> adding;
  for (uint32_t i = 0; i < 600; ++i) {
    if (i % 5 == 0) {
      adding.insert(submission.add("routes.add", route(host(i))));
    } else {
      failing.insert(submission.add("routes.delete", route(host(100'000 + i))));
    }
  }
  std::map<uint32_t, Result> results;
  int unknown = 0;
  int known = 0;
  for (const auto& result : setup.run(submission)) {
    CHECK_MESSAGE(results.insert({result.request, result}).second, "reported twice: ", result.request);
    if (result.status == ESRCH) {
      ++known;
      CHECK(failing.contains(result.request));
    } else {
      ++unknown;
      CHECK(result.status == ENOBUFS);
      CHECK(result.message.find("not known") != std::string::npos);
    }
  }
  CHECK(known > 0);
  CHECK(unknown > 0);
  for (const auto request : failing) CHECK_MESSAGE(results.contains(request), "no result: ", request);
  CHECK(routesInKernel().size() == adding.size());
  // The socket goes on.
  Submission more;
  more.add("routes.add", route(host(1)));
  more.add("routes.add", route(host(1)));
  const auto after = setup.run(more);
  REQUIRE(after.size() == 1);
  CHECK(after[0].request == 1);
  CHECK(after[0].status == EEXIST);
}

TEST_CASE("errors that do fit are all known, however many there are" NEEDS_NAMESPACE) {
  Setup setup(256 * 1024);
  Submission submission;
  for (uint32_t i = 0; i < 3000; ++i) submission.add("routes.delete", route(host(i)));
  const auto results = setup.run(submission);
  REQUIRE(results.size() == 3000);
  CHECK(std::ranges::count(results, ESRCH, &Result::status) == 3000);
  CHECK(std::ranges::is_sorted(results, {}, &Result::request));
}

TEST_CASE("replies that do fit are all known, however many there are" NEEDS_NAMESPACE) {
  Setup setup(64 * 1024);
  Submission submission;
  const auto& schema = *operationCalled("links.get").schema;
  for (uint32_t i = 0; i < 500; ++i) {
    Fields fields(schema);
    fields.u32("index", 1);
    submission.add("links.get", fields);
  }
  const auto results = setup.run(submission);
  REQUIRE(results.size() == 500);
  CHECK(std::ranges::count(results, 0, &Result::status) == 500);
  CHECK(std::ranges::is_sorted(results, {}, &Result::request));
  // At the first attempt.
  size_t asked = 0;
  for (const auto& datagram : setup.faults.sent) asked += messagesOf(datagram).size();
  CHECK(asked == 500);
}

TEST_CASE("replies that do not fit are asked for again" NEEDS_NAMESPACE) {
  Setup setup;
  Fields loopback(*operationCalled("links.get").schema);
  loopback.u32("index", 1);
  Submission submission;
  for (uint32_t i = 0; i < 4; ++i) {
    submission.add("routes.add", route(host(i)));
    submission.add("links.get", loopback);
  }
  // The kernel's second reply is lost.
  setup.faults.onReceive = [&](int fd, msghdr* message) -> Instead {
    if (setup.faults.receives != 2) return std::nullopt;
    Faults::receive(fd, message);
    return -ENOBUFS;
  };
  std::map<uint32_t, int> status;
  for (const auto& result : setup.run(submission)) CHECK(status.insert({result.request, result.status}).second);
  CHECK(status == std::map<uint32_t, int>{
                      {0, ENOBUFS}, {1, 0}, {2, ENOBUFS}, {3, 0}, {4, ENOBUFS}, {5, 0}, {6, ENOBUFS}, {7, 0}});
  REQUIRE(setup.faults.sent.size() == 2);
  CHECK(messagesOf(setup.faults.sent[1]).size() == 1);
}

TEST_CASE("a dump of which something was lost starts anew" NEEDS_NAMESPACE) {
  Setup setup;
  setup.fill(5000);
  setup.faults.onReceive = [&](int, msghdr*) -> Instead {
    if (setup.faults.receives == 2) return -ENOBUFS;
    return std::nullopt;
  };
  CHECK(destinations(setup.list()) == routesInKernel());
  CHECK(dumpsIn(setup.faults) == 2);
}

TEST_CASE("a dump that was cut off starts anew, with a larger buffer" NEEDS_NAMESPACE) {
  Setup setup;
  setup.fill(5000);
  size_t offered = 0;
  bool grew = false;
  setup.faults.onReceive = [&](int fd, msghdr* message) -> Instead {
    const auto room = message->msg_iov[0].iov_len;
    if (offered) grew |= room > offered;
    if (setup.faults.receives != 2) return std::nullopt;
    offered = room;
    // As a datagram that fills the buffer and had more.
    if (auto size = Faults::receive(fd, message); size < 0) return -errno;
    message->msg_flags |= MSG_TRUNC;
    return room;
  };
  CHECK(destinations(setup.list()) == routesInKernel());
  CHECK(dumpsIn(setup.faults) == 2);
  CHECK(grew);
}

TEST_CASE("a reply that was cut off is asked for again, and what changed something is not" NEEDS_NAMESPACE) {
  Setup setup;
  setup.faults.onReceive = [&](int fd, msghdr* message) -> Instead {
    if (setup.faults.receives == 1) return receiveCut(fd, message, 100);
    return std::nullopt;
  };
  Submission submission;
  Fields loopback(*operationCalled("links.get").schema);
  loopback.u32("index", 1);
  submission.add("routes.add", route(host(1)));
  submission.add("links.get", loopback);
  submission.add("routes.add", route(host(2)));
  submission.add("links.get", loopback);
  const auto results = setup.run(submission);
  std::vector<uint32_t> answered;
  for (const auto& result : results) {
    CHECK(result.status == 0);
    answered.push_back(result.request);
  }
  std::ranges::sort(answered);
  CHECK(answered == std::vector<uint32_t>{1, 3});
  REQUIRE(setup.faults.sent.size() == 2);
  const auto second = messagesOf(setup.faults.sent[1]);
  REQUIRE(second.size() == 1);
  CHECK(second[0]->nlmsg_type == RTM_GETLINK);
}

TEST_CASE("a reply that is cut off each time is a failure" NEEDS_NAMESPACE) {
  Setup setup;
  setup.faults.onReceive = [&](int fd, msghdr* message) -> Instead { return receiveCut(fd, message, 100); };
  Submission submission;
  Fields loopback(*operationCalled("links.get").schema);
  loopback.u32("index", 1);
  submission.add("links.get", loopback);
  const auto results = setup.run(submission);
  REQUIRE(results.size() == 1);
  CHECK(results[0].status == EMSGSIZE);
}

TEST_CASE("an error whose tail is cut off keeps its number" NEEDS_NAMESPACE) {
  Setup setup;
  auto unreachable = [] {
    Fields fields(*operationCalled("routes.add").schema);
    fields.u8("family", AF_INET).u8("dstLength", 32).u8("tableByte", RT_TABLE_MAIN).u8("type", RTN_UNICAST);
    return std::move(fields.ipv4("dst", host(1)).ipv4("gateway", 0xc0000201));
  };
  Submission submission;
  submission.add("routes.add", unreachable());
  const auto whole = setup.run(submission);
  REQUIRE(whole.size() == 1);
  CHECK(whole[0].status == ENETUNREACH);
  CHECK_FALSE(whole[0].message.empty());
  setup.faults.onReceive = [&](int fd, msghdr* message) -> Instead {
    return receiveCut(fd, message, NLMSG_LENGTH(sizeof(nlmsgerr)) + 4);
  };
  const auto cut = setup.run(submission);
  REQUIRE(cut.size() == 1);
  CHECK(cut[0].status == ENETUNREACH);
  CHECK(cut[0].message.empty());
}

TEST_CASE("what others send, and what answers earlier requests, is passed over" NEEDS_NAMESPACE) {
  Setup setup;
  setup.fill(2000);
  // In front of all that the kernel says.
  auto intrude = [&](int, msghdr* message) -> Instead {
    const auto sequence = messagesOf(setup.faults.sent.back())[0]->nlmsg_seq;
    switch (setup.faults.receives) {
      case 1:
        return deliverError(message, 0, sequence - 1, EPERM);
      case 2:
        return deliverError(message, 0, sequence + 1000, EPERM);
      case 3:
        return deliverError(message, 4711, sequence, EPERM);
      case 4: {
        const int none = 0;
        return deliver(message, 0, NLMSG_DONE, sequence - 1, &none, sizeof(none));
      }
      case 5: {
        const int none = 0;
        return deliver(message, 4711, NLMSG_DONE, sequence, &none, sizeof(none));
      }
      default:
        return std::nullopt;
    }
  };
  SUBCASE("in a batch") {
    setup.faults.onReceive = intrude;
    Submission submission;
    submission.add("routes.add", route(host(5000)));
    submission.add("routes.delete", route(host(6000)));
    const auto results = setup.run(submission);
    REQUIRE(results.size() == 1);
    CHECK(results[0].request == 1);
    CHECK(results[0].status == ESRCH);
  }
  SUBCASE("in a dump") {
    setup.faults.onReceive = intrude;
    const auto results = setup.list();
    for (const auto& result : results) REQUIRE(result.status == 0);
    CHECK(destinations(results) == routesInKernel());
    CHECK(dumpsIn(setup.faults) == 1);
  }
}

TEST_CASE("a dump during which the table changed starts anew" NEEDS_NAMESPACE) {
  Setup setup;
  setup.fill(2000);
  int changes = 0;
  // The kernel's flag, in the first datagram of the first `changes` dumps.
  int flagged = 0;
  setup.faults.onReceive = [&](int fd, msghdr* message) -> Instead {
    const auto size = Faults::receive(fd, message);
    if (size < 0) return -errno;
    if (flagged < changes && flagged < dumpsIn(setup.faults)) {
      ++flagged;
      const_cast<nlmsghdr*>(headerOf(message))->nlmsg_flags |= NLM_F_DUMP_INTR;
    }
    return size;
  };
  SUBCASE("three times") {
    changes = 3;
    CHECK(destinations(setup.list()) == routesInKernel());
    CHECK(dumpsIn(setup.faults) == 4);
  }
  SUBCASE("nine times") {
    changes = 9;
    CHECK(destinations(setup.list()) == routesInKernel());
    CHECK(dumpsIn(setup.faults) == 10);
  }
  SUBCASE("ten times: it says so") {
    changes = 10;
    const auto results = setup.list();
    REQUIRE(results.size() == 1);
    CHECK(results[0].status == EINTR);
    CHECK(results[0].message == "the table changed during each of 10 attempts to list it");
    CHECK(dumpsIn(setup.faults) == 10);
    // And the next one works.
    CHECK(destinations(setup.list()) == routesInKernel());
  }
}
