// `floor firewall RULES`: makes the large ruleset of nft-apply and nft-list in the namespace that it is started in, for
// those who want to see that it is the one that others make.
#pragma once

namespace bench {

// Returns the exit code.
int firewall(int count, char** arguments);

}  // namespace bench
