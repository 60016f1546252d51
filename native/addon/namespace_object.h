// A network namespace as a JS object: one descriptor, closed with it.
#pragma once

#include <napi.h>

#include <memory>

#include "netlink/fd.h"

namespace netloom {

class NamespaceObject : public Napi::ObjectWrap<NamespaceObject> {
 public:
  static void define(Napi::Env env, Napi::Object exports);
  static Napi::Value make(Napi::Env env, Fd fd);

  explicit NamespaceObject(const Napi::CallbackInfo& info);

  int fd() const { return fd_.get(); }

 private:
  Napi::Value getFd(const Napi::CallbackInfo& info);
  void close(const Napi::CallbackInfo& info);
  Napi::Value sysctl(const Napi::CallbackInfo& info);
  Napi::Value socket(const Napi::CallbackInfo& info);
  Napi::Value announce(const Napi::CallbackInfo& info);
  Napi::Value channel(const Napi::CallbackInfo& info);
  Napi::Value monitor(const Napi::CallbackInfo& info);
  // device_methods.cc
  Napi::Value createTun(const Napi::CallbackInfo& info);
  Napi::Value features(const Napi::CallbackInfo& info);

  static void closeLater(class Instance& instance, std::shared_ptr<Fd> socket);

  Fd fd_;
  std::shared_ptr<Fd> announcer_;  // the mover opens it and sends by it
};

}  // namespace netloom
