// A channel: a transport, and where what is asked of it runs: on the calling thread, or on a worker.
#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "netlink/thread_pool.h"
#include "netlink/transport.h"

namespace netloom {

// What one message of each operation has cost lately, in nanoseconds: a moving average. That of a change is much the
// same in every namespace and is shared by all channels; that of a dump depends on what there is to dump, and is the
// channel's own.
class CostModel {
 public:
  explicit CostModel(CostModel* shared = nullptr);

  // Of all requests in a submission.
  double predict(Bytes requests) const;
  void learn(Bytes requests, double predicted, double measured);

 private:
  std::atomic<float>& average(uint16_t operation) const;

  CostModel* shared_;
  mutable std::vector<std::atomic<float>> average_;
};

enum class Dispatch : uint8_t { Adaptive, Worker, Inline };

// One submission at a time: whoever submits waits for the results before submitting more. So requests are carried out
// in order, whichever thread carries them out.
class Channel : public std::enable_shared_from_this<Channel> {
 public:
  Channel(Fd fd, int protocol, ThreadPool& workers, CostModel& costs, Traffic& traffic)
      : transport_(std::move(fd), protocol, &traffic), workers_(workers), costs_(&costs) {}

  // Whether these requests are to be carried out on the calling thread.
  bool runsHere(Bytes requests, Dispatch dispatch) const;
  // Carries them out; the results are in `scratch` until its next use.
  void execute(Bytes requests, Scratch& scratch);
  // Has a worker carry them out and call `done` with the results. `requests` must stay where they are until then.
  void post(Bytes requests, std::function<void(Buffer)> done);

  // See Transport. Nothing may be under way.
  bool closesSlowly() const { return transport_.closesSlowly(); }

 private:
  Transport transport_;
  ThreadPool& workers_;
  CostModel costs_;
};

}  // namespace netloom
