// All that a plan for a router reads: src/router/state.ts.
#pragma once

#include <string>
#include <vector>

#include "batch.h"

namespace bench {

class Reading {
 public:
  // Of a router with these ports.
  Reading(const std::string& gateway, const std::string& interface);

  // In the calling thread's namespace; each table once.
  void read(Socket& route, Socket& netfilter) const;

 private:
  std::vector<Batch> route_;
  std::vector<Batch> netfilter_;
  std::vector<std::string> sysctls_;
};

}  // namespace bench
