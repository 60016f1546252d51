// A channel: a transport, and the order of what is asked of it, whether it runs on the calling thread or on a worker.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>

#include "netlink/thread_pool.h"
#include "netlink/transport.h"

namespace netloom {

// What one message of each operation has cost lately, in nanoseconds: a moving average, shared by all channels.
class CostModel {
 public:
  CostModel();

  // Of all requests in a submission.
  double predict(Bytes requests) const;
  void learn(Bytes requests, double predicted, double measured);

 private:
  std::vector<std::atomic<float>> average_;
};

enum class Dispatch : uint8_t { Adaptive, Worker, Inline };

class Channel : public std::enable_shared_from_this<Channel> {
 public:
  using Results = std::vector<uint8_t>;
  using Done = std::function<void(Results)>;

  Channel(Fd fd, int protocol, ThreadPool& workers, CostModel& costs)
      : transport_(std::move(fd), protocol), workers_(workers), costs_(costs) {}

  // Runs the requests now and returns true with their results, or hands a copy to a worker, which calls `done`.
  // Requests are carried out in the order of these calls. Call from one thread only.
  bool submit(Bytes requests, Dispatch dispatch, Scratch& scratch, Results& results, Done done);

 private:
  struct Job {
    std::vector<uint8_t> requests;
    Done done;
  };

  void drain();
  Results execute(Bytes requests, Scratch& scratch, double predicted);

  Transport transport_;
  ThreadPool& workers_;
  CostModel& costs_;
  std::mutex mutex_;  // guards all below
  std::deque<Job> queue_;
  bool busy_ = false;  // a worker has the transport
};

}  // namespace netloom
