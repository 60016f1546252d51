#include "test/submission.h"

#include <arpa/inet.h>
#include <linux/rtnetlink.h>

namespace netloom {

const Operation& operationCalled(std::string_view name) {
  for (const auto& operation : operations()) {
    if (operation.name == name) return operation;
  }
  FAIL("no operation ", std::string(name));
  return operations()[0];
}

uint8_t fieldCalled(const Schema& schema, std::string_view name) {
  for (size_t index = 0; index < schema.fields.size(); ++index) {
    if (schema.fields[index].name == name) return static_cast<uint8_t>(index);
  }
  FAIL("no field ", std::string(name), " in ", schema.name);
  return 0;
}

Fields& Fields::text(std::string_view name, std::string_view value) {
  record_.scalar(fieldCalled(schema_, name));
  record_.block(value);
  return *this;
}

Fields& Fields::ipv4(std::string_view name, uint32_t address) {
  record_.scalar(fieldCalled(schema_, name));
  record_.scalar(uint32_t{4});
  record_.scalar(htonl(address));
  return *this;
}

Fields& Fields::device(std::string_view name, std::string_view deviceName) {
  u32(name, 0);
  record_.block(deviceName);
  return *this;
}

Fields& Fields::nest(std::string_view name, const Fields& inner) {
  record_.scalar(fieldCalled(schema_, name));
  record_.block(inner.bytes());
  return *this;
}

Fields& Fields::variant(std::string_view name, uint8_t number) {
  record_.scalar(fieldCalled(schema_, name));
  record_.scalar(number);
  record_.block(Bytes{});
  return *this;
}

uint32_t Submission::add(std::string_view operation, Bytes record, bool packed) {
  const auto start = out_.open();
  out_.scalar(static_cast<uint16_t>(&operationCalled(operation) - operations().data()));
  out_.scalar(uint16_t{packed});
  if (!record.empty()) std::memcpy(out_.raw(record.size()), record.data(), record.size());
  out_.close(start);
  return count_++;
}

void Submission::columns(const std::vector<std::vector<uint32_t>>& columns) {
  RecordWriter record;
  record.scalar(static_cast<uint32_t>(columns.at(0).size()));
  record.scalar(static_cast<uint8_t>(columns.size()));
  for (size_t i = 0; i < columns.size(); ++i) {
    record.scalar(uint8_t{4});
    record.scalar(uint8_t{1});
  }
  for (const auto& column : columns) std::memcpy(record.raw(column.size() * 4), column.data(), column.size() * 4);
  add("columns", record.bytes(), true);
}

std::vector<Result> execute(Transport& transport, const Submission& submission, Scratch& scratch) {
  transport.execute(submission.bytes(), scratch);
  std::vector<Result> results;
  RecordReader in(scratch.results.bytes());
  while (!in.done()) {
    RecordReader one(in.block());
    Result result{.request = one.scalar<uint32_t>(), .status = 0};
    one.scalar<uint16_t>();
    result.status = one.scalar<uint16_t>();
    if (result.status == 0) {
      result.record = one.rest();
    } else {
      auto text = [&] {
        const auto bytes = one.block();
        return std::string(bytes.begin(), bytes.end());
      };
      result.message = text();
      result.attribute = text();
      result.row = int64_t{one.scalar<uint32_t>()} - 1;
    }
    REQUIRE_FALSE(one.failed());
    results.push_back(result);
  }
  REQUIRE_FALSE(in.failed());
  return results;
}

std::vector<const nlmsghdr*> messagesOf(const std::vector<uint8_t>& datagram) {
  std::vector<const nlmsghdr*> messages;
  int left = static_cast<int>(datagram.size());
  const auto* header = reinterpret_cast<const nlmsghdr*>(datagram.data());
  for (; nlmsg_ok(header, left); header = nlmsg_next(const_cast<nlmsghdr*>(header), &left)) messages.push_back(header);
  CHECK(left == 0);
  return messages;
}

Fields route(uint32_t destination, uint32_t metric) {
  Fields fields(*operationCalled("routes.add").schema);
  fields.u8("family", AF_INET).u8("dstLength", 32).u8("tableByte", RT_TABLE_MAIN).u8("protocol", RTPROT_STATIC);
  fields.u8("type", RTN_BLACKHOLE).ipv4("dst", destination);
  if (metric) fields.u32("metric", metric);
  return fields;
}

Fields mainTable() {
  Fields fields(*operationCalled("routes.list").schema);
  return std::move(fields.u8("family", AF_INET).u8("tableByte", RT_TABLE_MAIN));
}

std::vector<uint32_t> destinations(const std::vector<Result>& results) {
  const auto& schema = *operationCalled("routes.list").reply;
  const auto dst = fieldCalled(schema, "dst");
  std::vector<uint32_t> found;
  for (const auto& result : results) {
    if (result.status != 0) continue;
    RecordReader in(result.record);
    while (!in.done()) {
      const auto index = in.scalar<uint8_t>();
      REQUIRE(index < schema.fields.size());
      const auto type = schema.fields[index].type;
      if (index == dst) {
        const auto bytes = in.block();
        uint32_t address;
        REQUIRE(bytes.size() == sizeof(address));
        std::memcpy(&address, bytes.data(), sizeof(address));
        found.push_back(ntohl(address));
      } else if (type == Type::U8) {
        in.scalar<uint8_t>();
      } else if (type == Type::U32 || type == Type::Device) {
        in.scalar<uint32_t>();
      } else {
        in.block();
      }
    }
  }
  return found;
}

uint32_t host(uint32_t number) {
  return 0x0a000000 + number;
}

}  // namespace netloom
