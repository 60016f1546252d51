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
    case Kind::DumpRows:
    case Kind::DumpCountedRows:
      return 40'000;
    case Kind::Rows:
      return 600;  // for each element
    case Kind::End:
      return 2'000;
    default:
      return 4'000;
  }
}

// Calls `each` with every request's operation and how many messages or elements it stands for.
template <typename Each>
void forRequests(Bytes requests, Each each) {
  RecordReader in(requests);
  uint32_t rows = 0;
  while (!in.done()) {
    RecordReader request(in.block());
    const auto index = request.scalar<uint16_t>();
    const bool packed = request.scalar<uint16_t>() != 0;
    if (request.failed() || index >= operations().size()) continue;
    if (operations()[index].kind == Kind::Columns) {
      rows = request.scalar<uint32_t>();
    } else {
      each(index, packed ? static_cast<double>(rows) : 1.0);
    }
  }
}

}  // namespace

CostModel::CostModel(CostModel* shared) : shared_(shared), average_(operations().size()) {
  for (size_t index = 0; index < average_.size(); ++index) average_[index] = guess(operations()[index]);
}

std::atomic<float>& CostModel::average(uint16_t operation) const {
  const auto kind = operations()[operation].kind;
  const bool own = !shared_ || kind == Kind::Dump || kind == Kind::DumpRows || kind == Kind::DumpCountedRows;
  return own ? average_[operation] : shared_->average_[operation];
}

double CostModel::predict(Bytes requests) const {
  double total = 0;
  forRequests(requests,
              [&](uint16_t index, double weight) { total += weight * average(index).load(std::memory_order_relaxed); });
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
    auto& average = this->average(index);
    average.store(std::max(1.0f, average.load(std::memory_order_relaxed) * factor), std::memory_order_relaxed);
  });
}

bool Channel::runsHere(Bytes requests, Dispatch dispatch) const {
  return dispatch == Dispatch::Inline || (dispatch == Dispatch::Adaptive && costs_.predict(requests) < kInlineBudget);
}

void Channel::execute(Bytes requests, Scratch& scratch) {
  const double predicted = costs_.predict(requests);
  const double start = now();
  transport_.execute(requests, scratch);
  costs_.learn(requests, predicted, now() - start);
}

void Channel::post(Bytes requests, std::function<void(Buffer)> done) {
  workers_.post([self = shared_from_this(), requests, done = std::move(done)] {
    thread_local Scratch scratch;
    self->execute(requests, scratch);
    done(scratch.results.release());
  });
}

}  // namespace netloom
