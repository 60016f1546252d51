// The library's own threads: never libuv's, which `fs` and `dns` share.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace netloom {

// Threads start with the first job and end with the pool. Jobs that have not begun by then are dropped.
class ThreadPool {
 public:
  using Job = std::function<void()>;

  explicit ThreadPool(size_t size) : size_(size) {}
  ~ThreadPool() { stop(); }
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  void post(Job job);
  // Waits for the jobs under way. Nothing runs afterwards.
  void stop();

 private:
  void loop();

  const size_t size_;
  std::mutex mutex_;  // guards all below
  std::condition_variable wake_;
  std::deque<Job> jobs_;
  std::vector<std::thread> threads_;
  size_t idle_ = 0;
  bool stopping_ = false;
};

}  // namespace netloom
