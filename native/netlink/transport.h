// The transport: gathers requests into datagrams, sends them on one socket, and settles them.
//
// The kernel handles a request inside sendmsg(2), in order, and reports errors whether or not an ack was asked for
// (netlink_unicast_kernel, netlink_rcv_skb). So messages are gathered into datagrams, none of them asks for an ack, and
// what has no error when sendmsg returns has succeeded.
#pragma once

#include <netlink/msg.h>

#include <memory>
#include <vector>

#include "netlink/operation.h"
#include "netlink/raw_socket.h"
#include "netlink/record.h"

namespace netloom {

// Buffers that an executing thread lends to the transport; reused from call to call.
struct Scratch {
  Scratch();

  struct Sent {
    uint32_t offset;     // of the message in `batch`
    uint32_t request;    // its index in the submission
    uint32_t row;        // of packed requests: the first that the message holds
    uint16_t operation;  // index in operations()
    bool packed;
    bool answered;  // it has a result: a reply, or an error
  };

  using Message = std::unique_ptr<nl_msg, decltype(&nlmsg_free)>;

  Message message;  // the one being encoded
  Message element;  // of packed set elements
  Buffer batch;     // encoded messages
  std::vector<Sent> sent;
  Buffer received;
  RecordWriter results;
};

// Requests, one after the other: u32 length of what follows, u16 operation, u16 1 when it is packed, a record
// (netlink/columns.h has the packed ones). An operation of 0xffff is passed over: its caller has gone.
//
// Results: for each reply or failure: u32 length of what follows, u32 request, u16 operation, u16 status, a record.
// Status 0 is a reply by the operation's reply schema (or rows); any other is an errno, with this record:
// u32 length, message, u32 length, attribute path, u32 row + 1 (0: none).
// A request without a result succeeded.
class Transport {
 public:
  Transport(Fd fd, int protocol) : socket_(std::move(fd)), protocol_(protocol) {}

  // Sends the requests and writes their results to `scratch.results`. Not thread-safe: one caller at a time.
  void execute(Bytes requests, Scratch& scratch);

 private:
  class Run;

  RawSocket socket_;
  int protocol_;
  uint32_t sequence_ = 1;
};

}  // namespace netloom
