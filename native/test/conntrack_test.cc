// Flows that have ended and could not be told of: the kernel keeps them for a listener that insists. And what no kernel
// of today can be asked about, byte by byte.
#include <doctest/doctest.h>
#include <linux/netfilter/nfnetlink.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <vector>

#include "netlink/codec.h"
#include "test/own_namespace.h"
#include "test/submission.h"

using namespace netloom;

namespace {

constexpr uint32_t kFlows = 64;

const Schema& nestOf(const Schema& schema, std::string_view name) {
  return *schema.fields[fieldCalled(schema, name)].schema;
}

// One direction of a UDP flow.
Fields tuple(const Schema& schema, uint32_t src, uint32_t dst, uint16_t srcPort, uint16_t dstPort) {
  Fields ip(nestOf(schema, "ip"));
  ip.ipv4("v4src", src).ipv4("v4dst", dst);
  Fields proto(nestOf(schema, "proto"));
  proto.u8("num", IPPROTO_UDP).u16("srcPort", srcPort).u16("dstPort", dstPort);
  Fields whole(schema);
  whole.nest("ip", ip).nest("proto", proto);
  return whole;
}

Fields flow(uint16_t port) {
  const auto& schema = *operationCalled("conntrack.add").schema;
  const auto& side = nestOf(schema, "original");
  Fields fields(schema);
  fields.u8("family", AF_INET)
      .nest("original", tuple(side, host(1), host(2), port, 53))
      .nest("reply", tuple(side, host(2), host(1), 53, port))
      .u32("timeout", 100);
  return fields;
}

// Hears of flows' ends, has room for few, and has the kernel care.
Fd insistentListener() {
  auto fd = openSocket(NETLINK_NETFILTER, 4096);
  const int group = NFNLGRP_CONNTRACK_DESTROY;
  const int on = 1;
  REQUIRE(setsockopt(fd.get(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) == 0);
  REQUIRE(setsockopt(fd.get(), SOL_NETLINK, NETLINK_BROADCAST_ERROR, &on, sizeof(on)) == 0);
  return fd;
}

uint32_t drain(int fd) {
  std::array<char, 8192> datagram;
  uint32_t heard = 0;
  for (;;) {
    const auto size = recv(fd, datagram.data(), datagram.size(), MSG_DONTWAIT);
    if (size > 0) ++heard;
    // What says that something was lost is not the end.
    if (size < 0 && errno != ENOBUFS) return heard;
  }
}

std::vector<Result> dump(Transport& transport, std::string_view name, Scratch& scratch) {
  Submission submission;
  submission.add(name, Fields(*operationCalled(name).schema));
  return execute(transport, submission, scratch);
}

}  // namespace

TEST_CASE("flows whose end could not be told are listed as dying until it can" NEEDS_NAMESPACE) {
  enterNewNamespace();
  const auto listener = insistentListener();
  Transport transport(openSocket(NETLINK_NETFILTER), NETLINK_NETFILTER);
  Scratch scratch;
  Submission flows;
  for (uint32_t i = 0; i < kFlows; ++i) flows.add("conntrack.add", flow(static_cast<uint16_t>(1000 + i)));
  REQUIRE(execute(transport, flows, scratch).empty());
  REQUIRE(dump(transport, "conntrack.list", scratch).size() == kFlows);
  REQUIRE(dump(transport, "conntrack.dying", scratch).empty());

  Submission flush;
  flush.add("conntrack.flush", Fields(*operationCalled("conntrack.flush").schema));
  REQUIRE(execute(transport, flush, scratch).empty());
  CHECK(dump(transport, "conntrack.list", scratch).empty());
  const auto dying = dump(transport, "conntrack.dying", scratch);
  CHECK(dying.size() > 0);
  CHECK(dying.size() < kFlows);
  for (const auto& one : dying) CHECK(one.status == 0);

  // The kernel tries again by itself, for as long as it takes (ecache_work).
  uint32_t heard = 0;
  for (int tries = 0; tries < 600 && heard < kFlows; ++tries) {
    pollfd ready{.fd = listener.get(), .events = POLLIN, .revents = 0};
    poll(&ready, 1, 50);
    heard += drain(listener.get());
  }
  CHECK(heard == kFlows);
  CHECK(dump(transport, "conntrack.dying", scratch).empty());
}

TEST_CASE("the state of a DCCP connection is written as kernels before 6.17 read it") {
  const auto& schema = *operationCalled("conntrack.add").schema;
  const auto& states = nestOf(schema, "state");
  Fields dccp(nestOf(states, "dccp"));
  dccp.u8("state", 4).u8("role", 1).u64("handshakeSequence", 0x010203040506);
  Fields state(states);
  state.nest("dccp", dccp);
  Fields change(schema);
  change.u8("family", AF_INET6).nest("state", state);
  auto* message = nlmsg_alloc_size(256);
  REQUIRE(encode(schema, change.bytes(), message) == 0);
  const auto* payload = static_cast<const uint8_t*>(nlmsg_data(nlmsg_hdr(message)));
  const std::vector<uint8_t> written(payload, payload + nlmsg_datalen(nlmsg_hdr(message)));
  nlmsg_free(message);
  const std::vector<uint8_t> expected{
      AF_INET6, 0, 0, 0,                             // struct nfgenmsg
      36,       0, 4, 0x80,                          // CTA_PROTOINFO
      32,       0, 2, 0x80,                          // CTA_PROTOINFO_DCCP
      5,        0, 1, 0,    4, 0, 0, 0,              // CTA_PROTOINFO_DCCP_STATE: CT_DCCP_OPEN
      5,        0, 2, 0,    1, 0, 0, 0,              // CTA_PROTOINFO_DCCP_ROLE: CT_DCCP_ROLE_SERVER
      12,       0, 3, 0,    0, 0, 1, 2, 3, 4, 5, 6,  // CTA_PROTOINFO_DCCP_HANDSHAKE_SEQ
  };
  CHECK(written == expected);
}
