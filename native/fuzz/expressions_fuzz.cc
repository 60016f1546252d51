// Any bytes as what an expression holds, or a named object, each by itself.
#include "fuzz/decoding.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto schemas = netloom::fuzz::expressionSchemas();
  netloom::fuzz::decodeInput(schemas, data, size);
  return 0;
}
