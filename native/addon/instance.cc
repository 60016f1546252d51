#include "addon/instance.h"

namespace netloom {
namespace {

// A worker_thread that is being terminated still has its callbacks called, but can make no JS values.
bool runsJs(Napi::Env env) {
  napi_value global;
  bool has;
  return napi_get_global(env, &global) == napi_ok && napi_has_named_property(env, global, "Object", &has) == napi_ok;
}

}  // namespace

Instance::Instance(Napi::Env env) : env_(env) {
  openNamespace("/proc/thread-self/ns/net", home_);
  wayBack_ = decltype(wayBack_)::New(env, "netloom", 0, 1);
  wayBack_.Unref(env);
  // Hooks run last in, first out: the threads have ended before the thread-safe function goes.
  napi_add_env_cleanup_hook(env, stop, this);
}

Instance::~Instance() {
  stop(this);
}

void Instance::stop(void* instance) {
  auto* self = static_cast<Instance*>(instance);
  self->mover.stop();
  self->workers.stop();
  self->closer.stop();
}

void Instance::callBack(Callback callback) {
  auto boxed = std::make_unique<Callback>(std::move(callback));
  if (wayBack_.NonBlockingCall(boxed.get()) == napi_ok) {
    boxed.release();
  } else {
    (*boxed)(nullptr);
  }
}

// Called with an empty environment for what is left in the queue when that ends.
void Instance::callJs(Napi::Env env, Napi::Function, std::nullptr_t*, Callback* callback) {
  std::unique_ptr<Callback> owned(callback);
  (*owned)(env && runsJs(env) ? env : Napi::Env(nullptr));
}

void Instance::hold(Napi::Env env) {
  if (held_++ == 0) wayBack_.Ref(env);
}

void Instance::release(Napi::Env env) {
  if (--held_ == 0) wayBack_.Unref(env);
}

Napi::Value Instance::errorOf(Napi::Env env, const Outcome& outcome) {
  auto error = Napi::Error::New(env, outcome.syscall).Value();
  if (error.IsEmpty()) return {};
  error.Set("errno", outcome.error);
  error.Set("syscall", outcome.syscall);
  if (!outcome.path.empty()) error.Set("path", outcome.path);
  return error;
}

}  // namespace netloom
