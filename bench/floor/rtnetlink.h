// rtnetlink requests. Addresses are numbers, the first octet on top: 0xc0000201 is 192.0.2.1.
#pragma once

#include <sys/socket.h>

#include <cstdint>

#include "batch.h"

namespace bench {

constexpr int kLoopback = 1;
constexpr uint8_t kProtocol = 78;  // netloom's routes, among others'

struct LinkEnd {
  const char* name;
  int index = 0;    // 0: the kernel chooses; it does for a peer in any case when the other end asks for none
  int netns = -1;   // a descriptor; without one, and without a process, the socket's own namespace
  int process = 0;  // whose namespace it is when the message is sent
  int master = 0;   // a bridge's index
  bool up = false;  // only of the end that is not the peer: veth_open refuses an end whose other one is yet to come
};

void addVeth(Batch& batch, const LinkEnd& end, const LinkEnd& peer);
void addBridge(Batch& batch, const char* name, int index);
// As a network has it: marked, and without addresses of its own.
void addNetwork(Batch& batch, const char* name, int index, const char* alias);
void setAlias(Batch& batch, int index, const char* alias);
void setMtu(Batch& batch, int index, uint32_t mtu);
struct LinkSettings {
  // arp_ignore 0 for this device alone, in the same message, where a file in /proc/sys would take three system calls.
  bool answersForOthers = false;
};

void setUp(Batch& batch, int index, LinkSettings settings = {});
size_t countLinks(Socket& socket);

void addAddress(Batch& batch, int device, uint32_t address, uint8_t length);
void deleteAddress(Batch& batch, int device, uint32_t address, uint8_t length);
size_t countAddresses(Socket& socket, int device);

struct Route {
  uint32_t destination;
  uint8_t length = 32;
  uint8_t type;
  uint8_t scope;
  uint32_t table;
  int device;
  uint32_t nexthop = 0;  // instead of the device
  uint32_t via = 0;
  uint8_t protocol = kProtocol;
};

// A nexthop object: routes that name it share what fib_create_info would make and look for anew for each.
void addNexthop(Batch& batch, uint32_t id, int device);

Route localRoute(uint32_t address, int device);

void addRoute(Batch& batch, const Route& route);
void deleteRoute(Batch& batch, const Route& route);
// A request for all of netloom's routes in a table.
Batch routesRequest(uint32_t table, uint8_t family = AF_INET);
size_t countRoutes(Socket& socket, uint32_t table);

// IPv4 packets that come in by the device look into the table.
void addRule(Batch& batch, uint32_t priority, const char* device, uint32_t table);

void addNeighbour(Batch& batch, int device, uint32_t address);
Batch neighboursRequest(int device);
size_t countNeighbours(Socket& socket, int device);

// Requests for all that a namespace has, but for the counters of its devices.
Batch linksRequest();
Batch addressesRequest();
Batch rulesRequest();
Batch nexthopsRequest();
Batch proxiesRequest();

}  // namespace bench
