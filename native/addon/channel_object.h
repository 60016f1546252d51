// A channel as a JS object.
#pragma once

#include <napi.h>

#include "netlink/channel.h"

namespace netloom {

class ChannelObject : public Napi::ObjectWrap<ChannelObject> {
 public:
  static void define(Napi::Env env);
  static Napi::Value make(Napi::Env env, Fd fd, int protocol);

  explicit ChannelObject(const Napi::CallbackInfo& info);

 private:
  Napi::Value submit(const Napi::CallbackInfo& info);
  void close(const Napi::CallbackInfo& info);

  std::shared_ptr<Channel> channel_;
};

}  // namespace netloom
