// Any bytes as a definition of nf_tables: a table, chain, rule, set, element, object or flowtable, and as whatever is
// nested in one.
#include "fuzz/decoding.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto schemas = netloom::fuzz::schemasOf(netloom::fuzz::isNftables);
  netloom::fuzz::decodeInput(schemas, data, size);
  return 0;
}
