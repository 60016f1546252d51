// The transport: gathers requests into datagrams, sends them on one socket, and settles them.
//
// The kernel handles a request inside sendmsg(2), in order, and reports errors whether or not an ack was asked for
// (netlink_unicast_kernel, netlink_rcv_skb). So messages are gathered into datagrams, none of them asks for an ack, and
// what has no error when sendmsg returns has succeeded.
#pragma once

#include <linux/netlink.h>
#include <netlink/msg.h>

#include <atomic>
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

// What has been sent by all transports of an environment.
struct Traffic {
  std::atomic<uint64_t> datagrams{0};  // calls of sendmsg(2)
  std::atomic<uint64_t> reads{0};      // messages that ask: gets, and dumps
  std::atomic<uint64_t> changes{0};    // all others, those that open and close a transaction too

  void count(size_t messages, size_t asking) {
    datagrams.fetch_add(1, std::memory_order_relaxed);
    reads.fetch_add(asking, std::memory_order_relaxed);
    changes.fetch_add(messages - asking, std::memory_order_relaxed);
  }
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
  // `traffic`, where there is one, outlives it.
  Transport(Fd fd, int protocol, Traffic* traffic = nullptr)
      : socket_(std::move(fd)), protocol_(protocol), traffic_(traffic) {}

  // Sends the requests and writes their results to `scratch.results`. Not thread-safe: one caller at a time.
  void execute(Bytes requests, Scratch& scratch);

  // Whether closing it may take milliseconds: what a transaction of nf_tables has deleted is freed by the kernel when
  // all its readers have gone on, and who closes a netfilter socket waits for that (nft_rcv_nl_event).
  bool closesSlowly() const { return protocol_ == NETLINK_NETFILTER && changed_; }

 private:
  class Run;

  RawSocket socket_;
  int protocol_;
  Traffic* traffic_;
  bool changed_ = false;  // something that changes has been sent
  uint32_t sequence_ = 1;
};

}  // namespace netloom
