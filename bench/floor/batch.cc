#include "batch.h"

#include <errno.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstring>
#include <stdexcept>
#include <system_error>

namespace bench {
namespace {

constexpr size_t kMessageBytes = 128 * 1024;
// A dump's datagrams are as large as the largest buffer that was read into, up to 32 KiB. One so small stays in the
// cache.
constexpr size_t kReceiveBytes = 32 * 1024;
constexpr int kSendBuffer = 64 * 1024 * 1024;
constexpr int kReceiveBuffer = 8 * 1024 * 1024;

}  // namespace

void failed(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

Batch::Batch(size_t datagramBytes) : limit_(datagramBytes) {}

void Batch::put(int result) {
  if (result < 0) throw std::length_error("a message does not fit its buffer");
}

nl_msg* Batch::start(uint16_t type, uint16_t flags) {
  // One for all batches: each message is copied behind the others when it is finished.
  thread_local const std::unique_ptr<nl_msg, decltype(&nlmsg_free)> message(nlmsg_alloc_size(kMessageBytes),
                                                                            nlmsg_free);
  *nlmsg_hdr(message.get()) = {.nlmsg_len = NLMSG_HDRLEN,
                               .nlmsg_type = type,
                               .nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | flags),
                               .nlmsg_seq = 0,
                               .nlmsg_pid = 0};
  return message.get();
}

void Batch::finish(nl_msg* message) {
  auto* header = nlmsg_hdr(message);
  const size_t size = NLMSG_ALIGN(header->nlmsg_len);
  if (datagrams_.empty() || datagrams_.back().size + size > limit_) {
    datagrams_.push_back({.offset = bytes_.size(), .size = 0, .messages = 0});
  }
  auto& datagram = datagrams_.back();
  header->nlmsg_seq = datagram.messages++;
  datagram.size += size;
  const auto* bytes = reinterpret_cast<const uint8_t*>(header);
  bytes_.insert(bytes_.end(), bytes, bytes + size);
}

Sent Socket::sent;

Socket::Socket(int protocol) : received_(new uint8_t[kReceiveBytes]) {
  fd_ = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
  if (fd_ < 0) failed("socket");
  const sockaddr_nl kernel{.nl_family = AF_NETLINK, .nl_pad = 0, .nl_pid = 0, .nl_groups = 0};
  const int on = 1;
  const timeval patience{.tv_sec = 20, .tv_usec = 0};
  const auto set = [&](int level, int option, const auto& value) {
    if (setsockopt(fd_, level, option, &value, sizeof(value)) < 0) failed("setsockopt");
  };
  for (int option : {NETLINK_EXT_ACK, NETLINK_CAP_ACK, NETLINK_GET_STRICT_CHK}) set(SOL_NETLINK, option, on);
  // An ordinary user's buffers stay within the machine's limit; what does not fit is then refused when it is sent.
  const auto buffer = [&](int forced, int limited, int size) {
    if (setsockopt(fd_, SOL_SOCKET, forced, &size, sizeof(size)) < 0) set(SOL_SOCKET, limited, size);
  };
  buffer(SO_SNDBUFFORCE, SO_SNDBUF, kSendBuffer);
  buffer(SO_RCVBUFFORCE, SO_RCVBUF, kReceiveBuffer);
  set(SOL_SOCKET, SO_RCVTIMEO, patience);
  if (connect(fd_, reinterpret_cast<const sockaddr*>(&kernel), sizeof(kernel)) < 0) failed("connect");
}

Socket::~Socket() {
  close(fd_);
}

void Socket::transact(const Batch& batch) {
  for (const auto& datagram : batch.datagrams_) {
    send(batch.bytes_.data() + datagram.offset, datagram.size);
    sent.changes += datagram.messages;
    if (receive(MSG_DONTWAIT) < 0) continue;
    const auto* header = reinterpret_cast<const nlmsghdr*>(received_.get());
    if (header->nlmsg_type == NLMSG_ERROR) fail(header);
    throw std::runtime_error("an answer that was not asked for");
  }
}

void Socket::send(const uint8_t* bytes, size_t size) {
  if (::send(fd_, bytes, size, 0) < 0) failed("send");
  ++sent.datagrams;
}

int Socket::receive(int flags) {
  const auto size = recv(fd_, received_.get(), kReceiveBytes, flags | MSG_TRUNC);
  if (size < 0 && errno == EAGAIN && (flags & MSG_DONTWAIT)) return -1;
  if (size < 0) failed("recv");
  if (static_cast<size_t>(size) > kReceiveBytes) throw std::length_error("an answer does not fit its buffer");
  return static_cast<int>(size);
}

void Socket::fail(const nlmsghdr* header) {
  const auto* error = static_cast<const nlmsgerr*>(nlmsg_data(header));
  if (error->error == 0) return;
  std::string what =
      "message " + std::to_string(header->nlmsg_seq) + " of type " + std::to_string(error->msg.nlmsg_type);
  // With NETLINK_CAP_ACK attributes follow the error itself, unless the request is quoted whole.
  if ((header->nlmsg_flags & NLM_F_ACK_TLVS) && (header->nlmsg_flags & NLM_F_CAPPED)) {
    auto* first = reinterpret_cast<nlattr*>(const_cast<nlmsgerr*>(error) + 1);
    const int size = nlmsg_datalen(header) - static_cast<int>(sizeof(nlmsgerr));
    if (auto* text = nla_find(first, size, NLMSGERR_ATTR_MSG)) what += std::string(" (") + nla_get_string(text) + ")";
  }
  throw std::system_error(-error->error, std::generic_category(), what);
}

void Socket::interrupted() {
  throw std::runtime_error("the table changed while it was dumped");
}

}  // namespace bench
