// The module: what src/addon.ts sees.
#include <napi.h>

#include "addon/channel_object.h"
#include "addon/instance.h"
#include "addon/lock_object.h"
#include "addon/monitor_object.h"
#include "addon/namespace_object.h"
#include "addon/tables.h"

namespace {

// traffic(): what this environment's channels have sent so far.
Napi::Value traffic(const Napi::CallbackInfo& info) {
  const auto& traffic = netloom::Instance::of(info.Env()).traffic;
  auto result = Napi::Object::New(info.Env());
  result.Set("datagrams", static_cast<double>(traffic.datagrams.load()));
  result.Set("reads", static_cast<double>(traffic.reads.load()));
  result.Set("changes", static_cast<double>(traffic.changes.load()));
  return result;
}

Napi::Object initialise(Napi::Env env, Napi::Object exports) {
  env.SetInstanceData(new netloom::Instance(env));
  netloom::NamespaceObject::define(env, exports);
  netloom::ChannelObject::define(env);
  netloom::LockObject::define(env, exports);
  netloom::MonitorObject::define(env);
  exports.Set("tables", netloom::describeTables(env));
  exports.Set("traffic", Napi::Function::New(env, traffic));
  return exports;
}

}  // namespace

// process.exit() ends the process without ending the environment: our threads go on while it destroys static objects,
// and read the tables of schemas and operations. So this module's static objects are never destroyed: the compiler
// registers their destructors by this function, and finds this one ahead of the C library's.
extern "C" __attribute__((visibility("hidden"))) int __cxa_atexit(void (*)(void*), void*, void*) {
  return 0;
}

NODE_API_MODULE(netloom, initialise)
