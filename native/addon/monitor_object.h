// A monitor as a JS object. The event loop waits for its socket (libuv's poll handle), so events are read where they
// are consumed, and what nobody reads stays in the kernel.
#pragma once

#include <napi.h>

#include "netlink/monitor.h"

struct uv_poll_s;

namespace netloom {

// onEvents(bytes | null, errno) is a property, set by JS: events as netlink/event.h has them; or, with null, the error
// that ended it.
class MonitorObject : public Napi::ObjectWrap<MonitorObject> {
 public:
  static void define(Napi::Env env);
  // Of a socket that is a member of its groups. With a property `errno` when the loop cannot wait for it.
  static Napi::Value make(Napi::Env env, Fd fd, int protocol);

  explicit MonitorObject(const Napi::CallbackInfo& info);
  ~MonitorObject() override;

 private:
  struct Poll;

  // While it reads: events that come are handed to JS. It starts without.
  void resume(const Napi::CallbackInfo& info);
  void pause(const Napi::CallbackInfo& info);
  // While somebody waits: the process does not end by itself, and neither object is collected.
  void hold(const Napi::CallbackInfo& info);
  void release(const Napi::CallbackInfo& info);
  void close(const Napi::CallbackInfo& info);

  void start();
  void deliver(int status);
  void call(napi_value bytes, int error);

  Poll* poll_ = nullptr;
  bool reading_ = false;
  bool held_ = false;
};

}  // namespace netloom
