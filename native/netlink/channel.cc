#include "netlink/channel.h"

#include <time.h>

#include <algorithm>

namespace netloom {
namespace {

// A thread hop costs about 60 us; what takes a few times that may as well be waited for.
constexpr double kInlineBudget = 200'000;  // ns

double now() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1e9 + time.tv_nsec;
}

// First guesses, in ns, until there is something to learn from.
float guess(const Operation& operation) {
  switch (operation.kind) {
    case Kind::Dump:
      return 100'000;
    case Kind::Rows:
      return 8;  // for each byte
    case Kind::End:
      return 2'000;
    default:
      return 4'000;
  }
}

// Calls `each` with every request's operation and weight: bytes for packed rows, else one.
template <typename Each>
void forRequests(Bytes requests, Each each) {
  RecordReader in(requests);
  while (!in.done()) {
    const auto request = in.block();
    if (request.size() < 4) return;
    uint16_t index;
    std::memcpy(&index, request.data(), sizeof(index));
    if (index >= operations().size()) return;
    each(index, operations()[index].kind == Kind::Rows ? static_cast<double>(request.size()) : 1.0);
  }
}

}  // namespace

CostModel::CostModel() : average_(operations().size()) {
  for (size_t index = 0; index < average_.size(); ++index) average_[index] = guess(operations()[index]);
}

double CostModel::predict(Bytes requests) const {
  double total = 0;
  forRequests(requests, [&](uint16_t index, double weight) {
    total += weight * average_[index].load(std::memory_order_relaxed);
  });
  return total;
}

void CostModel::learn(Bytes requests, double predicted, double measured) {
  if (predicted <= 0) return;
  // Each operation in the submission takes its share of the surprise, once.
  const float factor = static_cast<float>(1 + 0.25 * (std::clamp(measured / predicted, 0.02, 50.0) - 1));
  uint16_t last = UINT16_MAX;
  forRequests(requests, [&](uint16_t index, double) {
    if (index == last) return;
    last = index;
    average_[index].store(std::max(1.0f, average_[index].load(std::memory_order_relaxed) * factor),
                          std::memory_order_relaxed);
  });
}

bool Channel::submit(Bytes requests, Dispatch dispatch, Scratch& scratch, Results& results, Done done) {
  const double predicted = costs_.predict(requests);
  {
    std::lock_guard lock(mutex_);
    const bool here = dispatch == Dispatch::Inline || (dispatch == Dispatch::Adaptive && predicted < kInlineBudget);
    if (busy_ || !here) {
      queue_.push_back({.requests = {requests.begin(), requests.end()}, .done = std::move(done)});
      if (!busy_) {
        busy_ = true;
        workers_.post([self = shared_from_this()] { self->drain(); });
      }
      return false;
    }
  }
  results = execute(requests, scratch, predicted);
  return true;
}

void Channel::drain() {
  thread_local Scratch scratch;
  while (true) {
    Job job;
    {
      std::lock_guard lock(mutex_);
      if (queue_.empty()) {
        busy_ = false;
        return;
      }
      job = std::move(queue_.front());
      queue_.pop_front();
    }
    job.done(execute(job.requests, scratch, costs_.predict(job.requests)));
  }
}

Channel::Results Channel::execute(Bytes requests, Scratch& scratch, double predicted) {
  RecordWriter results;
  const double start = now();
  transport_.execute(requests, results, scratch);
  costs_.learn(requests, predicted, now() - start);
  return results.release();
}

}  // namespace netloom
