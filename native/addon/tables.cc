#include "addon/tables.h"

#include <errno.h>
#include <string.h>

#include <map>

#include "netlink/event.h"
#include "netlink/operation.h"

namespace netloom {
namespace {

const char* typeName(Type type) {
  switch (type) {
    case Type::Flag:
      return "flag";
    case Type::U8:
      return "u8";
    case Type::U16:
    case Type::Be16:
      return "u16";
    case Type::U32:
    case Type::Be32:
      return "u32";
    case Type::Device:
      return "device";
    case Type::S32:
    case Type::SBe32:
      return "s32";
    case Type::U64:
    case Type::Be64:
      return "u64";
    case Type::String:
      return "string";
    case Type::Bytes:
      return "bytes";
    case Type::Nest:
      return "nest";
    case Type::List:
    case Type::Nexthops:
      return "list";
    case Type::Strings:
      return "strings";
    case Type::Union:
      return "union";
  }
  return "";
}

const char* kindName(Kind kind) {
  switch (kind) {
    case Kind::Change:
      return "change";
    case Kind::Get:
      return "get";
    case Kind::Dump:
      return "dump";
    case Kind::DumpRows:
    case Kind::DumpCountedRows:
      return "dumprows";
    case Kind::GetRows:
      return "getrows";
    case Kind::Columns:
      return "columns";
    case Kind::Begin:
      return "begin";
    case Kind::End:
      return "end";
    case Kind::Rows:
      return "rows";
  }
  return "";
}

// Schemas refer to each other, in circles too: each is numbered when it is first met, and described once.
class SchemaTable {
 public:
  explicit SchemaTable(Napi::Env env) : env_(env), schemas_(Napi::Array::New(env)), names_(Napi::Object::New(env)) {}

  int number(const Schema* schema) {
    if (!schema) return -1;
    const auto known = numbers_.find(schema);
    if (known != numbers_.end()) return known->second;
    const int number = static_cast<int>(numbers_.size());
    numbers_[schema] = number;
    auto fields = Napi::Array::New(env_);
    for (const auto& field : schema->fields) fields.Set(fields.Length(), describe(field));
    auto described = Napi::Object::New(env_);
    described.Set("name", schema->name);
    described.Set("fields", fields);
    schemas_.Set(number, described);
    return number;
  }

  Napi::Array schemas() const { return schemas_; }
  Napi::Object names() const { return names_; }

 private:
  Napi::Object describe(const Field& field) {
    auto described = Napi::Object::New(env_);
    described.Set("name", field.name);
    described.Set("type", typeName(field.type));
    if (field.schema) described.Set("schema", number(field.schema));
    if (field.names) {
      described.Set("names", field.names->id);
      describe(*field.names);
    }
    if (field.variants) {
      auto variants = Napi::Array::New(env_);
      for (const auto& variant : *field.variants) {
        auto one = Napi::Object::New(env_);
        one.Set("name", variant.name);
        one.Set("schema", number(variant.schema));
        variants.Set(variants.Length(), one);
      }
      described.Set("variants", variants);
    }
    return described;
  }

  void describe(const Names& names) {
    if (names_.Has(names.id)) return;
    auto entries = Napi::Array::New(env_);
    for (const auto& entry : names.entries) {
      auto pair = Napi::Array::New(env_, 2);
      pair.Set(0u, entry.name);
      pair.Set(1u, Napi::Number::New(env_, entry.value));
      entries.Set(entries.Length(), pair);
    }
    auto described = Napi::Object::New(env_);
    described.Set("flags", names.flags);
    described.Set("entries", entries);
    names_.Set(names.id, described);
  }

  Napi::Env env_;
  Napi::Array schemas_;
  Napi::Object names_;
  std::map<const Schema*, int> numbers_;
};

// Node's own table lacks some that netlink returns. Linux numbers, <errno.h>; the text is the C library's.
struct ErrorCode {
  int number;
  const char* name;
};
#define CODE(name) \
  { name, #name }
constexpr ErrorCode kErrorCodes[] = {
    CODE(EPERM),           CODE(ENOENT),      CODE(ESRCH),        CODE(EINTR),        CODE(EIO),
    CODE(ENXIO),           CODE(E2BIG),       CODE(ENOEXEC),      CODE(EBADF),        CODE(ECHILD),
    CODE(EAGAIN),          CODE(ENOMEM),      CODE(EACCES),       CODE(EFAULT),       CODE(ENOTBLK),
    CODE(EBUSY),           CODE(EEXIST),      CODE(EXDEV),        CODE(ENODEV),       CODE(ENOTDIR),
    CODE(EISDIR),          CODE(EINVAL),      CODE(ENFILE),       CODE(EMFILE),       CODE(ENOTTY),
    CODE(ETXTBSY),         CODE(EFBIG),       CODE(ENOSPC),       CODE(ESPIPE),       CODE(EROFS),
    CODE(EMLINK),          CODE(EPIPE),       CODE(EDOM),         CODE(ERANGE),       CODE(EDEADLK),
    CODE(ENAMETOOLONG),    CODE(ENOLCK),      CODE(ENOSYS),       CODE(ENOTEMPTY),    CODE(ELOOP),
    CODE(ENOMSG),          CODE(EIDRM),       CODE(ENODATA),      CODE(ETIME),        CODE(ENOSR),
    CODE(ENONET),          CODE(ENOPKG),      CODE(ENOLINK),      CODE(ECOMM),        CODE(EPROTO),
    CODE(EMULTIHOP),       CODE(EBADMSG),     CODE(EOVERFLOW),    CODE(ENOTUNIQ),     CODE(EBADFD),
    CODE(EREMCHG),         CODE(EILSEQ),      CODE(ERESTART),     CODE(EUSERS),       CODE(ENOTSOCK),
    CODE(EDESTADDRREQ),    CODE(EMSGSIZE),    CODE(EPROTOTYPE),   CODE(ENOPROTOOPT),  CODE(EPROTONOSUPPORT),
    CODE(ESOCKTNOSUPPORT), CODE(EOPNOTSUPP),  CODE(EPFNOSUPPORT), CODE(EAFNOSUPPORT), CODE(EADDRINUSE),
    CODE(EADDRNOTAVAIL),   CODE(ENETDOWN),    CODE(ENETUNREACH),  CODE(ENETRESET),    CODE(ECONNABORTED),
    CODE(ECONNRESET),      CODE(ENOBUFS),     CODE(EISCONN),      CODE(ENOTCONN),     CODE(ESHUTDOWN),
    CODE(ETOOMANYREFS),    CODE(ETIMEDOUT),   CODE(ECONNREFUSED), CODE(EHOSTDOWN),    CODE(EHOSTUNREACH),
    CODE(EALREADY),        CODE(EINPROGRESS), CODE(ESTALE),       CODE(EUCLEAN),      CODE(EREMOTEIO),
    CODE(EDQUOT),          CODE(ENOMEDIUM),   CODE(EMEDIUMTYPE),  CODE(ECANCELED),    CODE(ENOKEY),
    CODE(EKEYEXPIRED),     CODE(EKEYREVOKED), CODE(EKEYREJECTED), CODE(EOWNERDEAD),   CODE(ENOTRECOVERABLE),
    CODE(ERFKILL),
};
#undef CODE

}  // namespace

Napi::Object describeTables(Napi::Env env) {
  SchemaTable table(env);
  auto operationList = Napi::Array::New(env);
  for (const auto& operation : operations()) {
    auto described = Napi::Object::New(env);
    described.Set("name", operation.name);
    described.Set("message", operation.message);
    described.Set("protocol", operation.protocol);
    described.Set("kind", kindName(operation.kind));
    described.Set("schema", table.number(operation.schema));
    described.Set("reply", table.number(operation.reply));
    operationList.Set(operationList.Length(), described);
  }
  auto events = Napi::Array::New(env);
  for (const auto& message : eventMessages()) {
    auto described = Napi::Object::New(env);
    described.Set("name", message.name);
    described.Set("schema", table.number(message.schema));
    events.Set(events.Length(), described);
  }
  auto groups = Napi::Object::New(env);
  for (const auto& group : eventGroups()) {
    auto numbers = Napi::Array::New(env);
    for (const auto number : group.numbers) numbers.Set(numbers.Length(), Napi::Number::New(env, number));
    auto described = Napi::Object::New(env);
    described.Set("protocol", group.protocol);
    described.Set("numbers", numbers);
    groups.Set(group.name, described);
  }
  auto errors = Napi::Object::New(env);
  for (const auto& code : kErrorCodes) {
    auto entry = Napi::Array::New(env, 2);
    entry.Set(0u, code.name);
    entry.Set(1u, strerror(code.number));
    errors.Set(code.number, entry);
  }
  auto tables = Napi::Object::New(env);
  tables.Set("operations", operationList);
  tables.Set("schemas", table.schemas());
  tables.Set("names", table.names());
  tables.Set("events", events);
  tables.Set("groups", groups);
  tables.Set("errors", errors);
  return tables;
}

}  // namespace netloom
