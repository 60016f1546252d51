#include "nftables/expressions/expressions.h"

#include <netinet/in.h>  // ahead of linux/in.h, which gives way to it

#include <linux/netfilter.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>

namespace netloom {
namespace {

const Names verdictNames{"verdict",
                         false,
                         {{"drop", NF_DROP},
                          {"accept", NF_ACCEPT},
                          {"queue", NF_QUEUE},
                          {"continue", static_cast<uint32_t>(NFT_CONTINUE)},
                          {"break", static_cast<uint32_t>(NFT_BREAK)},
                          {"jump", static_cast<uint32_t>(NFT_JUMP)},
                          {"goto", static_cast<uint32_t>(NFT_GOTO)},
                          {"return", static_cast<uint32_t>(NFT_RETURN)}}};

const Schema verdictSchema{"verdict",
                           0,
                           {attribute("code", Type::Be32, NFTA_VERDICT_CODE, &verdictNames),
                            attribute("chain", Type::String, NFTA_VERDICT_CHAIN)}};

}  // namespace

const Schema dataSchema{
    "data", 0, {attribute("value", Type::Bytes, NFTA_DATA_VALUE), nest("verdict", NFTA_DATA_VERDICT, &verdictSchema)}};

const Names natFlagNames{"natFlags",
                         true,
                         {{"map-ips", NF_NAT_RANGE_MAP_IPS},
                          {"proto-specified", NF_NAT_RANGE_PROTO_SPECIFIED},
                          {"random", NF_NAT_RANGE_PROTO_RANDOM},
                          {"persistent", NF_NAT_RANGE_PERSISTENT},
                          {"random-fully", NF_NAT_RANGE_PROTO_RANDOM_FULLY},
                          {"proto-offset", NF_NAT_RANGE_PROTO_OFFSET},
                          {"netmap", NF_NAT_RANGE_NETMAP}}};

const Names objectTypeNames{"objectType",
                            false,
                            {{"counter", NFT_OBJECT_COUNTER},
                             {"quota", NFT_OBJECT_QUOTA},
                             {"ct helper", NFT_OBJECT_CT_HELPER},
                             {"limit", NFT_OBJECT_LIMIT},
                             {"ct timeout", NFT_OBJECT_CT_TIMEOUT},
                             {"secmark", NFT_OBJECT_SECMARK},
                             {"ct expectation", NFT_OBJECT_CT_EXPECT},
                             {"synproxy", NFT_OBJECT_SYNPROXY}}};

const std::vector<Variant> expressions{
    {"bitwise", &bitwiseSchema},
    {"byteorder", &byteorderSchema},
    {"cmp", &cmpSchema},
    {"connlimit", &connlimitSchema},
    {"counter", &counterSchema},
    {"ct", &ctSchema},
    {"dup", &dupSchema},
    {"dynset", &dynsetSchema},
    {"exthdr", &exthdrSchema},
    {"fib", &fibSchema},
    {"flow_offload", &flowOffloadSchema},
    {"fwd", &fwdSchema},
    {"hash", &hashSchema},
    {"immediate", &immediateSchema},
    {"last", &lastSchema},
    {"limit", &limitSchema},
    {"log", &logSchema},
    {"lookup", &lookupSchema},
    {"masq", &masqSchema},
    {"match", &xtMatchSchema},
    {"meta", &metaSchema},
    {"nat", &natSchema},
    {"notrack", &notrackSchema},
    {"numgen", &numgenSchema},
    {"objref", &objrefSchema},
    {"osf", &osfSchema},
    {"payload", &payloadSchema},
    {"queue", &queueSchema},
    {"quota", &quotaSchema},
    {"range", &rangeSchema},
    {"redir", &redirSchema},
    {"reject", &rejectSchema},
    {"rt", &rtSchema},
    {"socket", &socketSchema},
    {"synproxy", &synproxySchema},
    {"target", &xtTargetSchema},
    {"tproxy", &tproxySchema},
    {"xfrm", &xfrmSchema},
};

const Schema expressionSchema{"expression", 0, {choice("type", kInline, NFTA_EXPR_NAME, NFTA_EXPR_DATA, &expressions)}};

}  // namespace netloom
