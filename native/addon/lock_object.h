// JS objects that hold a lock, until they are released or their environment ends.
#pragma once

#include <napi.h>

#include <string>

#include "netlink/fd.h"

namespace netloom {

class LockObject : public Napi::ObjectWrap<LockObject> {
 public:
  static void define(Napi::Env env, Napi::Object exports);

  explicit LockObject(const Napi::CallbackInfo& info);
  ~LockObject() override;

 private:
  static Napi::Value take(const Napi::CallbackInfo& info);
  void release(const Napi::CallbackInfo& info);

  std::string path_;
  Fd lock_;
};

}  // namespace netloom
