#include "addon/lock_object.h"

#include "addon/instance.h"
#include "lock/lock.h"

namespace netloom {

// tryLock(path): an object with the lock, or null where somebody else has it. A few system calls on a local file
// system, none of which waits, so it runs on the calling thread.
Napi::Value LockObject::take(const Napi::CallbackInfo& info) {
  auto env = info.Env();
  const std::string path = info[0].As<Napi::String>();
  Fd lock;
  if (const auto outcome = tryLock(path, lock); !outcome) {
    if (auto error = Instance::errorOf(env, outcome); !error.IsEmpty()) {
      Napi::Error(env, error).ThrowAsJavaScriptException();
    }
    return {};
  }
  if (!lock) return env.Null();
  auto object = Instance::of(env).lockClass.New({});
  auto* self = object.IsEmpty() ? nullptr : Unwrap(object);
  if (!self) {
    unlock(path, lock);
    return {};
  }
  self->path_ = path;
  self->lock_ = std::move(lock);
  return object;
}

void LockObject::define(Napi::Env env, Napi::Object exports) {
  auto constructor = DefineClass(env, "Lock", {InstanceMethod<&LockObject::release>("release")});
  Instance::of(env).lockClass = Napi::Persistent(constructor);
  exports.Set("tryLock", Napi::Function::New(env, take));
}

LockObject::LockObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<LockObject>(info) {}

LockObject::~LockObject() {
  unlock(path_, lock_);
}

void LockObject::release(const Napi::CallbackInfo&) {
  unlock(path_, lock_);
}

}  // namespace netloom
