#include "netlink/schema.h"

#include <algorithm>

namespace netloom {
namespace {

uint16_t smallest(const Field& field) {
  switch (field.type) {
    case Type::U8:
      return 1;
    case Type::U16:
    case Type::Be16:
      return 2;
    case Type::U32:
    case Type::S32:
    case Type::Device:
    case Type::Be32:
    case Type::SBe32:
      return 4;
    case Type::U64:
    case Type::Be64:
      return 8;
    default:
      return 0;
  }
}

}  // namespace

Schema::Schema(const char* schemaName, uint16_t headerBytes, std::vector<Field> schemaFields)
    : name(schemaName), headerSize(headerBytes), fields(std::move(schemaFields)), maxAttribute(0) {
  auto used = [](uint16_t attr) { return attr != kInHeader && attr != kInline; };
  for (const auto& field : fields) {
    if (used(field.attr)) maxAttribute = std::max<int>(maxAttribute, field.attr);
    if (field.attr == kInline) maxAttribute = std::max<int>({maxAttribute, field.item, field.data});
  }
  policy.assign(maxAttribute + 1, nla_policy{});
  for (const auto& field : fields) {
    if (used(field.attr)) policy[field.attr] = {.type = NLA_UNSPEC, .minlen = smallest(field), .maxlen = 0};
  }
}

}  // namespace netloom
