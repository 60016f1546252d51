// The intermediate functional block device has no settings of its own.
#include "rtnetlink/kinds/kinds.h"

namespace netloom {

const Schema ifbSchema{"ifb", 0, {}};

}  // namespace netloom
