// Any bytes as a link, an address, a route, a nexthop, a rule or a neighbour, and as what is nested in one: the data of
// each kind of link.
#include "fuzz/decoding.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto schemas = netloom::fuzz::schemasOf(netloom::fuzz::isRtnetlink);
  netloom::fuzz::decodeInput(schemas, data, size);
  return 0;
}
