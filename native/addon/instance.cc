#include "addon/instance.h"

namespace netloom {

Instance::Instance(Napi::Env env) : env_(env) {
  openNamespace("/proc/thread-self/ns/net", home_);
  wayBack_ = Napi::ThreadSafeFunction::New(env, Napi::Function(), "netloom", 0, 1);
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
  auto* boxed = new Callback(std::move(callback));
  const auto status = wayBack_.NonBlockingCall(boxed, [](Napi::Env env, Napi::Function, Callback* callback) {
    std::unique_ptr<Callback> owned(callback);
    if (env) (*owned)(env);
  });
  if (status != napi_ok) delete boxed;
}

void Instance::hold(Napi::Env env) {
  if (held_++ == 0) wayBack_.Ref(env);
}

void Instance::release(Napi::Env env) {
  if (--held_ == 0) wayBack_.Unref(env);
}

Napi::Value Instance::errorOf(Napi::Env env, const Outcome& outcome) {
  auto error = Napi::Error::New(env, outcome.syscall).Value();
  error.Set("errno", outcome.error);
  error.Set("syscall", outcome.syscall);
  if (!outcome.path.empty()) error.Set("path", outcome.path);
  return error;
}

}  // namespace netloom
