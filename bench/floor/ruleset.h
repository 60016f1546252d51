// A router's tables with the 'prefix' binding: what src/router/ruleset.ts makes.
#pragma once

#include <cstdint>
#include <string>

#include "batch.h"

namespace bench {

// Tables, chains, rules, and the sets that the rules look floating IPs up in, which have room for so many.
void addRuleset(Batch& batch, const std::string& gateway, uint32_t address, uint32_t capacity);

}  // namespace bench
