// What the routing tables say of the packet's addresses.
#include <netinet/in.h>  // ahead of linux/in.h, which gives way to it

#include <linux/netfilter/nf_tables.h>

#include "nftables/expressions/expressions.h"

namespace netloom {
namespace {

const Names resultNames{
    "fibResult",
    false,
    {{"oif", NFT_FIB_RESULT_OIF}, {"oifname", NFT_FIB_RESULT_OIFNAME}, {"type", NFT_FIB_RESULT_ADDRTYPE}}};
const Names flagNames{"fibFlags",
                      true,
                      {{"saddr", NFTA_FIB_F_SADDR},
                       {"daddr", NFTA_FIB_F_DADDR},
                       {"mark", NFTA_FIB_F_MARK},
                       {"iif", NFTA_FIB_F_IIF},
                       {"oif", NFTA_FIB_F_OIF},
                       {"present", NFTA_FIB_F_PRESENT}}};

}  // namespace

const Schema fibSchema{
    "fib",
    0,
    {attribute("dreg", Type::Be32, NFTA_FIB_DREG), attribute("result", Type::Be32, NFTA_FIB_RESULT, &resultNames),
     attribute("flags", Type::Be32, NFTA_FIB_FLAGS, &flagNames)}};

}  // namespace netloom
