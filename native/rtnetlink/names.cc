#include "rtnetlink/names.h"

#include <linux/rtnetlink.h>
#include <sys/socket.h>

namespace netloom {

const Names addressFamilyNames{
    "addressFamily", false, {{"unspec", AF_UNSPEC}, {"inet", AF_INET}, {"inet6", AF_INET6}, {"bridge", AF_BRIDGE}}};

const Names routeProtocolNames{"routeProtocol",
                               false,
                               {{"unspec", RTPROT_UNSPEC},
                                {"redirect", RTPROT_REDIRECT},
                                {"kernel", RTPROT_KERNEL},
                                {"boot", RTPROT_BOOT},
                                {"static", RTPROT_STATIC},
                                {"gated", RTPROT_GATED},
                                {"ra", RTPROT_RA},
                                {"mrt", RTPROT_MRT},
                                {"zebra", RTPROT_ZEBRA},
                                {"bird", RTPROT_BIRD},
                                {"dnrouted", RTPROT_DNROUTED},
                                {"xorp", RTPROT_XORP},
                                {"ntk", RTPROT_NTK},
                                {"dhcp", RTPROT_DHCP},
                                {"mrouted", RTPROT_MROUTED},
                                {"keepalived", RTPROT_KEEPALIVED},
                                {"babel", RTPROT_BABEL},
                                {"openr", RTPROT_OPENR},
                                {"bgp", RTPROT_BGP},
                                {"isis", RTPROT_ISIS},
                                {"ospf", RTPROT_OSPF},
                                {"rip", RTPROT_RIP},
                                {"eigrp", RTPROT_EIGRP}}};

const Names routeScopeNames{"routeScope",
                            false,
                            {{"global", RT_SCOPE_UNIVERSE},
                             {"site", RT_SCOPE_SITE},
                             {"link", RT_SCOPE_LINK},
                             {"host", RT_SCOPE_HOST},
                             {"nowhere", RT_SCOPE_NOWHERE}}};

const Names routeTypeNames{"routeType",
                           false,
                           {{"none", RTN_UNSPEC},
                            {"unicast", RTN_UNICAST},
                            {"local", RTN_LOCAL},
                            {"broadcast", RTN_BROADCAST},
                            {"anycast", RTN_ANYCAST},
                            {"multicast", RTN_MULTICAST},
                            {"blackhole", RTN_BLACKHOLE},
                            {"unreachable", RTN_UNREACHABLE},
                            {"prohibit", RTN_PROHIBIT},
                            {"throw", RTN_THROW},
                            {"nat", RTN_NAT},
                            {"xresolve", RTN_XRESOLVE}}};

const Names routeFlagNames{"routeFlags",
                           true,
                           {{"dead", RTNH_F_DEAD},
                            {"pervasive", RTNH_F_PERVASIVE},
                            {"onlink", RTNH_F_ONLINK},
                            {"offload", RTNH_F_OFFLOAD},
                            {"linkdown", RTNH_F_LINKDOWN},
                            {"unresolved", RTNH_F_UNRESOLVED},
                            {"trap", RTNH_F_TRAP},
                            {"notify", RTM_F_NOTIFY},
                            {"cloned", RTM_F_CLONED}}};

}  // namespace netloom
