// What the fuzzers of decoders have in common: any bytes as any of a family's schemas, and what must be true of the
// record that comes of them.
#pragma once

#include <vector>

#include "netlink/codec.h"
#include "netlink/operation.h"

namespace netloom::fuzz {

// Schemas of the replies to these operations, and behind them all that is nested in them: in lists, in each variant of
// a union. Each once.
std::vector<const Schema*> schemasOf(bool (*wanted)(const Operation& operation));
// The same of other schemas.
std::vector<const Schema*> within(const std::vector<const Schema*>& roots);

bool isNftables(const Operation& operation);
bool isConntrack(const Operation& operation);
bool isRtnetlink(const Operation& operation);
// Of all expressions, and all kinds of named objects.
std::vector<const Schema*> expressionSchemas();

// An input: which schema, an offset of two bytes as an extended ack may name it, and the kernel's bytes.
inline constexpr size_t kInputHeader = 3;
void decodeInput(const std::vector<const Schema*>& schemas, const uint8_t* data, size_t size);

// Decodes, and traps where the record is malformed, or where a message made of it is not read as the same record again.
void decodeAny(const Schema& schema, Bytes payload, size_t offset);

}  // namespace netloom::fuzz
