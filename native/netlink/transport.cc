#include "netlink/transport.h"

#include <errno.h>
#include <netinet/in.h>  // ahead of linux/in.h, which gives way to it

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>

#include "netlink/codec.h"
#include "nftables/rows.h"

namespace netloom {
namespace {

constexpr size_t kMessageBytes = 128 * 1024;  // of the one being encoded; a nest ends at 64 KiB
constexpr size_t kReceiveBytes = 256 * 1024;
constexpr size_t kDatagramBytes = 256 * 1024;  // of a batch without a transaction
constexpr int kSocketBuffer = 8 * 1024 * 1024;
constexpr size_t kErrorCost = 1024;    // receive buffer that one error takes, skb overhead included
constexpr int kReplyTimeout = 10'000;  // ms; the reply is there when sendmsg returns, save for a kernel that lost it
constexpr int kDumpAttempts = 10;

// SO_*BUFFORCE needs CAP_NET_ADMIN in the initial user namespace; without it net.core.{r,w}mem_max is the limit.
void grow(int fd, int force, int plain, int bytes) {
  if (setsockopt(fd, SOL_SOCKET, force, &bytes, sizeof(bytes)) < 0) {
    setsockopt(fd, SOL_SOCKET, plain, &bytes, sizeof(bytes));
  }
}

size_t bufferSize(int fd, int option) {
  int bytes = 0;
  socklen_t length = sizeof(bytes);
  getsockopt(fd, SOL_SOCKET, option, &bytes, &length);
  return bytes;
}

}  // namespace

Scratch::Scratch() : message(nlmsg_alloc_size(kMessageBytes), nlmsg_free), received(kReceiveBytes) {}

Fd Transport::open(int protocol, int& error) {
  Fd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol));
  sockaddr_nl local{.nl_family = AF_NETLINK, .nl_pad = 0, .nl_pid = 0, .nl_groups = 0};
  if (!fd || bind(fd.get(), reinterpret_cast<sockaddr*>(&local), sizeof(local)) < 0) {
    error = -errno;
    return Fd();
  }
  const int on = 1;
  for (int option : {NETLINK_EXT_ACK, NETLINK_CAP_ACK, NETLINK_GET_STRICT_CHK}) {
    setsockopt(fd.get(), SOL_NETLINK, option, &on, sizeof(on));
  }
  grow(fd.get(), SO_SNDBUFFORCE, SO_SNDBUF, kSocketBuffer);
  grow(fd.get(), SO_RCVBUFFORCE, SO_RCVBUF, kSocketBuffer);
  error = 0;
  return fd;
}

Transport::Transport(Fd fd, int protocol) : fd_(std::move(fd)), protocol_(protocol) {
  sendLimit_ = std::min(kDatagramBytes, bufferSize(fd_.get(), SO_SNDBUF) / 2);
  messageLimit_ = std::max<size_t>(16, bufferSize(fd_.get(), SO_RCVBUF) / kErrorCost);
}

// One execution: the state between the first request and the last result.
struct Transport::Run {
  Transport& transport;
  RecordWriter& results;
  Scratch& scratch;
  bool inTransaction = false;
  uint32_t firstSequence = 0;

  // ---- results

  void result(uint32_t request, uint16_t operation, uint16_t status, auto body) {
    const size_t start = results.open();
    results.scalar(request);
    results.scalar(operation);
    results.scalar(status);
    body();
    results.close(start);
  }

  void fail(uint16_t operation, const Failure& failure) {
    result(failure.request, operation, static_cast<uint16_t>(failure.error), [&] {
      results.block(failure.message);
      results.block(failure.attribute);
      results.scalar(static_cast<uint32_t>(failure.row + 1));
    });
  }

  void failAll(int error, const char* message) {
    for (const auto& sent : scratch.sent) {
      fail(sent.operation, {.request = sent.request, .error = error, .message = message});
    }
  }

  bool reply(const Operation& operation, uint32_t request, uint16_t index, const nlmsghdr* header) {
    const Bytes payload{static_cast<const uint8_t*>(nlmsg_data(header)), static_cast<size_t>(nlmsg_datalen(header))};
    bool good = true;
    const size_t before = results.size();
    result(request, index, 0, [&] { good = decode(*operation.reply, payload, results); });
    if (!good) {
      results.truncate(before);
      fail(index,
           {.request = request, .error = EBADMSG, .message = "the kernel's reply does not have the expected form"});
    }
    return good;
  }

  // ---- sending

  // Appends what `body` encodes as one message. Returns 0 or a negative errno.
  template <typename Body>
  int append(const Operation& operation, uint16_t index, uint32_t request, uint32_t row, Body body) {
    auto* message = scratch.message.get();
    auto* header = nlmsg_hdr(message);
    *header = nlmsghdr{.nlmsg_len = NLMSG_HDRLEN,
                       .nlmsg_type = operation.type,
                       .nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | operation.flags),
                       .nlmsg_seq = 0,
                       .nlmsg_pid = 0};
    if (int error = body(message)) return error;
    const size_t size = NLMSG_ALIGN(header->nlmsg_len);
    // A transaction is one datagram whatever its size; anything else is cut where the socket's buffers end.
    if (!inTransaction && !scratch.sent.empty() &&
        (scratch.batch.size() + size > transport.sendLimit_ || scratch.sent.size() >= transport.messageLimit_)) {
      flush();
    }
    header->nlmsg_seq = transport.sequence_++;
    if (scratch.sent.empty()) firstSequence = header->nlmsg_seq;
    scratch.sent.push_back({.offset = static_cast<uint32_t>(scratch.batch.size()),
                            .request = request,
                            .row = row,
                            .operation = index,
                            .answered = false});
    const auto* bytes = reinterpret_cast<const uint8_t*>(header);
    scratch.batch.insert(scratch.batch.end(), bytes, bytes + size);
    return 0;
  }

  int send(Bytes bytes) {
    if (bytes.size() + 64 > bufferSize(transport.fd_.get(), SO_SNDBUF)) {
      grow(transport.fd_.get(), SO_SNDBUFFORCE, SO_SNDBUF,
           static_cast<int>(std::min<size_t>(bytes.size() + 4096, INT32_MAX / 2)));
    }
    sockaddr_nl kernel{.nl_family = AF_NETLINK, .nl_pad = 0, .nl_pid = 0, .nl_groups = 0};
    iovec vector{const_cast<uint8_t*>(bytes.data()), bytes.size()};
    msghdr message{};
    message.msg_name = &kernel;
    message.msg_namelen = sizeof(kernel);
    message.msg_iov = &vector;
    message.msg_iovlen = 1;
    while (sendmsg(transport.fd_.get(), &message, 0) < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN || !wait(POLLOUT)) return -errno;
    }
    return 0;
  }

  bool wait(short events) {
    pollfd poller{.fd = transport.fd_.get(), .events = events, .revents = 0};
    int ready;
    do {
      ready = poll(&poller, 1, kReplyTimeout);
    } while (ready < 0 && errno == EINTR);
    if (ready == 0) errno = ETIMEDOUT;
    return ready > 0;
  }

  // Receives one datagram and gives each of its messages to `each`. Returns 0 or a negative errno.
  int receive(auto each) {
    ssize_t size;
    while (true) {
      iovec vector{scratch.received.data(), scratch.received.size()};
      sockaddr_nl from{};
      msghdr message{};
      message.msg_name = &from;
      message.msg_namelen = sizeof(from);
      message.msg_iov = &vector;
      message.msg_iovlen = 1;
      size = recvmsg(transport.fd_.get(), &message, 0);
      if (size >= 0) {
        if (message.msg_flags & MSG_TRUNC) return -EMSGSIZE;
        if (from.nl_pid != 0) continue;  // only the kernel is listened to
        break;
      }
      if (errno == EINTR) continue;
      if (errno != EAGAIN || !wait(POLLIN)) return -errno;
    }
    int left = static_cast<int>(size);
    for (auto* header = reinterpret_cast<nlmsghdr*>(scratch.received.data()); nlmsg_ok(header, left);
         header = nlmsg_next(header, &left)) {
      each(header);
    }
    return 0;
  }

  Bytes payloadOf(const Scratch::Sent& sent) {
    const auto* header = reinterpret_cast<const nlmsghdr*>(scratch.batch.data() + sent.offset);
    return {static_cast<const uint8_t*>(nlmsg_data(header)), static_cast<size_t>(nlmsg_datalen(header))};
  }

  Failure failure(const nlmsghdr* header, int error, const Scratch::Sent& sent) {
    Failure failure{.request = sent.request, .error = error};
    size_t at = header->nlmsg_type == NLMSG_DONE ? sizeof(int) : sizeof(nlmsgerr);
    if (header->nlmsg_type == NLMSG_ERROR && !(header->nlmsg_flags & NLM_F_CAPPED)) {
      const auto* original = &static_cast<const nlmsgerr*>(nlmsg_data(header))->msg;
      at += NLMSG_ALIGN(original->nlmsg_len) - sizeof(nlmsghdr);
    }
    const size_t total = nlmsg_datalen(header);
    if (!(header->nlmsg_flags & NLM_F_ACK_TLVS) || at >= total) return failure;
    nlattr* table[NLMSGERR_ATTR_MAX + 1];
    static const nla_policy policy[NLMSGERR_ATTR_MAX + 1] = {
        {}, {.type = NLA_STRING, .minlen = 0, .maxlen = 0}, {.type = NLA_U32, .minlen = 0, .maxlen = 0}};
    auto* first = reinterpret_cast<nlattr*>(static_cast<uint8_t*>(nlmsg_data(header)) + at);
    if (nla_parse(table, NLMSGERR_ATTR_MAX, first, total - at, const_cast<nla_policy*>(policy)) < 0) return failure;
    if (table[NLMSGERR_ATTR_MSG]) {
      failure.message.assign(static_cast<const char*>(nla_data(table[NLMSGERR_ATTR_MSG])),
                             nla_len(table[NLMSGERR_ATTR_MSG]));
      while (!failure.message.empty() && failure.message.back() == '\0') failure.message.pop_back();
    }
    if (table[NLMSGERR_ATTR_OFFS]) {
      const size_t offset = nla_get_u32(table[NLMSGERR_ATTR_OFFS]);
      const auto& operation = operations()[sent.operation];
      const auto* schema = operation.kind == Kind::Rows ? operation.reply : operation.schema;
      if (offset >= NLMSG_HDRLEN && schema) {
        failure.attribute = attributePath(*schema, payloadOf(sent), offset - NLMSG_HDRLEN);
      }
      unsigned row;
      if (operation.kind == Kind::Rows && sscanf(failure.attribute.c_str(), "elements[%u]", &row) == 1) {
        failure.row = sent.row + row;
      }
    }
    return failure;
  }

  // Sends what is gathered and reads until all of it is settled.
  void flush() {
    if (scratch.sent.empty()) return;
    // In a transaction the last message before the end is the last that can ask: older kernels do not ack the end
    // itself.
    const size_t last = scratch.sent.size() - (inTransaction ? 2 : 1);
    const uint32_t lastSequence = firstSequence + last;
    reinterpret_cast<nlmsghdr*>(scratch.batch.data() + scratch.sent[last].offset)->nlmsg_flags |= NLM_F_ACK;
    if (int error = send(scratch.batch)) {
      failAll(-error, error == -EMSGSIZE ? "larger than this socket's send buffer may grow (net.core.wmem_max)" : "");
    } else {
      settle(lastSequence);
    }
    scratch.batch.clear();
    scratch.sent.clear();
  }

  void settle(uint32_t lastSequence) {
    bool settled = false;
    bool failed = false;
    while (!settled) {
      const int error = receive([&](const nlmsghdr* header) {
        const uint32_t position = header->nlmsg_seq - firstSequence;
        if (position >= scratch.sent.size()) return;  // of an earlier call that gave up
        auto& sent = scratch.sent[position];
        const auto& operation = operations()[sent.operation];
        if (header->nlmsg_type == NLMSG_ERROR) {
          const int code = -static_cast<const nlmsgerr*>(nlmsg_data(header))->error;
          if (code != 0) {
            fail(sent.operation, failure(header, code, sent));
            failed = true;
          }
          // The batch as a whole is refused by an error on its first message (no privilege, stale generation).
          if (header->nlmsg_seq == lastSequence || (inTransaction && code != 0 && position == 0)) settled = true;
        } else if (operation.kind == Kind::Get && header->nlmsg_type == operation.replyType) {
          sent.answered = true;
          reply(operation, sent.request, sent.operation, header);
        }
      });
      if (error == 0) continue;
      if (error == -ENOBUFS && inTransaction && failed) return;  // too many errors to hold; it was refused in any case
      if (error == -ENOBUFS)
        return failAll(ENOBUFS, "the kernel had more to say than the receive buffer holds; what was done is not known");
      return failAll(-error, "no reply from the kernel");
    }
  }

  void dump(const Operation& operation, uint16_t index, uint32_t request, Bytes record) {
    flush();
    const size_t before = results.size();
    for (int attempt = 0; attempt < kDumpAttempts; ++attempt) {
      results.truncate(before);
      scratch.batch.clear();
      scratch.sent.clear();
      if (int error = append(operation, index, request, 0,
                             [&](nl_msg* message) { return encode(*operation.schema, record, message); })) {
        fail(index, {.request = request, .error = -error});
        break;
      }
      if (int error = send(scratch.batch)) {
        fail(index, {.request = request, .error = -error});
        break;
      }
      bool done = false;
      bool interrupted = false;
      while (!done) {
        const int error = receive([&](const nlmsghdr* header) {
          if (header->nlmsg_seq != firstSequence || done) return;
          if (header->nlmsg_flags & NLM_F_DUMP_INTR) interrupted = true;
          if (header->nlmsg_type == NLMSG_DONE || header->nlmsg_type == NLMSG_ERROR) {
            const int code = nlmsg_datalen(header) >= static_cast<int>(sizeof(int))
                                 ? -*static_cast<const int*>(nlmsg_data(header))
                                 : 0;
            if (code == EINTR)
              interrupted = true;
            else if (code != 0)
              fail(index, failure(header, code, scratch.sent[0]));
            done = true;
          } else if (header->nlmsg_type == operation.replyType) {
            reply(operation, request, index, header);
          }
        });
        if (error == -ENOBUFS)
          interrupted = true;  // the rest still arrives
        else if (error != 0) {
          fail(index, {.request = request, .error = -error, .message = "no reply from the kernel"});
          done = true;
        }
      }
      if (!interrupted) break;
      if (attempt + 1 == kDumpAttempts) {
        results.truncate(before);
        fail(
            index,
            {.request = request, .error = EINTR, .message = "the table changed during each of 10 attempts to list it"});
      }
    }
    scratch.batch.clear();
    scratch.sent.clear();
  }

  // ---- one request

  void request(uint32_t number, uint16_t index, Bytes record) {
    const auto& operation = operations()[index];
    int error = 0;
    switch (operation.kind) {
      case Kind::Dump:
        return dump(operation, index, number, record);
      case Kind::Begin:
        flush();
        inTransaction = true;
        [[fallthrough]];
      case Kind::End:
      case Kind::Change:
      case Kind::Get:
        error = append(operation, index, number, 0,
                       [&](nl_msg* message) { return encode(*operation.schema, record, message); });
        break;
      case Kind::Rows: {
        RowSource rows(record);
        while (error == 0 && rows.more()) {
          const auto row = rows.position();
          error = append(operation, index, number, row, [&](nl_msg* message) { return rows.encode(message); });
        }
        break;
      }
    }
    if (error) {
      fail(index, {.request = number,
                   .error = -error,
                   .message = error == -EMSGSIZE ? "does not fit a netlink message" : "malformed request"});
      broken = true;
    }
    if (operation.kind == Kind::End) {
      // A transaction with a part that could not be written is not sent.
      if (!broken) flush();
      scratch.batch.clear();
      scratch.sent.clear();
      inTransaction = false;
    }
    if (!inTransaction) broken = false;
  }

  bool broken = false;
};

void Transport::execute(Bytes requests, RecordWriter& results, Scratch& scratch) {
  scratch.batch.clear();
  scratch.sent.clear();
  Run run{*this, results, scratch};
  RecordReader in(requests);
  for (uint32_t number = 0; !in.done(); ++number) {
    RecordReader request(in.block());
    const auto index = request.scalar<uint16_t>();
    request.scalar<uint16_t>();
    if (in.failed() || request.failed() || index >= operations().size() || operations()[index].protocol != protocol_)
      break;
    run.request(number, index, request.rest());
  }
  run.flush();
  // A burst's memory is not kept.
  if (scratch.batch.capacity() > 4 * kDatagramBytes) scratch.batch.shrink_to_fit();
}

}  // namespace netloom
