#include "rtnetlink/kinds/kinds.h"

#include <doctest/doctest.h>
#include <netlink/msg.h>

#include <algorithm>

#include "netlink/codec.h"

using namespace netloom;

namespace {

// A value of the field's type, other for each field.
void write(RecordWriter& record, const Field& field, uint8_t seed) {
  switch (field.type) {
    case Type::U8:
      return record.scalar(seed);
    case Type::U16:
    case Type::Be16:
      return record.scalar(static_cast<uint16_t>(0x0100 + seed));
    case Type::U32:
    case Type::Device:
      return record.scalar(static_cast<uint32_t>(0x01000000 + seed));
    case Type::Bytes: {
      const uint8_t bytes[]{192, 0, 2, seed};
      return record.block(Bytes{bytes});
    }
    default:
      FAIL("no value for ", field.name);
  }
}

}  // namespace

// Not every kernel has every kind.
TEST_CASE("settings of each kind of device become attributes and come back the same") {
  for (const auto& kind : linkKinds) {
    CAPTURE(kind.name);
    RecordWriter record, expected;
    for (size_t index = 0; index < kind.schema->fields.size(); ++index) {
      const auto& field = kind.schema->fields[index];
      if (field.type == Type::Nest) continue;
      // IFLA_VXLAN_TTL_INHERIT is a flag to set, and listed with a value, which another field reads.
      expected.scalar(static_cast<uint8_t>(index));
      if (field.type == Type::Flag) continue;
      record.scalar(static_cast<uint8_t>(index));
      write(record, field, static_cast<uint8_t>(index + 1));
      write(expected, field, static_cast<uint8_t>(index + 1));
    }
    auto* message = nlmsg_alloc_size(4096);
    REQUIRE(encode(*kind.schema, record.bytes(), message) == 0);
    const auto* header = nlmsg_hdr(message);
    const Bytes payload{static_cast<const uint8_t*>(nlmsg_data(header)), static_cast<size_t>(nlmsg_datalen(header))};
    RecordWriter decoded;
    CHECK(decode(*kind.schema, payload, decoded));
    CHECK(std::ranges::equal(decoded.bytes(), expected.bytes()));
    nlmsg_free(message);
  }
}
