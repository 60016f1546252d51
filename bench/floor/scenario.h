// What a run is asked, what it answers, and who answers it.
#pragma once

#include <time.h>

#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>

namespace bench {

struct Request {
  std::string scenario;
  size_t size;
  size_t batch;
};

struct Answer {
  uint64_t nanoseconds;
  size_t operations;
};

struct Skip : std::runtime_error {
  using std::runtime_error::runtime_error;
};

using Scenario = Answer (*)(const Request& request);
using Scenarios = std::map<std::string, Scenario>;

Scenarios fipScenarios();
Scenarios bulkScenarios();
Scenarios dumpScenarios();
Scenarios routerScenarios();

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

// A floor that fails silently is worthless.
inline void expect(const char* what, size_t is, size_t should) {
  if (is == should) return;
  throw std::runtime_error(std::string(what) + ": the kernel has " + std::to_string(is) + ", not " +
                           std::to_string(should));
}

}  // namespace bench
