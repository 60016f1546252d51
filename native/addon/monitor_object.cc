#include "addon/monitor_object.h"

#include <uv.h>

#include <optional>

#include "addon/instance.h"

namespace netloom {
namespace {

// Of events, in one call of JS: what is more comes in the loop's next round.
constexpr size_t kEnough = 128 * 1024;
constexpr size_t kKept = 1024 * 1024;

}  // namespace

// The handle belongs to the loop until it has called back that it is closed: longer than the object may live.
struct MonitorObject::Poll {
  Poll(Fd fd, int protocol)
      : monitor(std::in_place, std::move(fd), protocol), memory(new char[uv_handle_size(UV_POLL)]) {}

  uv_poll_t* handle() { return reinterpret_cast<uv_poll_t*>(memory.get()); }
  uv_handle_t* base() { return reinterpret_cast<uv_handle_t*>(memory.get()); }
  static Poll* of(uv_handle_t* handle) { return static_cast<Poll*>(uv_handle_get_data(handle)); }

  // Once. Frees it all in the end.
  void close() {
    if (owner) owner->poll_ = nullptr;
    owner = nullptr;
    if (uv_is_closing(base())) return;
    uv_close(base(), [](uv_handle_t* handle) {
      auto* self = of(handle);
      napi_remove_async_cleanup_hook(self->hook);
      delete self;
    });
    // The loop has let go of the descriptor.
    monitor.reset();
  }

  MonitorObject* owner = nullptr;
  std::optional<Monitor> monitor;
  std::unique_ptr<char[]> memory;  // as large as the libuv that runs has it
  napi_async_cleanup_hook_handle hook = nullptr;
};

void MonitorObject::define(Napi::Env env) {
  auto constructor =
      DefineClass(env, "Monitor",
                  {InstanceMethod<&MonitorObject::resume>("resume"), InstanceMethod<&MonitorObject::pause>("pause"),
                   InstanceMethod<&MonitorObject::hold>("hold"), InstanceMethod<&MonitorObject::release>("release"),
                   InstanceMethod<&MonitorObject::close>("close")});
  Instance::of(env).monitorClass = Napi::Persistent(constructor);
}

Napi::Value MonitorObject::make(Napi::Env env, Fd fd, int protocol) {
  auto object = Instance::of(env).monitorClass.New({});
  auto* self = object.IsEmpty() ? nullptr : Unwrap(object);
  uv_loop_t* loop = nullptr;
  if (!self || napi_get_uv_event_loop(env, &loop) != napi_ok) return {};
  auto poll = std::make_unique<Poll>(std::move(fd), protocol);
  if (const int error = uv_poll_init(loop, poll->handle(), poll->monitor->fd())) {
    object.Set("errno", Napi::Number::New(env, -error));
    return object;
  }
  uv_handle_set_data(poll->base(), poll.get());
  uv_unref(poll->base());
  // The loop of an environment that ends runs on until the handle is closed.
  napi_add_async_cleanup_hook(
      env, [](napi_async_cleanup_hook_handle, void* poll) { static_cast<Poll*>(poll)->close(); }, poll.get(),
      &poll->hook);
  poll->owner = self;
  self->poll_ = poll.release();
  return object;
}

MonitorObject::MonitorObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<MonitorObject>(info) {}

MonitorObject::~MonitorObject() {
  if (poll_) poll_->close();
}

void MonitorObject::resume(const Napi::CallbackInfo&) {
  reading_ = true;
  start();
}

void MonitorObject::pause(const Napi::CallbackInfo&) {
  reading_ = false;
  if (poll_) uv_poll_stop(poll_->handle());
}

void MonitorObject::hold(const Napi::CallbackInfo&) {
  if (!poll_ || held_) return;
  held_ = true;
  Ref();
  uv_ref(poll_->base());
}

void MonitorObject::release(const Napi::CallbackInfo&) {
  if (!held_) return;
  held_ = false;
  Unref();
  if (poll_) uv_unref(poll_->base());
}

void MonitorObject::close(const Napi::CallbackInfo& info) {
  release(info);
  if (poll_) poll_->close();
}

void MonitorObject::start() {
  if (!poll_ || !reading_) return;
  uv_poll_start(poll_->handle(), UV_READABLE, [](uv_poll_t* handle, int status, int) {
    auto* poll = Poll::of(reinterpret_cast<uv_handle_t*>(handle));
    if (poll->owner) poll->owner->deliver(status);
  });
}

void MonitorObject::deliver(int status) {
  auto env = Env();
  Napi::HandleScope scope(env);
  auto& scratch = Instance::of(env).scratch;
  scratch.results.clear(kKept);
  const int error = poll_->monitor->read(scratch.received, scratch.results, kEnough);
  // An overrun is an error of the socket's, at which libuv stops (uv__poll_io); reading has cleared it.
  if (status < 0) start();
  const auto events = scratch.results.bytes();
  if (!events.empty()) {
    auto bytes = Napi::Buffer<uint8_t>::Copy(env, events.data(), events.size());
    if (bytes.IsEmpty()) return;
    call(bytes, 0);
  }
  if (error == 0 || !poll_) return;
  uv_poll_stop(poll_->handle());
  call(env.Null(), -error);
}

void MonitorObject::call(napi_value bytes, int error) {
  auto env = Env();
  auto self = Value();
  // Collected, though not yet destroyed.
  if (self.IsEmpty()) return;
  auto callback = self.Get("onEvents");
  if (callback.IsEmpty() || !callback.IsFunction()) return;
  const napi_value arguments[]{bytes, Napi::Number::New(env, error)};
  napi_value result;
  if (napi_make_callback(env, nullptr, self, callback, 2, arguments, &result) != napi_pending_exception) return;
  napi_value thrown;
  if (napi_get_and_clear_last_exception(env, &thrown) == napi_ok) napi_fatal_exception(env, thrown);
}

}  // namespace netloom
