// A device that drops what it is given; no settings.
#include "rtnetlink/kinds/kinds.h"

namespace netloom {

const Schema dummySchema{"dummy", 0, {}};

}  // namespace netloom
