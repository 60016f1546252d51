#include "reading.h"

#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <unistd.h>

#include "netns.h"
#include "nftables.h"
#include "router.h"
#include "rtnetlink.h"

namespace bench {

Reading::Reading(const std::string& gateway, const std::string& interface) {
  route_.push_back(linksRequest());
  route_.push_back(addressesRequest());
  route_.push_back(routesRequest(RT_TABLE_MAIN));
  route_.push_back(routesRequest(RT_TABLE_MAIN, AF_INET6));
  route_.push_back(routesRequest(RT_TABLE_LOCAL));
  route_.push_back(rulesRequest());
  route_.push_back(nexthopsRequest());
  route_.push_back(proxiesRequest());
  route_.push_back(routesRequest(Router::kPoolTable));
  netfilter_.push_back(tablesRequest());
  netfilter_.push_back(chainsRequest());
  netfilter_.push_back(rulesetRequest());
  netfilter_.push_back(setsRequest());
  netfilter_.push_back(objectsRequest());
  for (const auto& set : {kDnatMap, kSnatMap, kArpSet}) netfilter_.push_back(elementsRequest(set));
  const std::string ipv4 = "/proc/sys/net/ipv4/", ipv6 = "/proc/sys/net/ipv6/conf/";
  sysctls_ = {ipv4 + "ip_forward",
              ipv6 + "all/forwarding",
              ipv6 + "default/accept_dad",
              ipv4 + "conf/all/arp_announce",
              ipv4 + "conf/all/arp_ignore",
              ipv4 + "conf/default/arp_ignore",
              ipv4 + "conf/all/promote_secondaries",
              "/proc/sys/net/netfilter/nf_conntrack_tcp_be_liberal",
              ipv6 + gateway + "/accept_ra",
              ipv6 + gateway + "/proxy_ndp",
              ipv4 + "conf/" + gateway + "/arp_ignore",
              ipv4 + "conf/" + interface + "/arp_ignore"};
}

void Reading::read(Socket& route, Socket& netfilter) const {
  const auto look = [](const nlmsghdr*) {};
  for (const auto& request : route_) route.dump(request, look);
  for (const auto& request : netfilter_) netfilter.dump(request, look);
  for (const auto& path : sysctls_) {
    const Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    char value[32];
    if (file.get() < 0 || ::read(file.get(), value, sizeof(value)) < 0) failed(path);
  }
}

}  // namespace bench
