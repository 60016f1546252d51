// Any bytes as a reply to any operation, and any bytes as a record for it.
#include <cstddef>
#include <cstdint>

#include "netlink/codec.h"
#include "netlink/operation.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace netloom;
  if (size < 2) return 0;
  const auto& operation = operations()[data[0] % operations().size()];
  const Bytes bytes{data + 2, size - 2};
  if (const auto* schema = operation.reply ? operation.reply : operation.schema) {
    RecordWriter out;
    decode(*schema, bytes, out);
    attributePath(*schema, bytes, data[1]);
  }
  if (operation.schema) {
    auto* message = nlmsg_alloc_size(65536);
    encode(*operation.schema, bytes, message);
    nlmsg_free(message);
  }
  return 0;
}
