// Any bytes as a flow of conntrack's, and as a part of one.
#include "fuzz/decoding.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto schemas = netloom::fuzz::schemasOf(netloom::fuzz::isConntrack);
  netloom::fuzz::decodeInput(schemas, data, size);
  return 0;
}
