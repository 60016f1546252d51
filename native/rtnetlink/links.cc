// RTM_*LINK: linux/if_link.h, rtnetlink(7).
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>

#include "netlink/event.h"
#include "netlink/operation.h"
#include "rtnetlink/kinds/kinds.h"
#include "rtnetlink/names.h"

namespace netloom {
namespace {

const Names flagNames{"linkFlags",
                      true,
                      {{"loopback", IFF_LOOPBACK},
                       {"broadcast", IFF_BROADCAST},
                       {"pointopoint", IFF_POINTOPOINT},
                       {"multicast", IFF_MULTICAST},
                       {"noarp", IFF_NOARP},
                       {"allmulti", IFF_ALLMULTI},
                       {"promisc", IFF_PROMISC},
                       {"master", IFF_MASTER},
                       {"slave", IFF_SLAVE},
                       {"debug", IFF_DEBUG},
                       {"dynamic", IFF_DYNAMIC},
                       {"automedia", IFF_AUTOMEDIA},
                       {"portsel", IFF_PORTSEL},
                       {"notrailers", IFF_NOTRAILERS},
                       {"up", IFF_UP},
                       {"lower_up", IFF_LOWER_UP},
                       {"dormant", IFF_DORMANT},
                       {"echo", IFF_ECHO},
                       {"running", IFF_RUNNING}}};

const Names typeNames{"linkType",
                      false,
                      {{"ether", ARPHRD_ETHER},
                       {"loopback", ARPHRD_LOOPBACK},
                       {"none", ARPHRD_NONE},
                       {"sit", ARPHRD_SIT},
                       {"ipip", ARPHRD_TUNNEL},
                       {"gre", ARPHRD_IPGRE},
                       {"ppp", ARPHRD_PPP},
                       {"tunnel6", ARPHRD_TUNNEL6},
                       {"netlink", ARPHRD_NETLINK}}};

// operstate: IF_OPER_*, RFC 2863.
const Names stateNames{
    "linkState",
    false,
    {{"unknown", 0}, {"notpresent", 1}, {"down", 2}, {"lowerlayerdown", 3}, {"testing", 4}, {"dormant", 5}, {"up", 6}}};

const Names extensionNames{
    "linkExtensions",
    true,
    {{"vf", RTEXT_FILTER_VF}, {"brvlan", RTEXT_FILTER_BRVLAN}, {"skip-stats", RTEXT_FILTER_SKIP_STATS}}};

const Names addressModeNames{
    "linkAddressMode", false, {{"eui64", 0}, {"none", 1}, {"stable_secret", 2}, {"random", 3}}};

const Schema statsSchema{"linkStats",
                         sizeof(rtnl_link_stats64),
                         {header("rxPackets", Type::U64, offsetof(rtnl_link_stats64, rx_packets)),
                          header("txPackets", Type::U64, offsetof(rtnl_link_stats64, tx_packets)),
                          header("rxBytes", Type::U64, offsetof(rtnl_link_stats64, rx_bytes)),
                          header("txBytes", Type::U64, offsetof(rtnl_link_stats64, tx_bytes)),
                          header("rxErrors", Type::U64, offsetof(rtnl_link_stats64, rx_errors)),
                          header("txErrors", Type::U64, offsetof(rtnl_link_stats64, tx_errors)),
                          header("rxDropped", Type::U64, offsetof(rtnl_link_stats64, rx_dropped)),
                          header("txDropped", Type::U64, offsetof(rtnl_link_stats64, tx_dropped))}};

const Schema portSchema{
    "bridgePort",
    0,
    {attribute("state", Type::U8, IFLA_BRPORT_STATE), attribute("cost", Type::U32, IFLA_BRPORT_COST),
     attribute("hairpin", Type::U8, IFLA_BRPORT_MODE), attribute("learning", Type::U8, IFLA_BRPORT_LEARNING),
     attribute("flood", Type::U8, IFLA_BRPORT_UNICAST_FLOOD), attribute("isolated", Type::U8, IFLA_BRPORT_ISOLATED)}};

const std::vector<Variant> portKinds{{"bridge", &portSchema}};

// struct ifinfomsg's `change` mask goes with `flags`: only the flags that it names are changed.
const Schema infoSchema{"linkInfo",
                        0,
                        {choice("kind", kInline, IFLA_INFO_KIND, IFLA_INFO_DATA, &linkKinds),
                         choice("slaveKind", kInline, IFLA_INFO_SLAVE_KIND, IFLA_INFO_SLAVE_DATA, &portKinds)}};

// IPv6 settings live in IFLA_AF_SPEC { AF_INET6 { ... } }.
const Schema inet6Schema{
    "linkInet6", 0, {attribute("addrGenMode", Type::U8, IFLA_INET6_ADDR_GEN_MODE, &addressModeNames)}};
// IPv4 settings, some of net.ipv4.conf.<device>, in IFLA_AF_SPEC { AF_INET { IFLA_INET_CONF { ... } } }: the
// attributes' numbers are those of the settings (linux/ip.h).
const Schema inetConfSchema{"linkInetConf", 0, {attribute("arpIgnore", Type::U32, IPV4_DEVCONF_ARP_IGNORE)}};
const Schema inetSchema{"linkInet", 0, {nest("conf", IFLA_INET_CONF, &inetConfSchema)}};
const Schema familySchema{
    "linkFamilies", 0, {nest("inet", AF_INET, &inetSchema), nest("inet6", AF_INET6, &inet6Schema)}};

}  // namespace

const Schema linkSchema{"link",
                        sizeof(ifinfomsg),
                        {header("family", Type::U8, offsetof(ifinfomsg, ifi_family), &addressFamilyNames),
                         header("type", Type::U16, offsetof(ifinfomsg, ifi_type), &typeNames),
                         header("index", Type::Device, offsetof(ifinfomsg, ifi_index)),
                         header("flags", Type::U32, offsetof(ifinfomsg, ifi_flags), &flagNames),
                         header("change", Type::U32, offsetof(ifinfomsg, ifi_change), &flagNames),
                         attribute("name", Type::String, IFLA_IFNAME),
                         attribute("mac", Type::Bytes, IFLA_ADDRESS),
                         attribute("broadcast", Type::Bytes, IFLA_BROADCAST),
                         attribute("mtu", Type::U32, IFLA_MTU),
                         attribute("txQueueLength", Type::U32, IFLA_TXQLEN),
                         attribute("numTxQueues", Type::U32, IFLA_NUM_TX_QUEUES),
                         attribute("numRxQueues", Type::U32, IFLA_NUM_RX_QUEUES),
                         attribute("link", Type::Device, IFLA_LINK),
                         attribute("linkNetnsid", Type::S32, IFLA_LINK_NETNSID),
                         attribute("master", Type::Device, IFLA_MASTER),
                         attribute("state", Type::U8, IFLA_OPERSTATE, &stateNames),
                         attribute("group", Type::U32, IFLA_GROUP),
                         attribute("alias", Type::String, IFLA_IFALIAS),
                         attribute("qdisc", Type::String, IFLA_QDISC),
                         attribute("netnsFd", Type::U32, IFLA_NET_NS_FD),
                         attribute("extensions", Type::U32, IFLA_EXT_MASK, &extensionNames),
                         nest("info", IFLA_LINKINFO, &infoSchema),
                         nest("families", IFLA_AF_SPEC, &familySchema),
                         nest("stats", IFLA_STATS64, &statsSchema)}};

std::vector<Operation> linkOperations() {
  return {
      {"links.add", "RTM_NEWLINK", NETLINK_ROUTE, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, Kind::Change, &linkSchema},
      {"links.set", "RTM_NEWLINK", NETLINK_ROUTE, RTM_NEWLINK, 0, Kind::Change, &linkSchema},
      {"links.delete", "RTM_DELLINK", NETLINK_ROUTE, RTM_DELLINK, 0, Kind::Change, &linkSchema},
      {"links.get", "RTM_GETLINK", NETLINK_ROUTE, RTM_GETLINK, 0, Kind::Get, &linkSchema, &linkSchema, RTM_NEWLINK},
      {"links.list", "RTM_GETLINK", NETLINK_ROUTE, RTM_GETLINK, NLM_F_DUMP, Kind::Dump, &linkSchema, &linkSchema,
       RTM_NEWLINK},
  };
}

std::vector<EventMessage> linkEvents() {
  return {
      {"link.new", NETLINK_ROUTE, RTM_NEWLINK, &linkSchema},
      {"link.delete", NETLINK_ROUTE, RTM_DELLINK, &linkSchema},
  };
}

}  // namespace netloom
