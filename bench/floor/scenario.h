// What a run is asked, what it answers, and who answers it.
#pragma once

#include <time.h>

#include <cstdint>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>

#include "batch.h"

namespace bench {

struct Request {
  std::string scenario;
  size_t size;
  size_t batch;
};

struct Answer {
  uint64_t nanoseconds;
  size_t operations;
  std::optional<Sent> sent = std::nullopt;
};

struct Skip : std::runtime_error {
  using std::runtime_error::runtime_error;
};

using Scenario = Answer (*)(const Request& request);
using Scenarios = std::map<std::string, Scenario>;

Scenarios fipScenarios();
Scenarios bulkScenarios();
Scenarios dumpScenarios();
Scenarios firewallScenarios();
Scenarios namespaceScenarios();
Scenarios routerScenarios();
Scenarios nodeScenarios();

// Nanoseconds that `work` takes.
template <typename Work>
uint64_t timed(Work work) {
  const auto now = [] {
    timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return uint64_t(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
  };
  const auto start = now();
  work();
  return now() - start;
}

// The same, with what was sent meanwhile.
template <typename Work>
Answer counted(size_t operations, Work work) {
  const Sent before = Socket::sent;
  const auto time = timed(work);
  const Sent after = Socket::sent;
  return {time, operations,
          Sent{after.datagrams - before.datagrams, after.reads - before.reads, after.changes - before.changes}};
}

// A floor that fails silently is worthless.
inline void expect(const char* what, size_t is, size_t should) {
  if (is == should) return;
  throw std::runtime_error(std::string(what) + ": the kernel has " + std::to_string(is) + ", not " +
                           std::to_string(should));
}

}  // namespace bench
