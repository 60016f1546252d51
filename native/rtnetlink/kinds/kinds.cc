#include "rtnetlink/kinds/kinds.h"

namespace netloom {

const std::vector<Variant> linkKinds{{"veth", &vethSchema},   {"bridge", &bridgeSchema},   {"ifb", &ifbSchema},
                                     {"dummy", &dummySchema}, {"vlan", &vlanSchema},       {"vxlan", &vxlanSchema},
                                     {"vrf", &vrfSchema},     {"macvlan", &macvlanSchema}, {"tun", &tunSchema}};

}  // namespace netloom
