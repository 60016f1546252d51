#include "rtnetlink.h"

#include <arpa/inet.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/neighbour.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>

namespace bench {
namespace {

void putAddress(nl_msg* message, int attribute, uint32_t address) {
  nla_put_u32(message, attribute, htonl(address));
}

ifinfomsg linkHeader(int index, bool up) {
  ifinfomsg header{};
  header.ifi_index = index;
  header.ifi_flags = header.ifi_change = up ? IFF_UP : 0;
  return header;
}

void putEnd(nl_msg* message, const LinkEnd& end) {
  nla_put_string(message, IFLA_IFNAME, end.name);
  // A veth has a queue for each processor unless told otherwise, and each is an object in sysfs.
  nla_put_u32(message, IFLA_NUM_TX_QUEUES, 1);
  nla_put_u32(message, IFLA_NUM_RX_QUEUES, 1);
  if (end.netns >= 0) nla_put_u32(message, IFLA_NET_NS_FD, end.netns);
  if (end.process) nla_put_u32(message, IFLA_NET_NS_PID, end.process);
  if (end.master) nla_put_u32(message, IFLA_MASTER, end.master);
}

ifaddrmsg addressHeader(int device, uint8_t length) {
  return {.ifa_family = AF_INET,
          .ifa_prefixlen = length,
          .ifa_flags = 0,
          .ifa_scope = RT_SCOPE_UNIVERSE,
          .ifa_index = static_cast<uint32_t>(device)};
}

void changeRoute(Batch& batch, uint16_t type, uint16_t flags, const Route& route) {
  const rtmsg header{.rtm_family = AF_INET,
                     .rtm_dst_len = route.length,
                     .rtm_src_len = 0,
                     .rtm_tos = 0,
                     .rtm_table = static_cast<uint8_t>(route.table),
                     .rtm_protocol = route.protocol,
                     .rtm_scope = route.scope,
                     .rtm_type = route.type,
                     .rtm_flags = route.via ? RTNH_F_ONLINK : 0u};
  batch.add(type, flags, header, [&](nl_msg* message) {
    if (route.length > 0) putAddress(message, RTA_DST, route.destination);
    if (route.via) putAddress(message, RTA_GATEWAY, route.via);
    if (route.nexthop)
      nla_put_u32(message, RTA_NH_ID, route.nexthop);
    else
      nla_put_u32(message, RTA_OIF, route.device);
  });
}

size_t count(Socket& socket, const Batch& request) {
  size_t found = 0;
  socket.dump(request, [&](const nlmsghdr*) { ++found; });
  return found;
}

}  // namespace

// ---- links

void addVeth(Batch& batch, const LinkEnd& end, const LinkEnd& peer) {
  batch.add(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, linkHeader(end.index, end.up), [&](nl_msg* message) {
    putEnd(message, end);
    auto* info = nla_nest_start(message, IFLA_LINKINFO);
    nla_put_string(message, IFLA_INFO_KIND, "veth");
    auto* data = nla_nest_start(message, IFLA_INFO_DATA);
    auto* other = nla_nest_start(message, VETH_INFO_PEER);
    auto header = linkHeader(peer.index, false);
    nlmsg_append(message, &header, sizeof(header), NLMSG_ALIGNTO);
    putEnd(message, peer);
    nla_nest_end(message, other);
    nla_nest_end(message, data);
    nla_nest_end(message, info);
  });
}

void addBridge(Batch& batch, const char* name, int index) {
  batch.add(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, linkHeader(index, true), [&](nl_msg* message) {
    nla_put_string(message, IFLA_IFNAME, name);
    auto* info = nla_nest_start(message, IFLA_LINKINFO);
    nla_put_string(message, IFLA_INFO_KIND, "bridge");
    nla_nest_end(message, info);
  });
}

void addNetwork(Batch& batch, const char* name, int index, const char* alias) {
  batch.add(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, linkHeader(index, false), [&](nl_msg* message) {
    nla_put_string(message, IFLA_IFNAME, name);
    nla_put_string(message, IFLA_IFALIAS, alias);
    auto* info = nla_nest_start(message, IFLA_LINKINFO);
    nla_put_string(message, IFLA_INFO_KIND, "bridge");
    nla_nest_end(message, info);
  });
  // A device that is being made has no IPv6 yet (inet6_validate_link_af).
  batch.add(RTM_NEWLINK, 0, linkHeader(index, true), [&](nl_msg* message) {
    auto* families = nla_nest_start(message, IFLA_AF_SPEC);
    auto* family = nla_nest_start(message, AF_INET6);
    nla_put_u8(message, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
    nla_nest_end(message, family);
    nla_nest_end(message, families);
  });
}

void setAlias(Batch& batch, int index, const char* alias) {
  batch.add(RTM_NEWLINK, 0, linkHeader(index, false),
            [&](nl_msg* message) { nla_put_string(message, IFLA_IFALIAS, alias); });
}

void setMtu(Batch& batch, int index, uint32_t mtu) {
  batch.add(RTM_NEWLINK, 0, linkHeader(index, false), [&](nl_msg* message) { nla_put_u32(message, IFLA_MTU, mtu); });
}

void setUp(Batch& batch, int index, LinkSettings settings) {
  batch.add(RTM_NEWLINK, 0, linkHeader(index, true), [&](nl_msg* message) {
    if (!settings.answersForOthers) return;
    auto* families = nla_nest_start(message, IFLA_AF_SPEC);
    auto* family = nla_nest_start(message, AF_INET);
    auto* settings = nla_nest_start(message, IFLA_INET_CONF);
    nla_put_u32(message, IPV4_DEVCONF_ARP_IGNORE, 0);
    nla_nest_end(message, settings);
    nla_nest_end(message, family);
    nla_nest_end(message, families);
  });
}

size_t countLinks(Socket& socket) {
  Batch request;
  request.add(RTM_GETLINK, NLM_F_DUMP, linkHeader(0, false));
  return count(socket, request);
}

// ---- addresses

void addAddress(Batch& batch, int device, uint32_t address, uint8_t length) {
  batch.add(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, addressHeader(device, length),
            [&](nl_msg* message) { putAddress(message, IFA_LOCAL, address); });
}

void deleteAddress(Batch& batch, int device, uint32_t address, uint8_t length) {
  batch.add(RTM_DELADDR, 0, addressHeader(device, length),
            [&](nl_msg* message) { putAddress(message, IFA_LOCAL, address); });
}

size_t countAddresses(Socket& socket, int device) {
  Batch request;
  request.add(RTM_GETADDR, NLM_F_DUMP, addressHeader(device, 0));
  return count(socket, request);
}

// ---- routes

void addNexthop(Batch& batch, uint32_t id, int device) {
  nhmsg header{};
  header.nh_family = AF_INET;
  header.nh_protocol = kProtocol;
  batch.add(RTM_NEWNEXTHOP, NLM_F_CREATE | NLM_F_EXCL, header, [&](nl_msg* message) {
    nla_put_u32(message, NHA_ID, id);
    nla_put_u32(message, NHA_OIF, device);
  });
}

Route localRoute(uint32_t address, int device) {
  return {.destination = address, .type = RTN_LOCAL, .scope = RT_SCOPE_HOST, .table = RT_TABLE_LOCAL, .device = device};
}

void addRoute(Batch& batch, const Route& route) {
  changeRoute(batch, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, route);
}

void deleteRoute(Batch& batch, const Route& route) {
  changeRoute(batch, RTM_DELROUTE, 0, route);
}

Batch routesRequest(uint32_t table, uint8_t family) {
  Batch request;
  rtmsg header{};
  header.rtm_family = family;
  header.rtm_table = table;
  header.rtm_protocol = kProtocol;
  request.add(RTM_GETROUTE, NLM_F_DUMP, header);
  return request;
}

size_t countRoutes(Socket& socket, uint32_t table) {
  return count(socket, routesRequest(table));
}

void addRule(Batch& batch, uint32_t priority, const char* device, uint32_t table) {
  fib_rule_hdr header{};
  header.family = AF_INET;
  header.table = table;
  header.action = FR_ACT_TO_TBL;
  batch.add(RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, header, [&](nl_msg* message) {
    nla_put_u32(message, FRA_PRIORITY, priority);
    nla_put_string(message, FRA_IIFNAME, device);
    nla_put_u8(message, FRA_PROTOCOL, kProtocol);
  });
}

// ---- neighbours

void addNeighbour(Batch& batch, int device, uint32_t address) {
  ndmsg header{};
  header.ndm_family = AF_INET;
  header.ndm_ifindex = device;
  header.ndm_state = NUD_PERMANENT;
  batch.add(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_EXCL, header, [&](nl_msg* message) {
    const uint8_t mac[6] = {
        0x02, 0, uint8_t(address >> 24), uint8_t(address >> 16), uint8_t(address >> 8), uint8_t(address)};
    putAddress(message, NDA_DST, address);
    nla_put(message, NDA_LLADDR, sizeof(mac), mac);
  });
}

Batch neighboursRequest(int device) {
  Batch request;
  ndmsg header{};
  header.ndm_family = AF_INET;
  request.add(RTM_GETNEIGH, NLM_F_DUMP, header, [&](nl_msg* message) { nla_put_u32(message, NDA_IFINDEX, device); });
  return request;
}

size_t countNeighbours(Socket& socket, int device) {
  return count(socket, neighboursRequest(device));
}

// ---- all that there is

Batch linksRequest() {
  Batch request;
  request.add(RTM_GETLINK, NLM_F_DUMP, ifinfomsg{},
              [](nl_msg* message) { nla_put_u32(message, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS); });
  return request;
}

Batch addressesRequest() {
  Batch request;
  request.add(RTM_GETADDR, NLM_F_DUMP, ifaddrmsg{});
  return request;
}

Batch rulesRequest() {
  Batch request;
  fib_rule_hdr header{};
  header.family = AF_INET;
  request.add(RTM_GETRULE, NLM_F_DUMP, header);
  return request;
}

Batch nexthopsRequest() {
  Batch request;
  request.add(RTM_GETNEXTHOP, NLM_F_DUMP, nhmsg{});
  return request;
}

Batch proxiesRequest() {
  Batch request;
  ndmsg header{};
  header.ndm_family = AF_INET6;
  header.ndm_flags = NTF_PROXY;
  request.add(RTM_GETNEIGH, NLM_F_DUMP, header);
  return request;
}

}  // namespace bench
