#include "fuzz/decoding.h"

#include <errno.h>

#include <algorithm>
#include <string_view>

#include "nftables/expressions/expressions.h"
#include "nftables/named_objects.h"

namespace netloom::fuzz {
namespace {

void insist(bool holds) {
  if (!holds) __builtin_trap();
}

// Reads a record as the schema says. False when the message that is made of it says less: a union that the schema does
// not know cannot be made, a device without an index is taken for one that is named, and libnl leaves out nests that
// are empty (nla_nest_end).
bool walk(const Schema& schema, Bytes record);

bool walkList(const Schema& schema, Bytes items) {
  RecordReader in(items);
  bool encodable = true;
  while (!in.done()) {
    const auto item = in.block();
    encodable &= walk(schema, item) && !item.empty();
  }
  insist(!in.failed());
  return encodable;
}

bool walkField(const Field& field, RecordReader& in) {
  switch (field.type) {
    case Type::Flag:
      return true;
    case Type::U8:
      in.scalar<uint8_t>();
      return true;
    case Type::U16:
    case Type::Be16:
      in.scalar<uint16_t>();
      return true;
    case Type::U32:
    case Type::S32:
    case Type::Be32:
    case Type::SBe32:
      in.scalar<uint32_t>();
      return true;
    case Type::Device:
      return in.scalar<uint32_t>() != 0;
    case Type::U64:
    case Type::Be64:
      in.scalar<uint64_t>();
      return true;
    case Type::String:
    case Type::Bytes:
      in.block();
      return true;
    case Type::Nest: {
      const auto record = in.block();
      return walk(*field.schema, record) && !record.empty();
    }
    case Type::List:
    case Type::Nexthops: {
      const auto items = in.block();
      return walkList(*field.schema, items) && !items.empty();
    }
    case Type::Strings: {
      const auto block = in.block();
      RecordReader items(block);
      while (!items.done()) items.block();
      insist(!items.failed());
      return !block.empty();
    }
    case Type::Union: {
      const auto index = in.scalar<uint8_t>();
      if (index == 0xff) {
        in.block();
        insist(in.block().empty());
        return false;
      }
      insist(index < field.variants->size());
      return walk(*(*field.variants)[index].schema, in.block());
    }
  }
  return false;
}

bool walk(const Schema& schema, Bytes record) {
  RecordReader in(record);
  bool encodable = true;
  while (!in.done()) {
    const auto index = in.scalar<uint8_t>();
    insist(index < schema.fields.size());
    encodable &= walkField(schema.fields[index], in);
  }
  insist(!in.failed());
  return encodable;
}

Bytes payloadOf(nl_msg* message) {
  auto* header = nlmsg_hdr(message);
  return {static_cast<const uint8_t*>(nlmsg_data(header)), static_cast<size_t>(nlmsg_datalen(header))};
}

}  // namespace

std::vector<const Schema*> within(const std::vector<const Schema*>& roots) {
  std::vector<const Schema*> all;
  const auto add = [&](const Schema* schema) {
    if (schema && std::ranges::find(all, schema) == all.end()) all.push_back(schema);
  };
  for (const auto* root : roots) add(root);
  for (size_t at = 0; at < all.size(); ++at) {
    for (const auto& field : all[at]->fields) {
      add(field.schema);
      if (!field.variants) continue;
      for (const auto& variant : *field.variants) add(variant.schema);
    }
  }
  return all;
}

std::vector<const Schema*> schemasOf(bool (*wanted)(const Operation& operation)) {
  std::vector<const Schema*> replies;
  for (const auto& operation : operations()) {
    if (wanted(operation)) replies.push_back(operation.reply);
  }
  return within(replies);
}

bool isNftables(const Operation& operation) {
  return std::string_view(operation.name).starts_with("nft.");
}

bool isConntrack(const Operation& operation) {
  return operation.protocol == NETLINK_NETFILTER && !isNftables(operation);
}

bool isRtnetlink(const Operation& operation) {
  return operation.protocol == NETLINK_ROUTE;
}

std::vector<const Schema*> expressionSchemas() {
  std::vector<const Schema*> all;
  for (const auto* variants : {&expressions, &namedObjects}) {
    for (const auto& variant : *variants) all.push_back(variant.schema);
  }
  return within(all);
}

void decodeInput(const std::vector<const Schema*>& schemas, const uint8_t* data, size_t size) {
  if (size < kInputHeader) return;
  // As the kernel's: aligned, and nothing behind its end that could be read unnoticed.
  const std::vector<uint8_t> payload(data + kInputHeader, data + size);
  decodeAny(*schemas[data[0] % schemas.size()], payload, data[1] | data[2] << 8);
}

void decodeAny(const Schema& schema, Bytes payload, size_t offset) {
  attributePath(schema, payload, offset);
  RecordWriter first;
  if (!decode(schema, payload, first) || !walk(schema, first.bytes())) return;
  auto* message = nlmsg_alloc_size(65536);
  const int error = encode(schema, first.bytes(), message);
  insist(error == 0 || error == -EMSGSIZE);
  if (error == 0) {
    attributePath(schema, payloadOf(message), offset);
    RecordWriter second;
    insist(decode(schema, payloadOf(message), second));
    insist(std::ranges::equal(first.bytes(), second.bytes()));
  }
  nlmsg_free(message);
}

}  // namespace netloom::fuzz
