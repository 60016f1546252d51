// Submissions as TypeScript writes them, and their results as it reads them: native/netlink/transport.h has the forms.
#pragma once

#include <doctest/doctest.h>
#include <linux/netlink.h>

#include <string>
#include <vector>

#include "netlink/operation.h"
#include "netlink/transport.h"

namespace netloom {

const Operation& operationCalled(std::string_view name);
uint8_t fieldCalled(const Schema& schema, std::string_view name);

// A record of a schema, field by field.
class Fields {
 public:
  explicit Fields(const Schema& schema) : schema_(schema) {}

  Fields& u8(std::string_view name, uint8_t value) { return scalar(name, value); }
  Fields& u16(std::string_view name, uint16_t value) { return scalar(name, value); }
  Fields& u32(std::string_view name, uint32_t value) { return scalar(name, value); }
  Fields& u64(std::string_view name, uint64_t value) { return scalar(name, value); }
  Fields& text(std::string_view name, std::string_view value);
  // Four bytes in network order.
  Fields& ipv4(std::string_view name, uint32_t address);
  Fields& device(std::string_view name, std::string_view deviceName);
  Fields& nest(std::string_view name, const Fields& inner);
  Fields& variant(std::string_view name, uint8_t number);

  Bytes bytes() const { return record_.bytes(); }

 private:
  template <typename T>
  Fields& scalar(std::string_view name, T value) {
    record_.scalar(fieldCalled(schema_, name));
    record_.scalar(value);
    return *this;
  }

  const Schema& schema_;
  RecordWriter record_;
};

class Submission {
 public:
  // Both return the request's number.
  uint32_t add(std::string_view operation, Bytes record, bool packed = false);
  uint32_t add(std::string_view operation, const Fields& fields) { return add(operation, fields.bytes()); }
  // For the packed requests behind them, each of four bytes that are swapped.
  void columns(const std::vector<std::vector<uint32_t>>& columns);

  Bytes bytes() const { return out_.bytes(); }
  uint32_t count() const { return count_; }

 private:
  RecordWriter out_;
  uint32_t count_ = 0;
};

struct Result {
  uint32_t request;
  int status;             // errno; 0 for a reply
  Bytes record{};         // of a reply
  std::string message{};  // of a failure
  std::string attribute{};
  int64_t row = -1;
};

// Carries a submission out. The replies' bytes are in `scratch`.
std::vector<Result> execute(Transport& transport, const Submission& submission, Scratch& scratch);

// Messages of a datagram. The datagram must stay.
std::vector<const nlmsghdr*> messagesOf(const std::vector<uint8_t>& datagram);

// ---- what the tests ask for

// A route to one host that needs no device.
Fields route(uint32_t destination, uint32_t metric = 0);
// All IPv4 routes of the main table.
Fields mainTable();
// Destinations in a listing's replies, as numbers.
std::vector<uint32_t> destinations(const std::vector<Result>& results);

// `count` addresses from 10.0.0.0 on.
uint32_t host(uint32_t number);

}  // namespace netloom
