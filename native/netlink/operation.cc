#include "netlink/operation.h"

namespace netloom {

const std::vector<Operation>& operations() {
  static const std::vector<Operation> all = [] {
    std::vector<Operation> list{{.name = "columns",
                                 .message = "columns",
                                 .protocol = -1,
                                 .type = 0,
                                 .flags = 0,
                                 .kind = Kind::Columns,
                                 .schema = nullptr}};
    for (auto family :
         {linkOperations, addressOperations, routeOperations, nexthopOperations, namespaceIdOperations, ruleOperations,
          neighbourOperations, nftablesOperations, conntrackOperations, expectationOperations}) {
      for (auto& operation : family()) list.push_back(operation);
    }
    return list;
  }();
  return all;
}

}  // namespace netloom
