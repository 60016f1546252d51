#include "nftables/named_objects.h"

#include <netinet/in.h>  // ahead of linux/in.h, which gives way to it

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink_cttimeout.h>

#include "nftables/expressions/expressions.h"

namespace netloom {
namespace {

const Names l3Names{"ctL3Protocol", false, {{"ip", NFPROTO_IPV4}, {"ip6", NFPROTO_IPV6}, {"inet", NFPROTO_INET}}};
const Names l4Names{"ctL4Protocol",
                    false,
                    {{"tcp", IPPROTO_TCP},
                     {"udp", IPPROTO_UDP},
                     {"sctp", IPPROTO_SCTP},
                     {"dccp", IPPROTO_DCCP},
                     {"udplite", IPPROTO_UDPLITE},
                     {"gre", IPPROTO_GRE},
                     {"icmp", IPPROTO_ICMP},
                     {"icmpv6", IPPROTO_ICMPV6}}};

const Schema ctHelperSchema{"ctHelper",
                            0,
                            {attribute("helper", Type::String, NFTA_CT_HELPER_NAME),
                             attribute("l3proto", Type::Be16, NFTA_CT_HELPER_L3PROTO, &l3Names),
                             attribute("l4proto", Type::U8, NFTA_CT_HELPER_L4PROTO, &l4Names)}};

// Timeouts in seconds, under nft's names for the states.
Field timeout(const char* state, int attr) {
  return attribute(state, Type::Be32, attr);
}

const Schema genericTimeouts{"genericTimeouts", 0, {timeout("generic", CTA_TIMEOUT_GENERIC_TIMEOUT)}};
const Schema icmpTimeouts{"icmpTimeouts", 0, {timeout("timeout", CTA_TIMEOUT_ICMP_TIMEOUT)}};
const Schema tcpTimeouts{
    "tcpTimeouts",
    0,
    {timeout("syn_sent", CTA_TIMEOUT_TCP_SYN_SENT), timeout("syn_recv", CTA_TIMEOUT_TCP_SYN_RECV),
     timeout("established", CTA_TIMEOUT_TCP_ESTABLISHED), timeout("fin_wait", CTA_TIMEOUT_TCP_FIN_WAIT),
     timeout("close_wait", CTA_TIMEOUT_TCP_CLOSE_WAIT), timeout("last_ack", CTA_TIMEOUT_TCP_LAST_ACK),
     timeout("time_wait", CTA_TIMEOUT_TCP_TIME_WAIT), timeout("close", CTA_TIMEOUT_TCP_CLOSE),
     timeout("syn_sent2", CTA_TIMEOUT_TCP_SYN_SENT2), timeout("retrans", CTA_TIMEOUT_TCP_RETRANS),
     timeout("unack", CTA_TIMEOUT_TCP_UNACK)}};
const Schema udpTimeouts{
    "udpTimeouts", 0, {timeout("unreplied", CTA_TIMEOUT_UDP_UNREPLIED), timeout("replied", CTA_TIMEOUT_UDP_REPLIED)}};

const std::vector<Variant> timeoutProtocols{
    {"generic", &genericTimeouts, IPPROTO_RAW}, {"icmp", &icmpTimeouts, IPPROTO_ICMP},
    {"icmpv6", &icmpTimeouts, IPPROTO_ICMPV6},  {"tcp", &tcpTimeouts, IPPROTO_TCP},
    {"udp", &udpTimeouts, IPPROTO_UDP},         {"udplite", &udpTimeouts, IPPROTO_UDPLITE}};

const Schema ctTimeoutSchema{
    "ctTimeout",
    0,
    {attribute("l3proto", Type::Be16, NFTA_CT_TIMEOUT_L3PROTO, &l3Names),
     numbered("l4proto", Type::U8, NFTA_CT_TIMEOUT_L4PROTO, NFTA_CT_TIMEOUT_DATA, &timeoutProtocols)}};

const Schema ctExpectationSchema{
    "ctExpectation",
    0,
    {attribute("l3proto", Type::Be16, NFTA_CT_EXPECT_L3PROTO, &l3Names),
     attribute("l4proto", Type::U8, NFTA_CT_EXPECT_L4PROTO, &l4Names),
     attribute("dport", Type::Be16, NFTA_CT_EXPECT_DPORT), attribute("timeout", Type::U32, NFTA_CT_EXPECT_TIMEOUT),
     attribute("size", Type::U8, NFTA_CT_EXPECT_SIZE)}};

const Schema secmarkSchema{"secmark", 0, {attribute("context", Type::String, NFTA_SECMARK_CTX)}};

}  // namespace

const std::vector<Variant> namedObjects{{"counter", &counterSchema, NFT_OBJECT_COUNTER},
                                        {"quota", &quotaSchema, NFT_OBJECT_QUOTA},
                                        {"ct helper", &ctHelperSchema, NFT_OBJECT_CT_HELPER},
                                        {"limit", &limitSchema, NFT_OBJECT_LIMIT},
                                        {"ct timeout", &ctTimeoutSchema, NFT_OBJECT_CT_TIMEOUT},
                                        {"secmark", &secmarkSchema, NFT_OBJECT_SECMARK},
                                        {"ct expectation", &ctExpectationSchema, NFT_OBJECT_CT_EXPECT},
                                        {"synproxy", &synproxySchema, NFT_OBJECT_SYNPROXY}};

}  // namespace netloom
