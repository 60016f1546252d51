// What one environment (the main thread, or a worker_thread) has of the addon: its threads, and the way back to JS.
#pragma once

#include <napi.h>

#include <memory>

#include "netlink/channel.h"
#include "netns/namespace.h"

namespace netloom {

// A worker_thread may be terminated at any moment. From then on no call that runs JS or may do so succeeds (most of
// those on objects): it gives an empty value, of which nothing more may be asked. An empty value may be returned.
class Instance {
 public:
  using Callback = std::function<void(Napi::Env)>;

  explicit Instance(Napi::Env env);
  ~Instance();

  static Instance& of(Napi::Env env) { return *env.GetInstanceData<Instance>(); }

  // Runs `work` on a pool's thread and settles a promise with what `finish` makes of its outcome, or has `discard` undo
  // it when the environment has ended and nobody hears of it. While such work is under way the process does not end by
  // itself.
  template <typename State>
  Napi::Promise run(ThreadPool& pool, Napi::Env env, std::shared_ptr<State> state, std::function<Outcome(State&)> work,
                    std::function<Napi::Value(Napi::Env, State&)> finish,
                    std::function<void(State&)> discard = nullptr) {
    napi_deferred deferred;
    napi_value promise;
    // Fails where the environment is being ended; Napi::Promise::Deferred would go on with what it has not got.
    if (napi_create_promise(env, &deferred, &promise) != napi_ok) return {};
    hold(env);
    pool.post([this, &pool, state, deferred, work = std::move(work), finish = std::move(finish),
               discard = std::move(discard)] {
      auto outcome = std::make_shared<Outcome>(work(*state));
      // A thread in a namespace keeps it alive: the mover is back at home before anybody hears of its work.
      if (&pool == &mover) enterNamespace(home_.get());
      callBack([this, state, deferred, outcome, finish, discard](Napi::Env env) {
        if (!env) {
          if (*outcome && discard) discard(*state);
          return;
        }
        release(env);
        if (!*outcome) {
          napi_reject_deferred(env, deferred, errorOf(env, *outcome));
        } else if (napi_resolve_deferred(env, deferred, finish(env, *state)) != napi_ok && discard) {
          discard(*state);
        }
      });
    });
    return {env, promise};
  }

  // From any thread: has `callback` run on the JS thread; without an environment when that is ending.
  void callBack(Callback callback);

  // On the JS thread: work is under way, work has ended.
  void hold(Napi::Env env);
  void release(Napi::Env env);

  static Napi::Value errorOf(Napi::Env env, const Outcome& outcome);

  CostModel costs;
  Traffic traffic;
  Scratch scratch;        // for what runs on the JS thread
  ThreadPool mover{1};    // enters namespaces, and comes back
  ThreadPool workers{2};  // whatever takes long
  ThreadPool closer{1};   // what takes long to close
  Napi::FunctionReference namespaceClass;
  Napi::FunctionReference channelClass;
  Napi::FunctionReference lockClass;
  Napi::FunctionReference monitorClass;

 private:
  Fd home_;  // the process's own namespace

  static void stop(void* instance);
  static void callJs(Napi::Env env, Napi::Function function, std::nullptr_t* context, Callback* callback);

  Napi::TypedThreadSafeFunction<std::nullptr_t, Callback, callJs> wayBack_;
  size_t held_ = 0;
  napi_env env_;
};

}  // namespace netloom
