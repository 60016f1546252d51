#include "netlink/transport.h"

#include <errno.h>
#include <netinet/in.h>  // ahead of linux/in.h, which gives way to it

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <string>

#include "netlink/ack.h"
#include "netlink/codec.h"
#include "netlink/columns.h"
#include "nftables/rows.h"

namespace netloom {
namespace {

constexpr size_t kMessageBytes = 128 * 1024;  // of the one being encoded; a nest ends at 64 KiB
constexpr size_t kKeptBytes = 1024 * 1024;    // of a buffer, from one execution to the next
// Receive buffer that an error takes, and an answer (NLMSG_GOODSIZE), with the kernel's overhead.
constexpr size_t kErrorCost = 1024;
constexpr size_t kAnswerCost = 8 * 1024;
// What the kernel tells of an object that it has made, by the bytes that asked for it: handles, counts, its overhead.
constexpr size_t kEchoFactor = 4;
constexpr int kDumpAttempts = 10;
constexpr int kGetAttempts = 4;
constexpr uint16_t kCancelled = UINT16_MAX;

constexpr const char* kUnknown = "the kernel had more to say than the receive buffer holds; what was done is not known";

// What a failed request says.
struct Failure {
  uint32_t request = 0;
  int error = 0;          // positive errno
  std::string message{};  // the kernel's words, or ours
  std::string attribute{};
  int64_t row = -1;
};

bool changesLinks(uint16_t type) {
  return type == RTM_NEWLINK || type == RTM_DELLINK || type == RTM_SETLINK;
}

}  // namespace

Scratch::Scratch()
    : message(nlmsg_alloc_size(kMessageBytes), nlmsg_free), element(nlmsg_alloc_size(1024), nlmsg_free) {}

// One execution: the state between the first request and the last result.
class Transport::Run : private DeviceLookup {
 public:
  Run(Transport& transport, Scratch& scratch)
      : transport_(transport), socket_(transport.socket_), results_(scratch.results), scratch_(scratch) {}

  void request(uint32_t number, uint16_t index, bool packed, Bytes record) {
    const auto& operation = operations()[index];
    int error = 0;
    switch (operation.kind) {
      case Kind::Dump:
      case Kind::DumpRows:
      case Kind::DumpCountedRows:
        return dump(operation, index, number, record);
      case Kind::Columns:
        columns_ = Columns(record);
        if (!columns_.valid()) error = -EINVAL;
        break;
      case Kind::Begin:
        flush();
        inTransaction_ = true;
        [[fallthrough]];
      case Kind::End:
      case Kind::Change:
      case Kind::Get:
        error = packed ? repeat(operation, index, number, record) : single(operation, index, number, record);
        break;
      case Kind::Rows:
      case Kind::GetRows:
        error = rows(operation, index, number, record);
        break;
    }
    if (error) {
      fail(index, {.request = number, .error = -error, .message = reason(error)});
      broken_ = true;
    }
    if (operation.kind == Kind::End) {
      // A transaction with a part that could not be written is not sent.
      if (!broken_) flush();
      forget();
      inTransaction_ = false;
    }
    if (!inTransaction_) broken_ = false;
  }

  // Sends what is gathered and reads what there is to read of it.
  void flush() {
    for (int attempt = 0; attempt < kGetAttempts && !scratch_.sent.empty(); ++attempt) {
      incomplete_ = 0;
      if (int error = send()) {
        failRest(-error,
                 error == -EMSGSIZE ? "larger than this socket's send buffer may grow (net.core.wmem_max)" : "");
      } else {
        settle();
      }
      if (!incomplete_ || !keepUnanswered()) break;
    }
    if (incomplete_) failRest(incomplete_, "each attempt to read the kernel's reply lost it");
    forget();
  }

 private:
  // ---- results

  void result(uint32_t request, uint16_t operation, uint16_t status, auto body) {
    const size_t start = results_.open();
    results_.scalar(request);
    results_.scalar(operation);
    results_.scalar(status);
    body();
    results_.close(start);
  }

  void fail(uint16_t operation, const Failure& failure) {
    result(failure.request, operation, static_cast<uint16_t>(failure.error), [&] {
      results_.block(failure.message);
      results_.block(failure.attribute);
      results_.scalar(static_cast<uint32_t>(failure.row + 1));
    });
  }

  // All that has no result yet; or of that, what changes something.
  void failRest(int error, const char* message, bool changesOnly = false) {
    for (auto& sent : scratch_.sent) {
      if (sent.answered || (changesOnly && answers(operations()[sent.operation]))) continue;
      sent.answered = true;
      const int64_t row = sent.packed ? int64_t{sent.row} : -1;
      fail(sent.operation, {.request = sent.request, .error = error, .message = message, .row = row});
    }
  }

  void reply(const Operation& operation, uint32_t request, uint16_t index, const nlmsghdr* header) {
    const Bytes payload{static_cast<const uint8_t*>(nlmsg_data(header)), static_cast<size_t>(nlmsg_datalen(header))};
    bool good = true;
    const size_t before = results_.size();
    result(request, index, 0, [&] {
      const bool counted = operation.kind == Kind::DumpCountedRows;
      const bool asRows = counted || operation.kind == Kind::DumpRows || operation.kind == Kind::GetRows;
      good = asRows ? decodeRows(payload, results_, counted) : decode(*operation.reply, payload, results_);
    });
    if (good) return;
    results_.truncate(before);
    fail(index,
         {.request = request, .error = EBADMSG, .message = "the kernel's reply does not have the expected form"});
  }

  std::string reason(int error) const {
    if (error == -ENODEV) return "no device is called " + unknownDevice_;
    return error == -EMSGSIZE ? "does not fit a netlink message" : "malformed request";
  }

  // ---- gathering

  nlmsghdr* headerOf(const Scratch::Sent& sent) {
    return reinterpret_cast<nlmsghdr*>(scratch_.batch.data() + sent.offset);
  }

  // Empties the message that is being encoded.
  nl_msg* begin(const Operation& operation) {
    auto* message = scratch_.message.get();
    *nlmsg_hdr(message) = headerFor(operation);
    return message;
  }

  nlmsghdr headerFor(const Operation& operation) {
    return {.nlmsg_len = NLMSG_HDRLEN,
            .nlmsg_type = operation.type,
            .nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | operation.flags),
            .nlmsg_seq = 0,
            .nlmsg_pid = 0};
  }

  // A transaction is one datagram whatever its size; anything else is cut where the socket's buffers end.
  void makeRoom(size_t bytes, const Operation& operation) {
    if (inTransaction_ || scratch_.sent.empty()) return;
    if (scratch_.batch.size() + bytes > socket_.sendLimit() || answers_ + costOf(operation) > socket_.receiveLimit()) {
      flush();
    }
  }

  // Every message may fail, and some are answered: all of that must fit the receive buffer.
  static size_t costOf(const Operation& operation) { return answers(operation) ? kAnswerCost : kErrorCost; }

  static bool answers(const Operation& operation) {
    return operation.kind == Kind::Get || operation.kind == Kind::GetRows;
  }

  // Whether it changes nothing.
  static bool asks(const Operation& operation) {
    return answers(operation) || operation.kind == Kind::Dump || operation.kind == Kind::DumpRows;
  }

  // Notes a message that stands at the end of the batch.
  void note(size_t offset, const Operation& operation, uint16_t index, uint32_t request, uint32_t row, bool packed) {
    const auto sequence = transport_.sequence_++;
    if (scratch_.sent.empty()) firstSequence_ = sequence;
    answers_ += costOf(operation);
    asking_ += asks(operation);
    echoes_ |= (operation.flags & NLM_F_ECHO) != 0 && operation.kind == Kind::Change;
    linksPending_ |= changesLinks(operation.type);
    scratch_.sent.push_back({.offset = static_cast<uint32_t>(offset),
                             .request = request,
                             .row = row,
                             .operation = index,
                             .packed = packed,
                             .answered = false});
    headerOf(scratch_.sent.back())->nlmsg_seq = sequence;
  }

  int single(const Operation& operation, uint16_t index, uint32_t request, Bytes record) {
    auto* message = begin(operation);
    if (int error = encode(*operation.schema, record, message, this)) return error;
    const auto* header = nlmsg_hdr(message);
    makeRoom(NLMSG_ALIGN(header->nlmsg_len), operation);
    const size_t offset = scratch_.batch.size();
    std::memcpy(scratch_.batch.extend(NLMSG_ALIGN(header->nlmsg_len)), header, NLMSG_ALIGN(header->nlmsg_len));
    note(offset, operation, index, request, 0, false);
    return 0;
  }

  int repeat(const Operation& operation, uint16_t index, uint32_t request, Bytes record) {
    auto* message = begin(operation);
    if (!columns_.valid() || !operation.schema) return -EINVAL;
    RowTemplate row;
    if (int error = row.prepare(*operation.schema, record, columns_, message, this)) return error;
    const auto* header = nlmsg_hdr(message);
    const size_t size = NLMSG_ALIGN(header->nlmsg_len);
    for (uint32_t number = 0; number < columns_.rows(); ++number) {
      makeRoom(size, operation);
      const size_t offset = scratch_.batch.size();
      auto* copy = scratch_.batch.extend(size);
      std::memcpy(copy, header, size);
      row.fill(columns_, number, copy);
      note(offset, operation, index, request, number, true);
    }
    return 0;
  }

  int rows(const Operation& operation, uint16_t index, uint32_t request, Bytes record) {
    auto* message = begin(operation);
    auto* element = scratch_.element.get();
    nlmsg_hdr(element)->nlmsg_len = NLMSG_HDRLEN;
    RowSource source(record, columns_);
    if (!source.valid()) return -EINVAL;
    if (int error = source.prepare(message, element)) return error;
    scratch_.batch.reserve(inTransaction_ ? source.total() : 0);
    // The kernel answers each message for the first element that it lacks, so those to be looked up go one by one.
    const uint32_t most = operation.kind == Kind::GetRows ? 1 : UINT32_MAX;
    while (source.more()) {
      makeRoom(source.size(most), operation);
      const size_t offset = scratch_.batch.size();
      const auto row = source.position();
      source.append(headerFor(operation), most, scratch_.batch);
      note(offset, operation, index, request, row, true);
    }
    return 0;
  }

  // DeviceLookup. A request may name a device that one before it makes or renames: those go first.
  int device(std::string_view name) override {
    if (linksPending_) flush();
    const int index = socket_.device(name);
    if (index < 0) unknownDevice_ = name;
    return index;
  }

  void forget() {
    scratch_.batch.truncate(0);
    scratch_.sent.clear();
    linksPending_ = false;
    answers_ = 0;
    asking_ = 0;
    echoes_ = false;
  }

  int send() {
    if (echoes_) socket_.expect(kEchoFactor * scratch_.batch.size());
    const int error = socket_.send(scratch_.batch.bytes());
    if (error) return error;
    transport_.changed_ |= asking_ < scratch_.sent.size();
    if (transport_.traffic_) transport_.traffic_->count(scratch_.sent.size(), asking_);
    return 0;
  }

  // ---- settling

  Failure failure(const Ack& ack, const Scratch::Sent& sent) {
    Failure failure{.request = sent.request, .error = ack.error};
    const auto& operation = operations()[sent.operation];
    if (sent.packed && operation.kind != Kind::Rows) failure.row = sent.row;
    failure.message = ack.message;
    const auto* schema = operation.kind == Kind::Rows ? operation.reply : operation.schema;
    if (!ack.offset || *ack.offset < NLMSG_HDRLEN || !schema) return failure;
    const auto* sentHeader = headerOf(sent);
    const Bytes payload{static_cast<const uint8_t*>(nlmsg_data(sentHeader)),
                        static_cast<size_t>(nlmsg_datalen(sentHeader))};
    failure.attribute = attributePath(*schema, payload, *ack.offset - NLMSG_HDRLEN);
    unsigned row;
    if (operation.kind == Kind::Rows && sscanf(failure.attribute.c_str(), "elements[%u]", &row) == 1) {
      failure.row = sent.row + row;
    }
    return failure;
  }

  // Reads until there is nothing more: all that will come has come when sendmsg returns. What has no error by then has
  // succeeded, as the kernel keeps no error to itself: one that it cannot queue shows as ENOBUFS.
  void settle() {
    bool failed = false;
    bool lost = false;
    int error;
    do {
      error = socket_.receive(scratch_.received, RawSocket::Wait::No, [&](const nlmsghdr* header) {
        const uint32_t position = header->nlmsg_seq - firstSequence_;
        if (position >= scratch_.sent.size()) return;  // of an earlier call that gave up
        auto& sent = scratch_.sent[position];
        const auto& operation = operations()[sent.operation];
        if (header->nlmsg_type == NLMSG_ERROR) {
          const auto ack = readAck(header);
          if (ack.error == 0) return;
          sent.answered = failed = true;
          // An element that is not there has no row.
          if (operation.kind == Kind::GetRows && ack.error == ENOENT) return;
          fail(sent.operation, failure(ack, sent));
        } else if (operation.replyType != 0 && header->nlmsg_type == operation.replyType) {
          // An echoed change too: the kernel tells what it has done, and nothing of what it has not.
          sent.answered = true;
          reply(operation, sent.request, sent.operation, header);
        }
      });
      lost |= error == -ENOBUFS;
      if (error == -EMSGSIZE) incomplete_ = EMSGSIZE;
    } while (error == 0 || error == -ENOBUFS || error == -EMSGSIZE);
    if (error != -EAGAIN) return failRest(-error, "no reply from the kernel");
    // A transaction that has failed has failed as a whole, however much of the reasons was lost.
    if (!lost || (inTransaction_ && failed)) return;
    failRest(ENOBUFS, kUnknown, true);
    incomplete_ = ENOBUFS;
  }

  // After a reply was cut off or lost: leaves those in the batch that ask for one and have none. False when there are
  // none.
  bool keepUnanswered() {
    std::vector<Scratch::Sent> again;
    for (const auto& sent : scratch_.sent) {
      if (answers(operations()[sent.operation]) && !sent.answered) again.push_back(sent);
    }
    Buffer batch;
    std::swap(batch, scratch_.batch);
    forget();
    for (const auto& sent : again) {
      const auto* header = reinterpret_cast<const nlmsghdr*>(batch.data() + sent.offset);
      const size_t offset = scratch_.batch.size();
      scratch_.batch.append({batch.data() + sent.offset, NLMSG_ALIGN(header->nlmsg_len)});
      note(offset, operations()[sent.operation], sent.operation, sent.request, sent.row, sent.packed);
    }
    return !again.empty();
  }

  // ---- dumps

  void dump(const Operation& operation, uint16_t index, uint32_t request, Bytes record) {
    flush();
    const size_t before = results_.size();
    for (int attempt = 0; attempt < kDumpAttempts; ++attempt) {
      results_.truncate(before);
      forget();
      int error = single(operation, index, request, record);
      if (error) {
        fail(index, {.request = request, .error = -error, .message = reason(error)});
        break;
      }
      error = send();
      if (error) {
        fail(index, {.request = request, .error = -error});
        break;
      }
      if (!readDump(operation, index, request)) break;
      if (attempt + 1 == kDumpAttempts) {
        results_.truncate(before);
        fail(
            index,
            {.request = request, .error = EINTR, .message = "the table changed during each of 10 attempts to list it"});
      }
    }
    forget();
  }

  // True when the dump was interrupted and must be begun anew.
  bool readDump(const Operation& operation, uint16_t index, uint32_t request) {
    bool done = false;
    bool interrupted = false;
    while (!done) {
      const int error = socket_.receive(scratch_.received, RawSocket::Wait::Yes, [&](const nlmsghdr* header) {
        if (header->nlmsg_seq != firstSequence_ || done) return;
        if (header->nlmsg_flags & NLM_F_DUMP_INTR) interrupted = true;
        if (header->nlmsg_type == NLMSG_DONE || header->nlmsg_type == NLMSG_ERROR) {
          const auto ack = readAck(header);
          if (ack.error == EINTR)
            interrupted = true;
          else if (ack.error != 0)
            fail(index, failure(ack, scratch_.sent[0]));
          done = true;
        } else if (header->nlmsg_type == operation.replyType) {
          reply(operation, request, index, header);
        }
      });
      if (error == -ENOBUFS || error == -EMSGSIZE) {
        interrupted = true;  // the rest still arrives
      } else if (error != 0) {
        fail(index, {.request = request, .error = -error, .message = "no reply from the kernel"});
        return false;
      }
    }
    return interrupted;
  }

  Transport& transport_;
  RawSocket& socket_;
  RecordWriter& results_;
  Scratch& scratch_;
  Columns columns_;
  uint32_t firstSequence_ = 0;
  size_t answers_ = 0;   // what the batch's answers and errors may take of the receive buffer
  size_t asking_ = 0;    // messages of the batch that change nothing
  bool echoes_ = false;  // the batch has changes that are told back
  std::string unknownDevice_;
  bool inTransaction_ = false;
  bool broken_ = false;        // the transaction has a part that could not be written
  bool linksPending_ = false;  // the batch makes, renames or removes devices
  int incomplete_ = 0;         // EMSGSIZE, ENOBUFS: a reply was cut off or lost
};

void Transport::execute(Bytes requests, Scratch& scratch) {
  scratch.batch.truncate(0);
  scratch.sent.clear();
  scratch.results.clear(kKeptBytes);
  Run run(*this, scratch);
  RecordReader in(requests);
  for (uint32_t number = 0; !in.done(); ++number) {
    RecordReader request(in.block());
    const auto index = request.scalar<uint16_t>();
    const bool packed = request.scalar<uint16_t>() != 0;
    if (index == kCancelled) continue;
    if (in.failed() || request.failed() || index >= operations().size()) break;
    const auto& operation = operations()[index];
    if (operation.protocol != protocol_ && operation.kind != Kind::Columns) break;
    run.request(number, index, packed, request.rest());
  }
  run.flush();
  // A burst's memory is not kept.
  scratch.batch.clear(kKeptBytes);
  if (scratch.sent.capacity() > kKeptBytes / sizeof(Scratch::Sent)) scratch.sent = {};
}

}  // namespace netloom
