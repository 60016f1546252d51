#include "netlink/codec.h"

#include <doctest/doctest.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>

#include "netlink/operation.h"

using namespace netloom;

namespace {

const Operation& find(const char* name) {
  for (const auto& operation : operations()) {
    if (std::string_view(operation.name) == name) return operation;
  }
  FAIL("no operation ", name);
  return operations()[0];
}

uint8_t fieldOf(const Schema& schema, std::string_view name) {
  for (size_t index = 0; index < schema.fields.size(); ++index) {
    if (name == schema.fields[index].name) return static_cast<uint8_t>(index);
  }
  FAIL("no field ", std::string(name));
  return 0;
}

struct Message {
  nl_msg* message = nlmsg_alloc_size(4096);
  ~Message() { nlmsg_free(message); }
  Bytes payload() const {
    const auto* header = nlmsg_hdr(message);
    return {static_cast<const uint8_t*>(nlmsg_data(header)), static_cast<size_t>(nlmsg_datalen(header))};
  }
};

}  // namespace

TEST_CASE("a record becomes a message and comes back the same") {
  const auto& schema = *find("addresses.add").schema;
  RecordWriter record;
  record.scalar(fieldOf(schema, "family"));
  record.scalar(uint8_t{AF_INET});
  record.scalar(fieldOf(schema, "prefixLength"));
  record.scalar(uint8_t{24});
  record.scalar(fieldOf(schema, "index"));
  record.scalar(uint32_t{7});
  const uint8_t address[]{192, 0, 2, 1};
  record.scalar(fieldOf(schema, "local"));
  record.block(Bytes{address});
  record.scalar(fieldOf(schema, "label"));
  record.block(std::string_view("eth0"));
  const auto bytes = record.bytes();
  Message sent;
  REQUIRE(encode(schema, bytes, sent.message) == 0);
  CHECK(reinterpret_cast<const ifaddrmsg*>(sent.payload().data())->ifa_index == 7);
  RecordWriter decoded;
  REQUIRE(decode(schema, sent.payload(), decoded));
  Message again;
  REQUIRE(encode(schema, decoded.bytes(), again.message) == 0);
  const auto first = sent.payload();
  const auto second = again.payload();
  CHECK(std::vector<uint8_t>(first.begin(), first.end()) == std::vector<uint8_t>(second.begin(), second.end()));
  CHECK(attributePath(schema, first, sizeof(ifaddrmsg)) == "local");
  CHECK(attributePath(schema, first, offsetof(ifaddrmsg, ifa_index)) == "index");
}

TEST_CASE("malformed records are refused") {
  const auto& schema = *find("addresses.add").schema;
  Message message;
  const uint8_t unknownField[]{200, 1};
  CHECK(encode(schema, Bytes{unknownField}, message.message) == -EINVAL);
  Message other;
  const uint8_t cutShort[]{fieldOf(schema, "local"), 9, 0, 0, 0, 1};
  CHECK(encode(schema, Bytes{cutShort}, other.message) == -EINVAL);
}

TEST_CASE("a message that is full says so") {
  const auto& schema = *find("addresses.add").schema;
  RecordWriter record;
  record.scalar(fieldOf(schema, "local"));
  record.block(Bytes{std::vector<uint8_t>(8000)});
  Message message;
  CHECK(encode(schema, record.bytes(), message.message) == -EMSGSIZE);
}

TEST_CASE("bytes that do not fit the schema are not decoded") {
  const auto& schema = *find("addresses.list").reply;
  RecordWriter out;
  const uint8_t tooShort[]{1, 2, 3};
  CHECK_FALSE(decode(schema, Bytes{tooShort}, out));
}
