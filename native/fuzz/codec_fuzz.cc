// Any bytes as a record for any operation, and the message that they become as one of the kernel's.
#include <cstddef>
#include <cstdint>

#include "fuzz/decoding.h"
#include "netlink/operation.h"

namespace {

using namespace netloom;

class SomeDevices final : public DeviceLookup {
 public:
  int device(std::string_view name) override { return name.size() % 2 ? 7 : -19; }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < fuzz::kInputHeader) return 0;
  const auto& operation = operations()[data[0] % operations().size()];
  if (!operation.schema) return 0;
  auto* message = nlmsg_alloc_size(65536);
  SomeDevices devices;
  if (encode(*operation.schema, {data + fuzz::kInputHeader, size - fuzz::kInputHeader}, message, &devices) == 0) {
    auto* header = nlmsg_hdr(message);
    const Bytes payload{static_cast<const uint8_t*>(nlmsg_data(header)), static_cast<size_t>(nlmsg_datalen(header))};
    // It need not be read as that record again, as one that names a union twice is not.
    fuzz::decodeAny(*operation.schema, payload, data[1] | data[2] << 8);
  }
  nlmsg_free(message);
  return 0;
}
