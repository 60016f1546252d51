#include "netlink/codec.h"

#include <endian.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>

#include <array>

namespace netloom {
namespace {

constexpr int kMaxDepth = 16;
constexpr int kMaxAttributes = 256;

// The kernel's strings end at a NUL or at the attribute's end.
std::string_view text(Bytes bytes) {
  const auto* at = reinterpret_cast<const char*>(bytes.data());
  return {at, strnlen(at, bytes.size())};
}

// How a message names a union's variant: by text, or by a number.
bool names(const nlattr* attr, const Field& field, const Variant& variant) {
  const Bytes body{static_cast<const uint8_t*>(nla_data(attr)), static_cast<size_t>(nla_len(attr))};
  if (field.itemType == Type::String) return text(body) == variant.name;
  if (field.itemType == Type::U8) return body.size() == 1 && body[0] == variant.number;
  return body.size() == 4 && nla_get_u32(const_cast<nlattr*>(attr)) == htobe32(variant.number);
}

const Variant* variantOf(const nlattr* attr, const Field& field) {
  if (!attr) return nullptr;
  for (const auto& variant : *field.variants) {
    if (names(attr, field, variant)) return &variant;
  }
  return nullptr;
}

// ---- record -> message

class Encoder {
 public:
  Encoder(nl_msg* message, DeviceLookup* devices) : message_(message), devices_(devices) {}

  int run(const Schema& schema, Bytes record, int depth = 0) {
    if (depth > kMaxDepth) return -EINVAL;
    size_t headerAt = 0;
    if (schema.headerSize > 0) {
      // By offset, not by pointer: nothing moves the buffer, but a nest's header is not a multiple of what follows it.
      auto* header = static_cast<uint8_t*>(nlmsg_reserve(message_, schema.headerSize, NLMSG_ALIGNTO));
      if (!header) return -EMSGSIZE;
      std::memset(header, 0, NLMSG_ALIGN(schema.headerSize));
      headerAt = header - base();
    }
    RecordReader in(record);
    while (!in.done()) {
      const auto index = in.scalar<uint8_t>();
      if (index >= schema.fields.size()) return -EINVAL;
      if (int error = field(schema.fields[index], in, headerAt, depth)) return error;
    }
    return in.failed() ? -EINVAL : 0;
  }

 private:
  uint8_t* base() { return reinterpret_cast<uint8_t*>(nlmsg_hdr(message_)); }

  template <typename T>
  int put(const Field& field, T value, size_t headerAt) {
    if (field.attr == kInHeader) {
      std::memcpy(base() + headerAt + field.offset, &value, sizeof(T));
      return 0;
    }
    return nla_put(message_, field.attr, sizeof(T), &value) < 0 ? -EMSGSIZE : 0;
  }

  int field(const Field& field, RecordReader& in, size_t headerAt, int depth) {
    switch (field.type) {
      case Type::Flag:
        return nla_put_flag(message_, field.attr) < 0 ? -EMSGSIZE : 0;
      case Type::U8:
        return put(field, in.scalar<uint8_t>(), headerAt);
      case Type::U16:
        return put(field, in.scalar<uint16_t>(), headerAt);
      case Type::U32:
      case Type::S32:
        return put(field, in.scalar<uint32_t>(), headerAt);
      case Type::Device: {
        auto index = in.scalar<uint32_t>();
        if (index == 0) {
          const int found = named(in.block());
          if (found < 0) return found;
          index = found;
        }
        return put(field, index, headerAt);
      }
      case Type::U64:
        return put(field, in.scalar<uint64_t>(), headerAt);
      case Type::Be16:
        return put(field, htobe16(in.scalar<uint16_t>()), headerAt);
      case Type::Be32:
      case Type::SBe32:
        return put(field, htobe32(in.scalar<uint32_t>()), headerAt);
      case Type::Be64:
        return put(field, htobe64(in.scalar<uint64_t>()), headerAt);
      case Type::String:
        return string(field.attr, in.block());
      case Type::Bytes: {
        auto bytes = in.block();
        return nla_put(message_, field.attr, bytes.size(), bytes.data()) < 0 ? -EMSGSIZE : 0;
      }
      case Type::Nest: {
        auto record = in.block();
        return nested(field.attr, [&] { return run(*field.schema, record, depth + 1); });
      }
      case Type::List: {
        RecordReader items(in.block());
        return nested(field.attr, [&] {
          while (!items.done()) {
            auto item = items.block();
            if (items.failed()) return -EINVAL;
            if (int error = nested(field.item, [&] { return run(*field.schema, item, depth + 1); })) return error;
          }
          return items.failed() ? -EINVAL : 0;
        });
      }
      case Type::Strings: {
        RecordReader items(in.block());
        return nested(field.attr, [&] {
          while (!items.done()) {
            auto item = items.block();
            if (items.failed()) return -EINVAL;
            if (int error = string(field.item, item)) return error;
          }
          return 0;
        });
      }
      case Type::Nexthops: {
        RecordReader items(in.block());
        return nested(field.attr, [&] {
          while (!items.done()) {
            auto item = items.block();
            if (items.failed()) return -EINVAL;
            const size_t start = nlmsg_hdr(message_)->nlmsg_len;
            if (int error = run(*field.schema, item, depth + 1)) return error;
            reinterpret_cast<rtnexthop*>(base() + start)->rtnh_len = nlmsg_hdr(message_)->nlmsg_len - start;
          }
          return 0;
        });
      }
      case Type::Union:
        return choice(field, in, depth);
    }
    return -EINVAL;
  }

  // An empty name is no device: index zero.
  int named(Bytes name) {
    if (name.empty()) return 0;
    if (!devices_) return -ENODEV;
    return devices_->device({reinterpret_cast<const char*>(name.data()), name.size()});
  }

  int string(int attr, Bytes text) {
    // nla_put_string wants a terminator, which a record does not have.
    auto* to = nla_reserve(message_, attr, text.size() + 1);
    if (!to) return -EMSGSIZE;
    auto* data = static_cast<uint8_t*>(nla_data(to));
    if (!text.empty()) std::memcpy(data, text.data(), text.size());
    data[text.size()] = 0;
    return 0;
  }

  template <typename Body>
  int nested(int attr, Body body) {
    auto* start = nla_nest_start(message_, attr);
    if (!start) return -EMSGSIZE;
    const auto at = reinterpret_cast<uint8_t*>(start) - base();
    if (int error = body()) return error;
    // An attribute's length has 16 bits.
    if (nlmsg_hdr(message_)->nlmsg_len - at > UINT16_MAX) return -EMSGSIZE;
    nla_nest_end(message_, start);
    return 0;
  }

  int choice(const Field& field, RecordReader& in, int depth) {
    const auto index = in.scalar<uint8_t>();
    auto record = in.block();
    if (in.failed() || index >= field.variants->size()) return -EINVAL;
    const auto& variant = (*field.variants)[index];
    auto body = [&]() -> int {
      if (int error = selector(field, variant)) return error;
      if (record.empty()) return 0;
      return nested(field.data, [&] { return run(*variant.schema, record, depth + 1); });
    };
    return field.attr == kInline ? body() : nested(field.attr, body);
  }

  int selector(const Field& field, const Variant& variant) {
    if (field.itemType == Type::U8) return nla_put_u8(message_, field.item, variant.number) < 0 ? -EMSGSIZE : 0;
    if (field.itemType == Type::Be32) {
      return nla_put_u32(message_, field.item, htobe32(variant.number)) < 0 ? -EMSGSIZE : 0;
    }
    const std::string_view name = variant.name;
    return string(field.item, {reinterpret_cast<const uint8_t*>(name.data()), name.size()});
  }

  nl_msg* message_;
  DeviceLookup* devices_;
};

// ---- message -> record

class Decoder {
 public:
  explicit Decoder(RecordWriter& writer) : out_(writer) {}

  bool run(const Schema& schema, Bytes payload, int depth = 0) {
    if (depth > kMaxDepth || payload.size() < schema.headerSize || schema.maxAttribute >= kMaxAttributes) return false;
    const size_t start = std::min<size_t>(NLMSG_ALIGN(schema.headerSize), payload.size());
    std::array<nlattr*, kMaxAttributes> table;
    auto* first = reinterpret_cast<nlattr*>(const_cast<uint8_t*>(payload.data() + start));
    if (nla_parse(table.data(), schema.maxAttribute, first, payload.size() - start,
                  const_cast<nla_policy*>(schema.policy.data())) < 0) {
      return false;
    }
    for (size_t index = 0; index < schema.fields.size(); ++index) {
      const auto& field = schema.fields[index];
      if (field.attr == kInHeader) {
        out_.scalar(static_cast<uint8_t>(index));
        scalar(field, payload.data() + field.offset);
      } else if (field.attr == kInline) {
        if (!table[field.item]) continue;
        out_.scalar(static_cast<uint8_t>(index));
        if (!choice(field, table[field.item], table[field.data], depth)) return false;
      } else if (table[field.attr]) {
        out_.scalar(static_cast<uint8_t>(index));
        if (!value(field, table[field.attr], depth)) return false;
      }
    }
    return true;
  }

 private:
  static Bytes body(const nlattr* attr) {
    return {static_cast<const uint8_t*>(nla_data(attr)), static_cast<size_t>(nla_len(attr))};
  }

  template <typename T>
  static T load(const uint8_t* at) {
    T value;
    std::memcpy(&value, at, sizeof(T));
    return value;
  }

  void scalar(const Field& field, const uint8_t* at) {
    switch (field.type) {
      case Type::U8:
        return out_.scalar(load<uint8_t>(at));
      case Type::U16:
        return out_.scalar(load<uint16_t>(at));
      case Type::U32:
      case Type::S32:
      case Type::Device:
        return out_.scalar(load<uint32_t>(at));
      case Type::U64:
        return out_.scalar(load<uint64_t>(at));
      case Type::Be16:
        return out_.scalar(be16toh(load<uint16_t>(at)));
      case Type::Be32:
      case Type::SBe32:
        return out_.scalar(be32toh(load<uint32_t>(at)));
      case Type::Be64:
        return out_.scalar(be64toh(load<uint64_t>(at)));
      default:
        return;
    }
  }

  bool value(const Field& field, const nlattr* attr, int depth) {
    auto bytes = body(attr);
    switch (field.type) {
      case Type::Flag:
        return true;
      case Type::String:
        out_.block(text(bytes));
        return true;
      case Type::Bytes:
        out_.block(bytes);
        return true;
      case Type::Nest:
        return measured([&] { return run(*field.schema, bytes, depth + 1); });
      case Type::List:
        return measured([&] {
          int left;
          nlattr* item;
          nla_for_each_nested(item, const_cast<nlattr*>(attr), left) {
            if (nla_type(item) != field.item) continue;
            if (!measured([&] { return run(*field.schema, body(item), depth + 1); })) return false;
          }
          return true;
        });
      case Type::Strings:
        return measured([&] {
          int left;
          nlattr* item;
          nla_for_each_nested(item, const_cast<nlattr*>(attr), left) {
            if (nla_type(item) == field.item) out_.block(text(body(item)));
          }
          return true;
        });
      case Type::Nexthops:
        return measured([&] {
          while (bytes.size() >= sizeof(rtnexthop)) {
            const auto length = load<rtnexthop>(bytes.data()).rtnh_len;
            if (length < sizeof(rtnexthop) || length > bytes.size()) return false;
            if (!measured([&] { return run(*field.schema, bytes.first(length), depth + 1); })) return false;
            bytes = bytes.subspan(std::min<size_t>(RTNH_ALIGN(length), bytes.size()));
          }
          return true;
        });
      case Type::Union: {
        if (depth > kMaxDepth) return false;
        std::array<nlattr*, kMaxAttributes> table;
        const int max = std::max(field.item, field.data);
        if (nla_parse_nested(table.data(), max, const_cast<nlattr*>(attr), nullptr) < 0) return false;
        return choice(field, table[field.item], table[field.data], depth);
      }
      default:
        scalar(field, bytes.data());
        return true;
    }
  }

  bool choice(const Field& field, const nlattr* nameAttr, const nlattr* dataAttr, int depth) {
    if (const auto* variant = variantOf(nameAttr, field)) {
      out_.scalar(static_cast<uint8_t>(variant - field.variants->data()));
      return measured([&] { return !dataAttr || run(*variant->schema, body(dataAttr), depth + 1); });
    }
    // One that the table lacks: by its name alone.
    out_.scalar(uint8_t{0xff});
    const bool named = nameAttr && field.itemType == Type::String;
    out_.block(named ? text(body(nameAttr)) : std::string_view{});
    out_.block(Bytes{});
    return true;
  }

  template <typename Body>
  bool measured(Body body) {
    const size_t start = out_.open();
    const bool good = body();
    out_.close(start);
    return good;
  }

  RecordWriter& out_;
};

// ---- extended ack offset -> path

std::string join(const std::string& left, const std::string& right) {
  if (left.empty() || right.empty() || right.front() == '[') return left + right;
  return left + "." + right;
}

std::string pathIn(const Schema& schema, Bytes payload, size_t offset, int depth);

std::string pathInField(const Field& field, nlattr* attr, size_t offset, int depth) {
  // An offset at the attribute itself, or in a plain value, names this field.
  const Bytes body{static_cast<const uint8_t*>(nla_data(attr)), static_cast<size_t>(nla_len(attr))};
  const auto bodyAt = reinterpret_cast<const uint8_t*>(nla_data(attr)) - reinterpret_cast<const uint8_t*>(attr);
  if (offset < static_cast<size_t>(bodyAt)) return field.name;
  const size_t inner = offset - bodyAt;
  if (field.type == Type::Nest) return join(field.name, pathIn(*field.schema, body, inner, depth + 1));
  if (field.type == Type::List || field.type == Type::Union) {
    int left;
    size_t index = 0;
    nlattr* item;
    const Variant* variant = nullptr;
    nla_for_each_nested(item, attr, left) {
      const size_t at = reinterpret_cast<uint8_t*>(item) - body.data();
      const Bytes itemBody{static_cast<const uint8_t*>(nla_data(item)), static_cast<size_t>(nla_len(item))};
      const bool hit = inner >= at && inner < at + NLA_ALIGN(item->nla_len);
      if (field.type == Type::List) {
        if (hit) {
          auto rest =
              inner < at + NLA_HDRLEN ? "" : pathIn(*field.schema, itemBody, inner - at - NLA_HDRLEN, depth + 1);
          return join(std::string(field.name) + "[" + std::to_string(index) + "]", rest);
        }
        ++index;
      } else if (nla_type(item) == field.item) {
        variant = variantOf(item, field);
      } else if (variant && hit && nla_type(item) == field.data && inner >= at + NLA_HDRLEN) {
        return pathIn(*variant->schema, itemBody, inner - at - NLA_HDRLEN, depth + 1);
      }
    }
  }
  return field.name;
}

std::string pathIn(const Schema& schema, Bytes payload, size_t offset, int depth) {
  if (depth > kMaxDepth) return {};
  const size_t start = NLMSG_ALIGN(schema.headerSize);
  if (offset < start) {
    for (const auto& field : schema.fields) {
      if (field.attr == kInHeader && field.offset == offset) return field.name;
    }
    return {};
  }
  if (start >= payload.size()) return {};
  auto* attr = reinterpret_cast<nlattr*>(const_cast<uint8_t*>(payload.data() + start));
  int left = payload.size() - start;
  const Variant* variant = nullptr;
  for (; nla_ok(attr, left); attr = nla_next(attr, &left)) {
    const size_t at = reinterpret_cast<uint8_t*>(attr) - payload.data();
    const bool hit = offset >= at && offset < at + NLA_ALIGN(attr->nla_len);
    for (const auto& field : schema.fields) {
      if (field.attr == nla_type(attr) && hit) return pathInField(field, attr, offset - at, depth);
      if (field.attr != kInline) continue;
      if (nla_type(attr) == field.item) {
        variant = variantOf(attr, field);
        if (hit) return field.name;
      } else if (variant && nla_type(attr) == field.data && hit) {
        const Bytes body{static_cast<const uint8_t*>(nla_data(attr)), static_cast<size_t>(nla_len(attr))};
        if (offset < at + NLA_HDRLEN) return variant->name;
        return join(variant->name, pathIn(*variant->schema, body, offset - at - NLA_HDRLEN, depth + 1));
      }
    }
    if (hit) return {};
  }
  return {};
}

}  // namespace

int encode(const Schema& schema, Bytes record, nl_msg* message, DeviceLookup* devices) {
  return Encoder(message, devices).run(schema, record);
}

bool decode(const Schema& schema, Bytes payload, RecordWriter& writer) {
  return Decoder(writer).run(schema, payload);
}

std::string attributePath(const Schema& schema, Bytes payload, size_t offset) {
  return pathIn(schema, payload, offset, 0);
}

}  // namespace netloom
