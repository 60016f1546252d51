#include "addon/channel_object.h"

#include "addon/instance.h"

namespace netloom {
namespace {

// The results' bytes as JS sees them; null when there are none, which is what success mostly looks like.
Napi::Value bytesOf(Napi::Env env, Channel::Results results) {
  if (results.empty()) return env.Null();
  return Napi::Buffer<uint8_t>::Copy(env, results.data(), results.size());
}

}  // namespace

void ChannelObject::define(Napi::Env env) {
  auto constructor =
      DefineClass(env, "Channel",
                  {InstanceMethod<&ChannelObject::submit>("submit"), InstanceMethod<&ChannelObject::close>("close")});
  Instance::of(env).channelClass = Napi::Persistent(constructor);
}

Napi::Value ChannelObject::make(Napi::Env env, Fd fd, int protocol) {
  auto& instance = Instance::of(env);
  auto object = instance.channelClass.New({});
  Unwrap(object)->channel_ = std::make_shared<Channel>(std::move(fd), protocol, instance.workers, instance.costs);
  return object;
}

ChannelObject::ChannelObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<ChannelObject>(info) {}

// submit(bytes, dispatch, done): the results when it was carried out at once, else undefined, and `done` is called with
// them.
Napi::Value ChannelObject::submit(const Napi::CallbackInfo& info) {
  auto env = info.Env();
  auto& instance = Instance::of(env);
  auto requests = info[0].As<Napi::Uint8Array>();
  const auto dispatch = static_cast<Dispatch>(info[1].As<Napi::Number>().Uint32Value());
  auto done = std::make_shared<Napi::FunctionReference>();
  Channel::Results results;
  auto later = [&instance, done](Channel::Results results) {
    instance.callBack([&instance, done, results = std::move(results)](Napi::Env env) mutable {
      Napi::HandleScope scope(env);
      instance.release(env);
      auto value = bytesOf(env, std::move(results));
      auto callback = done->Value();
      done->Reset();
      callback.Call({value});
    });
  };
  // Reached before the job can end, as the job's callback runs on this thread.
  if (channel_->submit({requests.Data(), requests.ByteLength()}, dispatch, instance.scratch, results, later)) {
    return bytesOf(env, std::move(results));
  }
  instance.hold(env);
  *done = Napi::Persistent(info[2].As<Napi::Function>());
  return env.Undefined();
}

void ChannelObject::close(const Napi::CallbackInfo&) {
  channel_.reset();
}

}  // namespace netloom
