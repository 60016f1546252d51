// Columns: rows of routes, rows of set elements, transactions of any size, and which row the kernel refused.
#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>  // ahead of linux/in.h, which gives way to it

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <netlink/attr.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "netlink/columns.h"
#include "test/faults.h"
#include "test/own_namespace.h"
#include "test/submission.h"

using namespace netloom;

namespace {

std::vector<uint32_t> sequence(uint32_t count, uint32_t from) {
  std::vector<uint32_t> numbers(count);
  std::iota(numbers.begin(), numbers.end(), from);
  return numbers;
}

const Schema& schemaOf(const char* operation) {
  return *operationCalled(operation).schema;
}

Fields batch() {
  return std::move(Fields(schemaOf("nft.begin")).u16("subsystem", NFNL_SUBSYS_NFTABLES));
}

// The record of packed rows: keys from column 0, data from column 1.
RecordWriter rowsOf(bool withData) {
  RecordWriter record;
  record.scalar(uint8_t{NFPROTO_IPV4});
  record.block(std::string_view("t"));
  record.block(std::string_view("m"));
  record.scalar(uint32_t{0});
  for (uint8_t column : {0, 1}) {
    record.scalar(column);
    record.scalar(uint8_t{0});
    record.scalar(uint8_t(column == 0 || withData ? 4 : 0));
  }
  return record;
}

struct Setup {
  explicit Setup(std::function<Instead(int, int, int, int)> onSetOption = nullptr)
      : transport((enterNewNamespace(), faults.onSetOption = std::move(onSetOption), openSocket(NETLINK_NETFILTER)),
                  NETLINK_NETFILTER) {
    Fields table(schemaOf("nft.newtable"));
    table.u8("family", NFPROTO_IPV4).text("name", "t");
    Fields map(schemaOf("nft.newset"));
    map.u8("family", NFPROTO_IPV4).text("table", "t").text("name", "m").u32("flags", NFT_SET_MAP).u32("id", 1);
    map.u32("keyType", 7).u32("keyLen", 4).u32("dataType", 7).u32("dataLen", 4);
    // With a size: a table without one grows beside its elements, and a listing meanwhile has some twice and others not
    // at all (nft_rhash_walk goes on from the start after rhashtable's -EAGAIN).
    const auto& fields = schemaOf("nft.newset").fields;
    Fields description(*fields[fieldCalled(schemaOf("nft.newset"), "desc")].schema);
    map.nest("desc", description.u32("size", 1 << 20));
    Submission submission;
    submission.add("nft.begin", batch());
    submission.add("nft.newtable", table);
    submission.add("nft.newset", map);
    submission.add("nft.end", batch());
    REQUIRE(run(submission).empty());
    faults.sent.clear();
    faults.sends = 0;
  }

  std::vector<Result> run(const Submission& submission) { return execute(transport, submission, scratch); }

  // One transaction of elements.
  std::vector<Result> change(const char* operation, const std::vector<uint32_t>& keys,
                             const std::vector<uint32_t>& values) {
    Submission submission;
    submission.add("nft.begin", batch());
    submission.columns({keys, values});
    submission.add(operation, rowsOf(std::string_view(operation) != "nft.delrows").bytes(), true);
    submission.add("nft.end", batch());
    return run(submission);
  }

  std::map<uint32_t, uint32_t> elements() {
    Submission listing;
    listing.add("nft.setrows",
                Fields(schemaOf("nft.setrows")).u8("family", NFPROTO_IPV4).text("table", "t").text("set", "m"));
    std::map<uint32_t, uint32_t> held;
    for (const auto& result : run(listing)) {
      REQUIRE(result.status == 0);
      REQUIRE(result.record.size() % 8 == 0);
      for (size_t at = 0; at < result.record.size(); at += 8) {
        uint32_t pair[2];
        std::memcpy(pair, result.record.data() + at, sizeof(pair));
        CHECK(held.insert({ntohl(pair[0]), ntohl(pair[1])}).second);
      }
    }
    return held;
  }

  Faults faults;
  Scratch scratch;
  Transport transport;
};

// Keys of a NEWSETELEM's elements, in order; checks that the list's length fits its attribute.
std::vector<uint32_t> keysIn(const nlmsghdr* header) {
  std::vector<uint32_t> keys;
  auto* list = nlmsg_find_attr(const_cast<nlmsghdr*>(header), sizeof(nfgenmsg), NFTA_SET_ELEM_LIST_ELEMENTS);
  REQUIRE(list);
  // Nothing behind it: were the length beyond 16 bits, it would have wrapped.
  CHECK(reinterpret_cast<uint8_t*>(list) + NLA_ALIGN(list->nla_len) ==
        reinterpret_cast<const uint8_t*>(header) + NLMSG_ALIGN(header->nlmsg_len));
  int left;
  nlattr* item;
  nla_for_each_nested(item, list, left) {
    nlattr* element[NFTA_SET_ELEM_MAX + 1];
    nlattr* key[NFTA_DATA_MAX + 1];
    REQUIRE(nla_parse_nested(element, NFTA_SET_ELEM_MAX, item, nullptr) == 0);
    REQUIRE(element[NFTA_SET_ELEM_KEY]);
    REQUIRE(nla_parse_nested(key, NFTA_DATA_MAX, element[NFTA_SET_ELEM_KEY], nullptr) == 0);
    keys.push_back(ntohl(nla_get_u32(key[NFTA_DATA_VALUE])));
  }
  CHECK(left == 0);
  return keys;
}

}  // namespace

TEST_CASE("100,000 elements are one transaction of messages that their lists fit in, in order" NEEDS_NAMESPACE) {
  Setup setup;
  const auto keys = sequence(100'000, host(0));
  CHECK(setup.change("nft.newrows", keys, sequence(100'000, 7)).empty());
  REQUIRE(setup.faults.sent.size() == 1);
  std::vector<uint32_t> sent;
  const auto messages = messagesOf(setup.faults.sent[0]);
  CHECK(messages.front()->nlmsg_type == NFNL_MSG_BATCH_BEGIN);
  CHECK(messages.back()->nlmsg_type == NFNL_MSG_BATCH_END);
  CHECK(messages.size() > 40);
  for (const auto* message : messages) {
    CHECK((message->nlmsg_flags & NLM_F_ACK) == 0);
    if (message->nlmsg_type >> 8 != NFNL_SUBSYS_NFTABLES) continue;
    for (const auto key : keysIn(message)) sent.push_back(key);
  }
  CHECK(sent == keys);
  const auto held = setup.elements();
  CHECK(held.size() == 100'000);
  CHECK(held.at(host(99'999)) == 7 + 99'999);
  CHECK(setup.change("nft.delrows", keys, keys).empty());
  CHECK(setup.elements().empty());
}

TEST_CASE("the row that the kernel refuses is named, and the transaction is nothing" NEEDS_NAMESPACE) {
  Setup setup;
  REQUIRE(setup.change("nft.newrows", {host(70'001)}, {1}).empty());
  for (const char* operation : {"nft.createrows", "nft.newrows"}) {
    // Row 70,001 has another value there.
    const auto results = setup.change(operation, sequence(100'000, host(0)), sequence(100'000, 7));
    REQUIRE(results.size() == 1);
    CHECK(results[0].status == EEXIST);
    CHECK(results[0].row == 70'001);
    CHECK(results[0].request == 2);
  }
  const auto missing = setup.change("nft.delrows", {host(70'001), host(4), host(5)}, {0, 0, 0});
  REQUIRE_FALSE(missing.empty());
  CHECK(missing[0].status == ENOENT);
  CHECK(missing[0].row == 1);
  CHECK(setup.elements() == std::map<uint32_t, uint32_t>{{host(70'001), 1}});
}

TEST_CASE("a transaction with a part that cannot be written is not sent" NEEDS_NAMESPACE) {
  Setup setup;
  Submission submission;
  submission.add("nft.begin", batch());
  submission.columns({{host(1)}, {1}});
  submission.add("nft.newrows", rowsOf(true).bytes(), true);
  const uint8_t malformed[]{1, 2, 3};
  const auto bad = submission.add("nft.newrows", Bytes{malformed}, true);
  submission.add("nft.end", batch());
  const auto results = setup.run(submission);
  REQUIRE(results.size() == 1);
  CHECK(results[0].request == bad);
  CHECK(results[0].status == EINVAL);
  CHECK(setup.faults.sends == 0);
  // It does not spoil the next.
  CHECK(setup.change("nft.newrows", {host(2)}, {2}).empty());
  CHECK(setup.elements() == std::map<uint32_t, uint32_t>{{host(2), 2}});
}

TEST_CASE("a transaction is one datagram whatever its size: the send buffer grows for it" NEEDS_NAMESPACE) {
  bool first = true;
  Setup setup([&](int fd, int level, int option, int) -> Instead {
    if (level != SOL_SOCKET || option != SO_SNDBUFFORCE || !first) return std::nullopt;
    first = false;
    return Faults::setOption(fd, level, option, 32 * 1024) < 0 ? -errno : 0;
  });
  CHECK_FALSE(first);
  CHECK(setup.change("nft.newrows", sequence(20'000, host(0)), sequence(20'000, 7)).empty());
  REQUIRE(setup.faults.sent.size() == 1);
  CHECK(setup.faults.sent[0].size() > 512 * 1024);
  CHECK(setup.elements().size() == 20'000);
}

TEST_CASE("where it may not grow, a transaction fails with EMSGSIZE and nothing of it is sent" NEEDS_NAMESPACE) {
  Setup setup([](int fd, int level, int option, int value) -> Instead {
    if (level != SOL_SOCKET) return std::nullopt;
    if (option == SO_SNDBUFFORCE) return -EPERM;
    if (option != SO_SNDBUF) return std::nullopt;
    return Faults::setOption(fd, level, option, std::min(value, 32 * 1024)) < 0 ? -errno : 0;
  });
  const auto results = setup.change("nft.newrows", sequence(20'000, host(0)), sequence(20'000, 7));
  REQUIRE_FALSE(results.empty());
  for (const auto& result : results) CHECK(result.status == EMSGSIZE);
  CHECK(setup.faults.sent.empty());
  CHECK(setup.elements().empty());
  // What fits goes through.
  CHECK(setup.change("nft.newrows", sequence(500, host(0)), sequence(500, 7)).empty());
  CHECK(setup.elements().size() == 500);
}

TEST_CASE("routes of a column: the row that fails is named, the others are there" NEEDS_NAMESPACE) {
  enterNewNamespace();
  Faults faults;
  Scratch scratch;
  Transport transport(openSocket(NETLINK_ROUTE), NETLINK_ROUTE);
  Submission before;
  before.add("routes.add", route(host(3'210)));
  REQUIRE(execute(transport, before, scratch).empty());
  RecordWriter record;
  const auto& schema = schemaOf("routes.add");
  record.scalar(uint8_t{1});
  record.scalar(fieldCalled(schema, "dst"));
  for (uint8_t part : {0, 0, 4}) record.scalar(part);
  const auto fields = route(0);
  std::memcpy(record.raw(fields.bytes().size()), fields.bytes().data(), fields.bytes().size());
  auto all = [&](const char* operation) {
    Submission submission;
    submission.columns({sequence(5'000, host(0))});
    submission.add(operation, record.bytes(), true);
    return execute(transport, submission, scratch);
  };
  const auto results = all("routes.add");
  REQUIRE(results.size() == 1);
  CHECK(results[0].request == 1);
  CHECK(results[0].status == EEXIST);
  CHECK(results[0].row == 3'210);
  CHECK(routesInKernel() == sequence(5'000, host(0)));
  CHECK(all("routes.delete").empty());
  CHECK(routesInKernel().empty());
  const auto none = all("routes.delete");
  REQUIRE(none.size() == 5'000);
  for (uint32_t i = 0; i < 5'000; ++i) CHECK(none[i].row == i);
}

TEST_CASE("packed requests that do not fit their columns are refused") {
  const uint32_t numbers[]{1, 2};
  RecordWriter good;
  good.scalar(uint32_t{2});
  good.scalar(uint8_t{1});
  good.scalar(uint8_t{4});
  good.scalar(uint8_t{1});
  std::memcpy(good.raw(sizeof(numbers)), numbers, sizeof(numbers));
  const Columns columns(good.bytes());
  REQUIRE(columns.valid());
  CHECK(columns.rows() == 2);
  CHECK(columns.holds({.column = 0, .offset = 0, .size = 4}));
  CHECK_FALSE(columns.holds({.column = 0, .offset = 0, .size = 2}));  // half of a number that is swapped
  CHECK_FALSE(columns.holds({.column = 0, .offset = 1, .size = 4}));
  CHECK_FALSE(columns.holds({.column = 1, .offset = 0, .size = 4}));
  CHECK_FALSE(Columns(good.bytes().first(good.size() - 1)).valid());
  RecordWriter nothing;
  nothing.scalar(uint32_t{1'000'000});
  nothing.scalar(uint8_t{0});
  CHECK_FALSE(Columns(nothing.bytes()).valid());
  uint8_t copied[4];
  columns.copy({.column = 0, .offset = 0, .size = 4}, 1, copied);
  CHECK(copied[3] == 2);
}
