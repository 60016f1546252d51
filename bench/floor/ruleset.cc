#include "ruleset.h"

#include <netinet/in.h>  // ahead of linux/in.h, which gives way to it

#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>

#include "expressions.h"
#include "nftables.h"

namespace bench {
namespace {

constexpr Chain kMark{NFPROTO_IPV4, "mark", "filter", NF_INET_PRE_ROUTING, -150};
constexpr Chain kPrerouting{NFPROTO_IPV4, "prerouting", "nat", NF_INET_PRE_ROUTING, -100};
constexpr Chain kOutput{NFPROTO_IPV4, "output", "nat", NF_INET_LOCAL_OUT, -100};
constexpr Chain kPostrouting{NFPROTO_IPV4, "postrouting", "nat", NF_INET_POST_ROUTING, 100};
constexpr Chain kArpInput{NFPROTO_ARP, "input", "filter", 0, 0};

}  // namespace

void addRuleset(Batch& batch, const std::string& gateway, uint32_t address, uint32_t capacity) {
  constexpr uint32_t externalMark = 0x2, lowerHalf = 0xffff;
  constexpr uint32_t source = 12, destination = 16;          // in the IPv4 header
  constexpr uint32_t arpOperation = 6, arpDestination = 24;  // in an ARP packet of IPv4
  constexpr uint16_t arpRequest = 1;

  addTable(batch, NFPROTO_IPV4, "floatingIpBinding=prefix");
  addSet(batch, kDnatMap, capacity);
  addSet(batch, kSnatMap, capacity);
  for (const auto& chain : {kMark, kPrerouting, kOutput, kPostrouting}) addChain(batch, chain);
  addRule(batch, kMark,
          {loadDevice(NFT_META_IIFNAME, gateway, NFT_CMP_EQ), loadMeta(NFT_META_MARK),
           bitwise(~lowerHalf, externalMark), storeMeta(NFT_META_MARK)});
  for (const auto& chain : {kPrerouting, kOutput}) {
    addRule(batch, chain, {loadPayload(destination, 4), translateBy(kDnatMap), nat(NFT_NAT_DNAT, 0)});
  }
  addRule(batch, kPostrouting,
          {loadDevice(NFT_META_OIFNAME, gateway, NFT_CMP_NEQ), loadConntrack(NFT_CT_STATUS), bitwise(IPS_DST_NAT, 0),
           compare(NFT_CMP_EQ, 0), verdict(NF_ACCEPT)});
  const auto toGateway = nat(NFT_NAT_SNAT, NF_NAT_RANGE_PROTO_RANDOM_FULLY);
  addRule(batch, kPostrouting, {loadPayload(source, 4), translateBy(kSnatMap), toGateway});
  addRule(batch, kPostrouting, {loadDevice(NFT_META_OIFNAME, gateway, NFT_CMP_EQ), loadAddress(address), toGateway});
  addRule(
      batch, kPostrouting,
      {loadMeta(NFT_META_MARK), bitwise(lowerHalf, 0), compare(NFT_CMP_NEQ, externalMark), loadConntrack(NFT_CT_STATUS),
       bitwise(IPS_DST_NAT, 0), compare(NFT_CMP_NEQ, 0), loadAddress(address), toGateway});

  addTable(batch, NFPROTO_ARP);
  addSet(batch, kArpSet, capacity + 64);
  addChain(batch, kArpInput);
  addRule(batch, kArpInput,
          {loadDevice(NFT_META_IIFNAME, gateway, NFT_CMP_EQ), loadPayload(arpOperation, 2),
           comparePort(NFT_CMP_EQ, arpRequest), loadPayload(arpDestination, 4), notIn(kArpSet), verdict(NF_DROP)});
}

}  // namespace bench
