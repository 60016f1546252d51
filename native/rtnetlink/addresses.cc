// RTM_*ADDR: linux/if_addr.h, rtnetlink(7).
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include "netlink/event.h"
#include "netlink/operation.h"
#include "rtnetlink/names.h"

namespace netloom {
namespace {

const Names flagNames{"addressFlags",
                      true,
                      {{"secondary", IFA_F_SECONDARY},
                       {"nodad", IFA_F_NODAD},
                       {"optimistic", IFA_F_OPTIMISTIC},
                       {"dadfailed", IFA_F_DADFAILED},
                       {"home", IFA_F_HOMEADDRESS},
                       {"deprecated", IFA_F_DEPRECATED},
                       {"tentative", IFA_F_TENTATIVE},
                       {"permanent", IFA_F_PERMANENT},
                       {"mngtmpaddr", IFA_F_MANAGETEMPADDR},
                       {"noprefixroute", IFA_F_NOPREFIXROUTE},
                       {"autojoin", IFA_F_MCAUTOJOIN},
                       {"stable-privacy", IFA_F_STABLE_PRIVACY}}};

// linux/if_addr.h, IFAPROT_*: names of ip-address(8).
const Names protocolNames{
    "addressProtocol",
    false,
    {{"kernel_lo", IFAPROT_KERNEL_LO}, {"kernel_ra", IFAPROT_KERNEL_RA}, {"kernel_ll", IFAPROT_KERNEL_LL}}};

const Schema cacheSchema{"addressCache",
                         sizeof(ifa_cacheinfo),
                         {header("preferred", Type::U32, offsetof(ifa_cacheinfo, ifa_prefered)),
                          header("valid", Type::U32, offsetof(ifa_cacheinfo, ifa_valid))}};

const Schema addressSchema{
    "address",
    sizeof(ifaddrmsg),
    {header("family", Type::U8, offsetof(ifaddrmsg, ifa_family), &addressFamilyNames),
     header("prefixLength", Type::U8, offsetof(ifaddrmsg, ifa_prefixlen)),
     header("scope", Type::U8, offsetof(ifaddrmsg, ifa_scope), &routeScopeNames),
     header("index", Type::Device, offsetof(ifaddrmsg, ifa_index)), attribute("address", Type::Bytes, IFA_ADDRESS),
     attribute("local", Type::Bytes, IFA_LOCAL), attribute("label", Type::String, IFA_LABEL),
     attribute("broadcast", Type::Bytes, IFA_BROADCAST), attribute("flags", Type::U32, IFA_FLAGS, &flagNames),
     attribute("metric", Type::U32, IFA_RT_PRIORITY), attribute("protocol", Type::U8, IFA_PROTO, &protocolNames),
     nest("cache", IFA_CACHEINFO, &cacheSchema)}};

}  // namespace

std::vector<Operation> addressOperations() {
  return {
      {"addresses.add", "RTM_NEWADDR", NETLINK_ROUTE, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, Kind::Change,
       &addressSchema},
      {"addresses.replace", "RTM_NEWADDR", NETLINK_ROUTE, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, Kind::Change,
       &addressSchema},
      {"addresses.delete", "RTM_DELADDR", NETLINK_ROUTE, RTM_DELADDR, 0, Kind::Change, &addressSchema},
      {"addresses.list", "RTM_GETADDR", NETLINK_ROUTE, RTM_GETADDR, NLM_F_DUMP, Kind::Dump, &addressSchema,
       &addressSchema, RTM_NEWADDR},
  };
}

std::vector<EventMessage> addressEvents() {
  return {
      {"address.new", NETLINK_ROUTE, RTM_NEWADDR, &addressSchema},
      {"address.delete", NETLINK_ROUTE, RTM_DELADDR, &addressSchema},
  };
}

}  // namespace netloom
