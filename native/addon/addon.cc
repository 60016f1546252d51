// The module: what src/addon.ts sees.
#include <napi.h>

#include "addon/channel_object.h"
#include "addon/instance.h"
#include "addon/namespace_object.h"
#include "addon/tables.h"

namespace {

Napi::Object initialise(Napi::Env env, Napi::Object exports) {
  env.SetInstanceData(new netloom::Instance(env));
  netloom::NamespaceObject::define(env, exports);
  netloom::ChannelObject::define(env);
  exports.Set("tables", netloom::describeTables(env));
  return exports;
}

}  // namespace

NODE_API_MODULE(netloom, initialise)
