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
Expression loadTransport(uint32_t offset, uint32_t size);                          // from the transport header
Expression loadConntrack(uint32_t key);                                            // NFT_CT_*
Expression loadAddress(uint32_t address);
Expression loadNumber(uint32_t value);  // in the machine's order
// register = register & mask ^ flip; numbers are in the machine's order.
Expression bitwise(uint32_t mask, uint32_t flip);
Expression compare(uint32_t operation, uint32_t value);      // in the machine's order
Expression comparePort(uint32_t operation, uint16_t value);  // two octets in network order
Expression compareBytes(uint32_t operation, std::string bytes);
Expression translateBy(const Set& map);  // the register's key becomes the map's value
Expression notIn(const Set& set);
// In a set of this transaction's.
Expression in(const std::string& set, uint32_t id);
Expression nat(uint32_t type, uint32_t flags);  // NFT_NAT_*, NF_NAT_RANGE_*; to the register's address
Expression counter();
Expression limit(uint64_t rate, uint32_t burst);  // packets a second
Expression log(const std::string& prefix);
Expression verdict(int32_t code, const std::string& chain = {});

struct Chain {
  uint8_t family;
  const char* name;
  // Without it there is no hook either: other chains jump to it.
  const char* type = nullptr;
  uint32_t hook = 0;
  int32_t priority = 0;
};

void addChain(Batch& batch, const Chain& chain);
void addRule(Batch& batch, const Chain& chain, std::initializer_list<Expression> expressions,
             const char* comment = nullptr);
size_t countRules(Socket& socket);

}  // namespace bench
