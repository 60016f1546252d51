#include "rtnetlink/kinds/kinds.h"

namespace netloom {

const std::vector<Variant> linkKinds{{"veth", &vethSchema}, {"bridge", &bridgeSchema}, {"ifb", &ifbSchema}};

}  // namespace netloom
