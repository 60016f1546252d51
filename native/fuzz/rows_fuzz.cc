// Any bytes as columns, as a packed request for them, and as the kernel's listing of a set.
#include <netlink/msg.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "netlink/columns.h"
#include "netlink/operation.h"
#include "nftables/rows.h"

namespace {

using namespace netloom;

void makeMessages(const Operation& operation, Bytes record, const Columns& columns) {
  auto* message = nlmsg_alloc_size(65536);
  RowTemplate row;
  if (row.prepare(*operation.schema, record, columns, message, nullptr) == 0) {
    for (uint32_t number = 0; number < columns.rows(); ++number) {
      row.fill(columns, number, reinterpret_cast<uint8_t*>(nlmsg_hdr(message)));
    }
  }
  nlmsg_free(message);
}

void makeElements(Bytes record, const Columns& columns, uint32_t most) {
  auto* message = nlmsg_alloc_size(65536);
  auto* element = nlmsg_alloc_size(1024);
  RowSource source(record, columns);
  if (source.valid() && source.prepare(message, element) == 0) {
    Buffer out;
    while (source.more()) {
      const auto room = source.size(most);
      const auto before = out.size();
      source.append({.nlmsg_len = 0, .nlmsg_type = 0, .nlmsg_flags = 0, .nlmsg_seq = 0, .nlmsg_pid = 0}, most, out);
      if (out.size() - before != room) __builtin_trap();
    }
    // What is reserved for them, when each message holds as many as it can.
    if (most == UINT32_MAX && out.size() > source.total()) __builtin_trap();
  }
  nlmsg_free(element);
  nlmsg_free(message);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 4) return 0;
  const auto& operation = operations()[data[0] % operations().size()];
  // Where the columns end and the record begins.
  const size_t split = std::min<size_t>(data[2] | data[3] << 8, size - 4);
  const Columns columns(Bytes{data + 4, split});
  const Bytes record{data + 4 + split, size - 4 - split};
  // No more rows than can be gone through quickly; without columns, they take no bytes.
  if (columns.valid() && columns.rows() <= 4096) {
    if (operation.schema) makeMessages(operation, record, columns);
    makeElements(record, columns, data[1] ? data[1] : UINT32_MAX);
  }
  RecordWriter rows;
  decodeRows(record, rows);
  decodeRows(record, rows, true);
  return 0;
}
