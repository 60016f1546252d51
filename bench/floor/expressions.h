// Rules as nf_tables has them: lists of expressions that read, compare and write registers.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>

#include "nftables.h"

namespace bench {

using Expression = std::function<void(nl_msg* message)>;

Expression loadMeta(uint32_t key);  // NFT_META_*
Expression storeMeta(uint32_t key);
Expression loadDevice(uint32_t key, const std::string& name, uint32_t operation);  // compares, too: NFT_CMP_*
Expression loadPayload(uint32_t offset, uint32_t size);                            // from the network header
Expression loadConntrackStatus();
Expression loadAddress(uint32_t address);
// register = register & mask ^ flip; numbers are in the machine's order.
Expression bitwise(uint32_t mask, uint32_t flip);
Expression compare(uint32_t operation, uint32_t value);      // in the machine's order
Expression comparePort(uint32_t operation, uint16_t value);  // two octets in network order
Expression translateBy(const Set& map);                      // the register's key becomes the map's value
Expression notIn(const Set& set);
Expression nat(uint32_t type, uint32_t flags);  // NFT_NAT_*, NF_NAT_RANGE_*; to the register's address
Expression verdict(int32_t code);

struct Chain {
  uint8_t family;
  const char* name;
  const char* type;
  uint32_t hook;
  int32_t priority;
};

void addChain(Batch& batch, const Chain& chain);
void addRule(Batch& batch, const Chain& chain, std::initializer_list<Expression> expressions);
size_t countRules(Socket& socket);

}  // namespace bench
