// `fuzz-seeds FOLDER PROGRAM ARGUMENTS...`: has the program fill the namespace that both run in, and keeps what the
// kernel tells meanwhile, and holds afterwards, as inputs of the fuzzers: a folder of files for each of them.
#include <netinet/in.h>  // ahead of linux/in.h, which gives way to it

#include <linux/netfilter/nf_tables.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "fuzz/decoding.h"
#include "netlink/event.h"
#include "netlink/raw_socket.h"
#include "nftables/expressions/expressions.h"

namespace netloom::fuzz {
namespace {

using Message = std::unique_ptr<nl_msg, decltype(&nlmsg_free)>;

class Seeds {
 public:
  explicit Seeds(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // The same one again is the same file.
  void keep(const char* fuzzer, std::string head, Bytes bytes) {
    head.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    const auto folder = folder_ / fuzzer;
    std::filesystem::create_directories(folder);
    std::ofstream(folder / std::to_string(std::hash<std::string>()(head)), std::ios::binary) << head;
    ++kept_;
  }

  size_t kept() const { return kept_; }

 private:
  std::filesystem::path folder_;
  size_t kept_ = 0;
};

// What `decodeInput` takes: which schema, and an offset into the message, just behind its fixed header.
std::string headOf(const std::vector<const Schema*>& schemas, const Schema* schema) {
  const auto found = std::ranges::find(schemas, schema);
  if (found == schemas.end()) return {};
  return {static_cast<char>(found - schemas.begin()), static_cast<char>(schema->headerSize + NLA_HDRLEN), 0};
}

Bytes payloadOf(const nlmsghdr* header) {
  return {static_cast<const uint8_t*>(nlmsg_data(header)), static_cast<size_t>(nlmsg_datalen(header))};
}

Bytes bodyOf(const nlattr* attr) {
  return {static_cast<const uint8_t*>(nla_data(attr)), static_cast<size_t>(nla_len(attr))};
}

// Expressions stand in rules, sets and elements, wherever they are nested; nf_tables marks no nest (NLA_F_NESTED).
void keepExpressions(Seeds& seeds, Bytes attributes, int depth = 0) {
  static const auto schemas = expressionSchemas();
  if (depth > 8) return;
  int left = static_cast<int>(attributes.size());
  auto* attr = reinterpret_cast<nlattr*>(const_cast<uint8_t*>(attributes.data()));
  for (; nla_ok(attr, left); attr = nla_next(attr, &left)) {
    nlattr* table[NFTA_EXPR_MAX + 1];
    if (nla_parse_nested(table, NFTA_EXPR_MAX, attr, nullptr) == 0 && table[NFTA_EXPR_NAME] && table[NFTA_EXPR_DATA]) {
      for (const auto& variant : expressions) {
        if (nla_strcmp(table[NFTA_EXPR_NAME], variant.name) != 0) continue;
        seeds.keep("expressions_fuzz", headOf(schemas, variant.schema), bodyOf(table[NFTA_EXPR_DATA]));
      }
    }
    keepExpressions(seeds, bodyOf(attr), depth + 1);
  }
}

// A reply is an input of its family's decoder; the record that it becomes, one of the encoders.
void keepReply(Seeds& seeds, const Operation& operation, Bytes payload) {
  const bool nftables = isNftables(operation);
  const bool rtnetlink = isRtnetlink(operation);
  const auto schemas = schemasOf(rtnetlink ? isRtnetlink : nftables ? isNftables : isConntrack);
  seeds.keep(rtnetlink  ? "rtnetlink_fuzz"
             : nftables ? "nftables_fuzz"
                        : "conntrack_fuzz",
             headOf(schemas, operation.reply), payload);
  if (nftables && payload.size() > sizeof(nfgenmsg)) {
    keepExpressions(seeds, payload.subspan(NLMSG_ALIGN(sizeof(nfgenmsg))));
  }
  RecordWriter record;
  if (!decode(*operation.reply, payload, record)) return;
  for (size_t index = 0; index < operations().size(); ++index) {
    const auto& other = operations()[index];
    if (other.kind == Kind::Change && other.schema == operation.reply) {
      return seeds.keep("codec_fuzz", {static_cast<char>(index), 0, 0}, record.bytes());
    }
  }
}

// ---- events

class Listener {
 public:
  explicit Listener(int protocol) : protocol_(protocol) {
    int error = 0;
    fd_ = RawSocket::open(protocol, error);
    for (const auto& group : eventGroups()) {
      if (group.protocol != protocol) continue;
      for (const uint32_t number : group.numbers) {
        setsockopt(fd_.get(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &number, sizeof(number));
      }
    }
  }

  void keep(Seeds& seeds) {
    RawSocket socket(std::move(fd_));
    Buffer buffer;
    buffer.extend(1 << 17);
    int error;
    do {
      error = socket.receive(buffer, RawSocket::Wait::No, [&](const nlmsghdr* message) {
        for (size_t index = 0; index < eventMessages().size(); ++index) {
          const auto& known = eventMessages()[index];
          if (known.protocol != protocol_ || known.type != message->nlmsg_type) continue;
          seeds.keep("event_fuzz", {static_cast<char>(index)}, payloadOf(message));
        }
      });
    } while (error == 0 || error == -ENOBUFS);
  }

 private:
  int protocol_;
  Fd fd_;
};

// ---- dumps, and what the kernel says of requests

template <typename Each>
void ask(int protocol, nl_msg* request, Each each) {
  int error = 0;
  RawSocket socket(RawSocket::open(protocol, error));
  const auto* header = nlmsg_hdr(request);
  if (socket.send({reinterpret_cast<const uint8_t*>(header), header->nlmsg_len}) < 0) return;
  Buffer buffer;
  buffer.extend(1 << 17);
  bool done = false;
  while (!done) {
    error = socket.receive(buffer, RawSocket::Wait::Yes, [&](const nlmsghdr* message) {
      if (done) return;
      done = message->nlmsg_type == NLMSG_DONE || message->nlmsg_type == NLMSG_ERROR;
      each(message);
    });
    if (error != 0) return;
  }
}

Message requestFor(const Operation& operation) {
  Message message(nlmsg_alloc_size(4096), nlmsg_free);
  auto* header = nlmsg_hdr(message.get());
  header->nlmsg_type = operation.type;
  header->nlmsg_flags = NLM_F_REQUEST | operation.flags;
  encode(*operation.schema, {}, message.get());
  return message;
}

// What `ack_fuzz` takes: which message, the upper half of its flags, and its payload.
void keepAck(Seeds& seeds, const nlmsghdr* ack) {
  const bool error = ack->nlmsg_type == NLMSG_ERROR;
  seeds.keep("ack_fuzz", {error, static_cast<char>(ack->nlmsg_flags >> 8)}, payloadOf(ack));
}

// Requests for nothing in particular, most of which the kernel refuses: it says why.
void keepAcks(Seeds& seeds) {
  for (const auto& operation : operations()) {
    if (operation.kind != Kind::Change) continue;
    const auto request = requestFor(operation);
    nlmsg_hdr(request.get())->nlmsg_flags |= NLM_F_ACK;
    ask(operation.protocol, request.get(), [&](const nlmsghdr* message) { keepAck(seeds, message); });
  }
}

void keepElements(Seeds& seeds, const Operation& operation, const nlmsghdr* set) {
  nlattr* table[NFTA_SET_MAX + 1];
  if (nlmsg_parse(const_cast<nlmsghdr*>(set), sizeof(nfgenmsg), table, NFTA_SET_MAX, nullptr) < 0) return;
  const auto request = requestFor(operation);
  static_cast<nfgenmsg*>(nlmsg_data(nlmsg_hdr(request.get())))->nfgen_family =
      static_cast<const nfgenmsg*>(nlmsg_data(set))->nfgen_family;
  nla_put_string(request.get(), NFTA_SET_ELEM_LIST_TABLE, nla_get_string(table[NFTA_SET_TABLE]));
  nla_put_string(request.get(), NFTA_SET_ELEM_LIST_SET, nla_get_string(table[NFTA_SET_NAME]));
  ask(operation.protocol, request.get(), [&](const nlmsghdr* message) {
    if (message->nlmsg_type != operation.replyType) return;
    keepReply(seeds, operation, payloadOf(message));
    // Behind no columns.
    seeds.keep("rows_fuzz", std::string(4, '\0'), payloadOf(message));
  });
}

void keepDumps(Seeds& seeds) {
  const auto elements =
      std::ranges::find_if(operations(), [](const auto& one) { return one.name == std::string_view("nft.setelems"); });
  for (const auto& operation : operations()) {
    if (operation.kind != Kind::Dump || operation.schema == elements->schema) continue;
    const auto request = requestFor(operation);
    ask(operation.protocol, request.get(), [&](const nlmsghdr* message) {
      if (message->nlmsg_type != operation.replyType) return keepAck(seeds, message);
      keepReply(seeds, operation, payloadOf(message));
      if (operation.name == std::string_view("nft.sets")) keepElements(seeds, *elements, message);
    });
  }
}

// ---- columns, as src/netlink/columns.ts and src/nftables/rows.ts write them

void keepRows(Seeds& seeds) {
  constexpr uint32_t rows = 3;
  RecordWriter columns;
  columns.scalar(rows);
  for (const uint8_t part : {2, 4, 1, 4, 1}) columns.scalar(part);  // two, each of addresses that are swapped
  for (uint32_t row = 0; row < 2 * rows; ++row) columns.scalar(0x0a000001 + row);
  const auto cell = [](RecordWriter& record, uint8_t column) {
    for (const uint8_t part : {column, uint8_t{0}, uint8_t{4}}) record.scalar(part);
  };
  const auto keep = [&](size_t operation, RecordWriter& record) {
    std::string head{static_cast<char>(operation), 0, static_cast<char>(columns.size()), 0};
    head.append(reinterpret_cast<const char*>(columns.bytes().data()), columns.size());
    seeds.keep("rows_fuzz", head, record.bytes());
  };
  for (size_t index = 0; index < operations().size(); ++index) {
    const auto& operation = operations()[index];
    RecordWriter record;
    if (operation.kind == Kind::Rows || operation.kind == Kind::GetRows) {
      record.scalar(uint8_t{2});
      record.block("t");
      record.block("s");
      record.scalar(uint32_t{1});
      cell(record, 0);
      cell(record, 1);
      keep(index, record);
    } else if (operation.kind == Kind::Change && operation.schema) {
      // One message for each row, with an address of it from a column.
      const auto& fields = operation.schema->fields;
      const auto address = std::ranges::find_if(fields, [](const Field& field) {
        return field.type == Type::Bytes && field.attr != kInHeader && field.attr != kInline;
      });
      if (address == fields.end()) continue;
      const auto field = static_cast<uint8_t>(address - fields.begin());
      record.scalar(uint8_t{1});
      record.scalar(field);
      cell(record, 0);
      record.scalar(field);
      record.block(std::string_view("\0\0\0\0", 4));
      keep(index, record);
    }
  }
}

bool runs(char** command) {
  pid_t pid;
  int status = 0;
  if (posix_spawnp(&pid, command[0], nullptr, nullptr, command, environ) != 0) return false;
  return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace
}  // namespace netloom::fuzz

int main(int count, char** arguments) {
  using namespace netloom::fuzz;
  if (count < 3) {
    std::fputs("usage: fuzz-seeds FOLDER PROGRAM ARGUMENTS...\n", stderr);
    return 2;
  }
  Seeds seeds(arguments[1]);
  Listener route(NETLINK_ROUTE), netfilter(NETLINK_NETFILTER);
  if (!runs(arguments + 2)) {
    std::fprintf(stderr, "fuzz-seeds: %s failed\n", arguments[2]);
    return 1;
  }
  route.keep(seeds);
  netfilter.keep(seeds);
  keepDumps(seeds);
  keepAcks(seeds);
  keepRows(seeds);
  std::printf("%zu seeds\n", seeds.kept());
  return seeds.kept() > 0 ? 0 : 1;
}
