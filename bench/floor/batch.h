// Messages that are encoded before the clock starts, and the socket that they leave by.
//
// The same batching as netloom's transport: messages are gathered into datagrams, only the last of each asks for an
// ack, and errors come whether or not they were asked for. A scenario that fails must say so, so every error is thrown.
#pragma once

#include <netlink/attr.h>
#include <netlink/msg.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace bench {

// Netlink messages that have been sent.
struct Sent {
  size_t datagrams = 0;
  size_t reads = 0;
  size_t changes = 0;
};

class Batch {
 public:
  static constexpr size_t kDatagramBytes = 256 * 1024;
  static constexpr size_t kOneEach = 0;  // each message is a datagram of its own
  static constexpr size_t kOneForAll = SIZE_MAX;

  explicit Batch(size_t datagramBytes = kDatagramBytes);

  // Appends a message: its family's header, and what `attributes` puts behind it.
  template <typename Header, typename Attributes>
  void add(uint16_t type, uint16_t flags, const Header& header, Attributes attributes) {
    nl_msg* message = start(type, flags);
    put(nlmsg_append(message, const_cast<Header*>(&header), sizeof(header), NLMSG_ALIGNTO));
    attributes(message);
    finish(message);
  }

  template <typename Header>
  void add(uint16_t type, uint16_t flags, const Header& header) {
    add(type, flags, header, [](nl_msg*) {});
  }

 private:
  friend class Socket;

  struct Datagram {
    size_t offset;
    size_t size;
    uint32_t messages;
  };

  static nl_msg* start(uint16_t type, uint16_t flags);
  void finish(nl_msg* message);
  static void put(int result);

  std::vector<uint8_t> bytes_;
  std::vector<Datagram> datagrams_;
  size_t limit_;
};

class Socket {
 public:
  // By all sockets, so far.
  static Sent sent;

  // Belongs to the namespace that it is opened in.
  explicit Socket(int protocol);
  ~Socket();
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  // Sends it all, and looks for an error behind each datagram.
  void transact(const Batch& batch);

  // Sends the only message of `request` and gives every message of the answer to `each`, up to NLMSG_DONE.
  template <typename Each>
  void dump(const Batch& request, Each each) {
    send(request.bytes_.data(), request.bytes_.size());
    ++sent.reads;
    for (bool done = false; !done;) {
      int left = receive(0);
      for (auto* header = reinterpret_cast<nlmsghdr*>(received_.get()); nlmsg_ok(header, left);
           header = nlmsg_next(header, &left)) {
        if (header->nlmsg_type == NLMSG_ERROR) fail(header);
        if (header->nlmsg_flags & NLM_F_DUMP_INTR) interrupted();
        if (header->nlmsg_type == NLMSG_DONE) {
          done = true;
          break;
        }
        each(header);
      }
    }
  }

 private:
  void send(const uint8_t* bytes, size_t size);
  // Bytes received, or -1 when there is nothing to receive and MSG_DONTWAIT is among the flags.
  int receive(int flags);
  // Throws, where the message tells of an error.
  static void fail(const nlmsghdr* header);
  [[noreturn]] static void interrupted();

  int fd_;
  std::unique_ptr<uint8_t[]> received_;
};

// Throws errno as a std::system_error.
[[noreturn]] void failed(const std::string& what);

}  // namespace bench
