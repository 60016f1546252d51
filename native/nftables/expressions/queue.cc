// Hands the packet to a program by nfnetlink_queue.
#include <netinet/in.h>  // ahead of linux/in.h, which gives way to it

#include <linux/netfilter/nf_tables.h>

#include "nftables/expressions/expressions.h"

namespace netloom {
namespace {

const Names flagNames{"queueFlags", true, {{"bypass", NFT_QUEUE_FLAG_BYPASS}, {"fanout", NFT_QUEUE_FLAG_CPU_FANOUT}}};

}  // namespace

const Schema queueSchema{
    "queue",
    0,
    {attribute("num", Type::Be16, NFTA_QUEUE_NUM), attribute("total", Type::Be16, NFTA_QUEUE_TOTAL),
     attribute("flags", Type::Be16, NFTA_QUEUE_FLAGS, &flagNames),
     attribute("sregQnum", Type::Be32, NFTA_QUEUE_SREG_QNUM)}};

}  // namespace netloom
