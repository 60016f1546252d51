// Schemas: the one table of what netlink messages hold, made from the kernel's headers.
//
// A schema lists the fields of a message or of a nested attribute: the name TypeScript knows it by, its type, and where
// it lives: at an offset in the fixed header, or in an attribute. The codec is driven by it in both directions, and the
// addon hands the names to TypeScript, which therefore repeats no kernel number.
#pragma once

#include <linux/netlink.h>
#include <netlink/attr.h>

#include <cstdint>
#include <vector>

namespace netloom {

enum class Type : uint8_t {
  Flag,
  U8,
  U16,
  U32,
  U64,
  S32,
  Device,  // an index; in a record to encode, zero and then a name (u32 length, bytes) is looked up
  Be16,
  Be32,
  Be64,
  SBe32,
  String,
  Bytes,
  Nest,
  List,      // nested attributes, each of type `Field::item`
  Strings,   // nested attributes too, each a string
  Nexthops,  // RTA_MULTIPATH: struct rtnexthop, each followed by attributes
  Union,     // a name (or a number) in attribute `item`, its data nested in `data`, the fields chosen by the name
};

struct Name {
  const char* name;
  uint32_t value;
};

// Words for numbers: an enumeration, or flags that combine.
struct Names {
  const char* id;
  bool flags;
  std::vector<Name> entries;
};

struct Schema;

struct Variant {
  const char* name;
  const Schema* schema;
  uint32_t number = 0;  // in unions of numbers: what stands in the message for the name
};

struct Field {
  const char* name;
  Type type;
  // Attribute number; kInHeader for a field of the fixed header, kInline for a union without an attribute of its own.
  uint16_t attr;
  uint16_t offset = 0;  // in the fixed header
  const Schema* schema = nullptr;
  const Names* names = nullptr;
  uint16_t item = 0;
  uint16_t data = 0;
  const std::vector<Variant>* variants = nullptr;
  Type itemType = Type::String;  // of a union's `item`: String, U8 or Be32
};

inline constexpr uint16_t kInHeader = 0xffff;
inline constexpr uint16_t kInline = 0xfffe;

struct Schema {
  Schema(const char* schemaName, uint16_t headerBytes, std::vector<Field> schemaFields);

  const char* name;
  uint16_t headerSize;
  std::vector<Field> fields;
  int maxAttribute;                // for nla_parse
  std::vector<nla_policy> policy;  // indexed by attribute number
};

// Short spellings for the tables.
inline Field header(const char* name, Type type, size_t offset, const Names* names = nullptr) {
  return {.name = name, .type = type, .attr = kInHeader, .offset = static_cast<uint16_t>(offset), .names = names};
}
inline Field attribute(const char* name, Type type, int attr, const Names* names = nullptr) {
  return {.name = name, .type = type, .attr = static_cast<uint16_t>(attr), .names = names};
}
inline Field nest(const char* name, int attr, const Schema* schema) {
  return {.name = name, .type = Type::Nest, .attr = static_cast<uint16_t>(attr), .schema = schema};
}
inline Field list(const char* name, int attr, int item, const Schema* schema) {
  return {.name = name,
          .type = Type::List,
          .attr = static_cast<uint16_t>(attr),
          .schema = schema,
          .item = static_cast<uint16_t>(item)};
}
inline Field strings(const char* name, int attr, int item) {
  return {
      .name = name, .type = Type::Strings, .attr = static_cast<uint16_t>(attr), .item = static_cast<uint16_t>(item)};
}
inline Field choice(const char* name, int attr, int nameAttr, int dataAttr, const std::vector<Variant>* variants) {
  return {.name = name,
          .type = Type::Union,
          .attr = static_cast<uint16_t>(attr),
          .item = static_cast<uint16_t>(nameAttr),
          .data = static_cast<uint16_t>(dataAttr),
          .variants = variants};
}
// A union whose variants are numbers in the message, without an attribute of its own.
inline Field numbered(const char* name, Type type, int numberAttr, int dataAttr, const std::vector<Variant>* variants) {
  return {.name = name,
          .type = Type::Union,
          .attr = kInline,
          .item = static_cast<uint16_t>(numberAttr),
          .data = static_cast<uint16_t>(dataAttr),
          .variants = variants,
          .itemType = type};
}

}  // namespace netloom
