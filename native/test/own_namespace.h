// Network namespaces of the test program's own: it enters one after the other and never goes back.
#pragma once

#include <string>
#include <vector>

#include "netlink/fd.h"

namespace netloom {

// Whether this process may make them; else the tests that need one are skipped.
bool mayMakeNamespaces();

// For a test case: `TEST_CASE("..." * inNamespace())`.
#define NEEDS_NAMESPACE *doctest::skip(!netloom::mayMakeNamespaces())

// Enters a new one.
void enterNewNamespace();

// A netlink socket in it. A receive buffer of that many bytes, unless 0.
Fd openSocket(int protocol, int receiveBytes = 0);
void setReceiveBuffer(int fd, int bytes);

// IPv4 destinations of the main table, as /proc/net/route has them; sorted.
std::vector<uint32_t> routesInKernel();

}  // namespace netloom
