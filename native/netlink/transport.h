// The transport: one raw AF_NETLINK socket, and the loop that sends batches and settles them.
//
// The kernel handles a request inside sendmsg(2), in order, and reports errors whether or not an ack was asked for. So
// messages are gathered into datagrams, only the last of each asks for an ack, and that ack settles all before it.
#pragma once

#include <netlink/msg.h>

#include <memory>
#include <string>
#include <vector>

#include "netlink/fd.h"
#include "netlink/operation.h"
#include "netlink/record.h"

namespace netloom {

// Buffers that an executing thread lends to the transport; reused from call to call.
struct Scratch {
  Scratch();

  struct Sent {
    uint32_t offset;     // of the message in `batch`
    uint32_t request;    // its index in the submission
    uint32_t row;        // first row, for Kind::Rows
    uint16_t operation;  // index in operations()
    bool answered;       // a Get that has its reply
  };

  std::unique_ptr<nl_msg, decltype(&nlmsg_free)> message;  // the one being encoded
  std::vector<uint8_t> batch;                              // encoded messages
  std::vector<Sent> sent;
  std::vector<uint8_t> received;
};

// What a failed request says. Written to the results as a record of errorSchema.
struct Failure {
  uint32_t request = 0;
  int error = 0;          // positive errno
  std::string message{};  // the kernel's words, or ours
  std::string attribute{};
  int64_t row = -1;
};

// Results: for each reply or failure: u32 length of what follows, u32 request, u16 operation, u16 status, a record.
// Status 0 is a reply by the operation's reply schema; any other is an errno, with this record:
// u32 length, message, u32 length, attribute path, u32 row + 1 (0: none).
// A request without a result succeeded.
class Transport {
 public:
  // Opens a socket in the calling thread's network namespace; a negative errno in `error` when that fails.
  static Fd open(int protocol, int& error);

  Transport(Fd fd, int protocol);

  // Sends the requests (u32 length of what follows, u16 operation, u16 0, record; each) and appends their results.
  // Not thread-safe: one caller at a time.
  void execute(Bytes requests, RecordWriter& results, Scratch& scratch);

 private:
  struct Run;

  Fd fd_;
  int protocol_;
  uint32_t sequence_ = 1;
  size_t sendLimit_;     // bytes in one datagram
  size_t messageLimit_;  // messages in one datagram: every one may fail, and the errors must fit the receive buffer
};

}  // namespace netloom
