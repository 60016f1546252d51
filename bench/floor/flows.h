// `floor flows`: the round trip of each new UDP flow's first datagram, between two namespaces with a router between
// them.
#pragma once

namespace bench {

// Prints {"value": median, "unit": "us", "min", "max"}. Returns the exit code.
int flows(int count, char** arguments);

}  // namespace bench
