// What a member of multicast groups hears, what it is told of losses and where, and what it does not listen to.
#include <doctest/doctest.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>

#include "netlink/monitor.h"
#include "test/faults.h"
#include "test/own_namespace.h"
#include "test/submission.h"

using namespace netloom;

namespace {

constexpr size_t kAll = SIZE_MAX;

// In a namespace of its own: a monitor of routes, and a transport that makes them.
struct Setup {
  explicit Setup(int receiveBytes = 0)
      : sender((enterNewNamespace(), openSocket(NETLINK_ROUTE)), NETLINK_ROUTE),
        listening(openSocket(NETLINK_ROUTE)),
        descriptor(join(listening, receiveBytes)),
        monitor(std::move(listening), NETLINK_ROUTE) {}

  static int join(const Fd& fd, int receiveBytes) {
    const uint32_t groups[]{RTNLGRP_IPV4_ROUTE};
    REQUIRE(Monitor::join(fd.get(), groups, receiveBytes) == 0);
    return fd.get();
  }

  void add(uint32_t from, uint32_t count) {
    Submission routes;
    for (uint32_t i = 0; i < count; ++i) routes.add("routes.add", route(host(from + i)));
    REQUIRE(execute(sender, routes, scratch).empty());
  }

  // Destinations of the routes that it hears of, in order; 0 for a loss.
  std::vector<uint32_t> hear(size_t enough = kAll) {
    RecordWriter events;
    error = monitor.read(received, events, enough);
    std::vector<uint32_t> heard;
    RecordReader in(events.bytes());
    while (!in.done()) {
      RecordReader event(in.block());
      const auto index = event.scalar<uint16_t>();
      if (index == kOverrun) {
        heard.push_back(0);
        continue;
      }
      REQUIRE(index < eventMessages().size());
      CHECK(std::string_view(eventMessages()[index].name) == "route.new");
      const auto found = destinations({{.request = 0, .status = 0, .record = event.rest()}});
      REQUIRE(found.size() == 1);
      heard.push_back(found[0]);
    }
    REQUIRE_FALSE(in.failed());
    return heard;
  }

  Faults faults;
  Scratch scratch;
  Transport sender;
  Fd listening;
  int descriptor;
  Monitor monitor;
  Buffer received;
  int error = 0;
};

std::vector<uint32_t> hosts(uint32_t from, uint32_t count) {
  std::vector<uint32_t> all;
  for (uint32_t i = 0; i < count; ++i) all.push_back(host(from + i));
  return all;
}

// Of the receives on the monitor's socket, the `number`th from here on is `what` instead.
void instead(Setup& setup, int number, std::function<Instead(msghdr*)> what) {
  setup.faults.onReceive = [&setup, number, what, count = 0](int fd, msghdr* message) mutable -> Instead {
    if (fd != setup.descriptor || ++count != number) return std::nullopt;
    return what(message);
  };
}

}  // namespace

TEST_CASE("a monitor hears what changes, in order, and nothing from before it joined" NEEDS_NAMESPACE) {
  Setup setup;
  CHECK(setup.hear().empty());
  setup.add(1, 300);
  CHECK(setup.hear() == hosts(1, 300));
  CHECK(setup.hear().empty());
  CHECK(setup.error == 0);
}

TEST_CASE("it reads no more than it is asked for" NEEDS_NAMESPACE) {
  Setup setup;
  setup.add(1, 10);
  std::vector<uint32_t> all;
  for (int i = 0; i < 10; ++i) {
    const auto one = setup.hear(1);
    REQUIRE(one.size() == 1);
    all.push_back(one[0]);
  }
  CHECK(all == hosts(1, 10));
  CHECK(setup.hear(1).empty());
}

TEST_CASE("a loss is told once, behind all that came before it and ahead of what comes after" NEEDS_NAMESPACE) {
  Setup setup(16 * 1024);
  setup.add(1, 500);
  const auto heard = setup.hear();
  REQUIRE(heard.size() > 2);
  CHECK(heard.size() < 500);
  CHECK(heard.back() == 0);
  CHECK(std::vector(heard.begin(), heard.end() - 1) == hosts(1, heard.size() - 1));
  setup.add(1000, 3);
  CHECK(setup.hear() == hosts(1000, 3));
  // And once more.
  setup.add(2000, 500);
  const auto again = setup.hear();
  REQUIRE(again.size() > 2);
  CHECK(again.back() == 0);
  CHECK(std::vector(again.begin(), again.end() - 1) == hosts(2000, again.size() - 1));
}

TEST_CASE("a loss is told even where there is always more to read" NEEDS_NAMESPACE) {
  Setup setup(16 * 1024);
  setup.add(1, 500);
  auto heard = setup.hear(1);
  uint32_t next = 10'000;
  // The reader takes as many as come: never is there nothing.
  auto lost = [&] { return std::ranges::count(heard, 0u); };
  for (int i = 0; i < 2000 && lost() == 0; ++i) {
    setup.add(next++, 1);
    for (auto one : setup.hear(1)) heard.push_back(one);
  }
  CHECK(lost() == 1);
}

TEST_CASE("a second loss is not taken for the first" NEEDS_NAMESPACE) {
  Setup setup;
  setup.add(1, 4);
  setup.faults.onReceive = [&, count = 0](int fd, msghdr*) mutable -> Instead {
    if (fd != setup.descriptor) return std::nullopt;
    ++count;
    return count == 1 || count == 3 ? Instead(-ENOBUFS) : std::nullopt;
  };
  const auto heard = setup.hear();
  CHECK(std::ranges::count(heard, 0u) == 2);
  std::vector<uint32_t> routes;
  for (const auto one : heard) {
    if (one) routes.push_back(one);
  }
  CHECK(routes == hosts(1, 4));
  CHECK(heard.front() == host(1));
  CHECK(heard.back() == 0);
}

TEST_CASE("what was cut off is a loss" NEEDS_NAMESPACE) {
  Setup setup;
  setup.add(1, 3);
  instead(setup, 2, [&](msghdr* message) -> Instead {
    const auto offered = message->msg_iov[0].iov_len;
    message->msg_iov[0].iov_len = 20;
    const auto size = Faults::receive(setup.descriptor, message);
    message->msg_iov[0].iov_len = offered;
    return size < 0 ? -errno : size;
  });
  CHECK(setup.hear() == std::vector<uint32_t>{host(1), 0, host(3)});
  setup.add(4, 1);
  CHECK(setup.hear() == hosts(4, 1));
}

TEST_CASE("a message that its schema does not fit is a loss; one that is no event is passed over" NEEDS_NAMESPACE) {
  Setup setup;
  setup.add(1, 3);
  auto alter = [&](int number, auto change) {
    instead(setup, number, [&setup, change](msghdr* message) -> Instead {
      const auto size = Faults::receive(setup.descriptor, message);
      if (size < 0) return -errno;
      change(static_cast<nlmsghdr*>(message->msg_iov[0].iov_base));
      return size;
    });
  };
  SUBCASE("too short") {
    alter(2, [](nlmsghdr* header) { header->nlmsg_len = NLMSG_LENGTH(4); });
    CHECK(setup.hear() == std::vector<uint32_t>{host(1), 0, host(3)});
  }
  SUBCASE("of a type that is not known") {
    alter(2, [](nlmsghdr* header) { header->nlmsg_type = RTM_NEWSTATS; });
    CHECK(setup.hear() == std::vector<uint32_t>{host(1), host(3)});
  }
}

TEST_CASE("only the kernel is listened to" NEEDS_NAMESPACE) {
  Setup setup;
  setup.add(1, 2);
  instead(setup, 1, [&](msghdr* message) -> Instead {
    const auto size = Faults::receive(setup.descriptor, message);
    static_cast<sockaddr_nl*>(message->msg_name)->nl_pid = 4711;
    return size;
  });
  CHECK(setup.hear() == hosts(2, 1));
}

TEST_CASE("an error that is no loss ends it" NEEDS_NAMESPACE) {
  Setup setup;
  setup.add(1, 2);
  instead(setup, 2, [](msghdr*) -> Instead { return -ENOMEM; });
  CHECK(setup.hear() == hosts(1, 1));
  CHECK(setup.error == -ENOMEM);
}

TEST_CASE("a group that there is not is refused" NEEDS_NAMESPACE) {
  enterNewNamespace();
  const auto fd = openSocket(NETLINK_ROUTE);
  const uint32_t groups[]{RTNLGRP_LINK, 5000};
  CHECK(Monitor::join(fd.get(), groups, 0) == -EINVAL);
}

TEST_CASE("no two events are told apart by nothing") {
  const auto& all = eventMessages();
  for (size_t i = 0; i < all.size(); ++i) {
    for (size_t j = i + 1; j < all.size(); ++j) {
      if (all[i].protocol != all[j].protocol || all[i].type != all[j].type) continue;
      CHECK_MESSAGE(all[i].flags != 0, all[i].name, " hides ", all[j].name);
    }
  }
}
